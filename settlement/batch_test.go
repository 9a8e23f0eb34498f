package settlement

import (
	"bytes"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"pgregory.net/rapid"
)

// foreignRecord makes rows of b's schema with Arrow's own builders, as another
// engine would.
func foreignRecord(b Batch, rows int, rng *rand.Rand) arrow.Record {
	builder := array.NewRecordBuilder(memory.DefaultAllocator, SchemaOf(b))
	defer builder.Release()
	for _, field := range builder.Fields() {
		for range rows {
			switch f := field.(type) {
			case *array.FixedSizeBinaryBuilder:
				var id [16]byte
				for i := range id {
					id[i] = byte(rng.Uint32())
				}
				f.Append(id[:])
			case *array.StringBuilder:
				f.Append(strings.Repeat("单a", rng.IntN(3)))
			case *array.Uint8Builder:
				f.Append(uint8(rng.Uint32()))
			case *array.Int32Builder:
				f.Append(int32(rng.Uint32()))
			case *array.Int64Builder:
				f.Append(int64(rng.Uint64()))
			case *array.Uint64Builder:
				f.Append(rng.Uint64())
			default:
				panic("settlement: a column of an unknown type")
			}
		}
	}
	return builder.NewRecord()
}

// rowTexts prints every value of every row.
func rowTexts(rec arrow.Record) []string {
	out := make([]string, rec.NumRows())
	for i := range out {
		var row []string
		for _, c := range rec.Columns() {
			row = append(row, c.ValueStr(i))
		}
		out[i] = strings.Join(row, "|")
	}
	return out
}

func viewed(t interface{ Fatal(...any) }, rec arrow.Record, name string) Batch {
	b := batches()[name]
	if err := View(rec, b); err != nil {
		t.Fatal(err)
	}
	return b
}

// forEachKind runs a property for every kind of batch.
func forEachKind(t *testing.T, property func(t *rapid.T, name string, rng *rand.Rand)) {
	for _, name := range slices.Sorted(maps.Keys(batches())) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				property(t, name, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
			})
		})
	}
}

func TestViewAndRecordCopyNothingAndChangeNothing(t *testing.T) {
	forEachKind(t, func(t *rapid.T, name string, rng *rand.Rand) {
		rec := foreignRecord(batches()[name], rapid.IntRange(0, 20).Draw(t, "rows"), rng)
		from := rapid.Int64Range(0, rec.NumRows()).Draw(t, "from")
		part := rec.NewSlice(from, rapid.Int64Range(from, rec.NumRows()).Draw(t, "until"))
		b := viewed(t, part, name)
		again := Record(b)
		if int64(b.Len()) != part.NumRows() || !slices.Equal(rowTexts(again), rowTexts(part)) {
			t.Fatalf("%d rows:\n%q\ninstead of %d:\n%q", b.Len(), rowTexts(again), part.NumRows(), rowTexts(part))
		}
		if !again.Schema().Equal(SchemaOf(b)) {
			t.Fatalf("schema %s", again.Schema())
		}
	})
}

func TestARecordSharesMemoryWithItsBatch(t *testing.T) {
	b := &Matches{}
	Grow(b, 1)
	owned(b, viewed(t, foreignRecord(b, 1, rand.New(rand.NewPCG(1, 1))), "matches"))
	rec := Record(b)
	b.LineAmount[0] = 4711
	if got := rec.Column(9).(*array.Int64).Value(0); rec.ColumnName(9) != "line_amount" || got != 4711 {
		t.Errorf("%s is %d in the record", rec.ColumnName(9), got)
	}
	var again Matches
	if err := View(rec, &again); err != nil {
		t.Fatal(err)
	}
	if &again.LineAmount[0] != &b.LineAmount[0] {
		t.Error("a view of a record of a batch is a copy")
	}
}

// owned copies all rows of src to dst and returns dst.
func owned(dst, src Batch) Batch {
	AppendAll(dst, src)
	return dst
}

func TestAppendRowsTakesTheRowsInTheirOrder(t *testing.T) {
	forEachKind(t, func(t *rapid.T, name string, rng *rand.Rand) {
		src := viewed(t, foreignRecord(batches()[name], rapid.IntRange(1, 12).Draw(t, "rows"), rng), name)
		dst := owned(batches()[name], viewed(t, foreignRecord(batches()[name], rapid.IntRange(0, 5).Draw(t, "before"), rng), name))
		picked := rapid.SliceOf(rapid.Int32Range(0, int32(src.Len()-1))).Draw(t, "picked")
		want, of := rowTexts(Record(dst)), rowTexts(Record(src))
		for _, row := range picked {
			want = append(want, of[row])
		}
		AppendRows(dst, src, picked)
		if got := rowTexts(Record(dst)); !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestRoomMadeAtOnceChangesNoRow(t *testing.T) {
	forEachKind(t, func(t *rapid.T, name string, rng *rand.Rand) {
		var parts []Batch
		var want []string
		each, at := batches()[name], batches()[name]
		for range rapid.IntRange(0, 4).Draw(t, "batches") {
			rec := foreignRecord(batches()[name], rapid.IntRange(0, 6).Draw(t, "rows"), rng)
			rec = rec.NewSlice(rapid.Int64Range(0, rec.NumRows()).Draw(t, "from"), rec.NumRows())
			b := viewed(t, rec, name)
			parts, want = append(parts, b), append(want, rowTexts(rec)...)
			AppendAll(each, b)
		}
		var room, joined Room
		for _, part := range parts {
			room.Add(part)
		}
		joined.Join(&room)
		joined.Join(&Room{})
		joined.Make(at)
		for _, part := range parts {
			AppendAll(at, part)
		}
		for _, got := range []Batch{each, at} {
			if rows := rowTexts(Record(got)); !slices.Equal(rows, want) {
				t.Fatalf("got %q, want %q", rows, want)
			}
		}
	})
}

func TestABatchSurvivesALZ4Stream(t *testing.T) {
	forEachKind(t, func(t *rapid.T, name string, rng *rand.Rand) {
		var stream bytes.Buffer
		w := ipc.NewWriter(&stream, ipc.WithSchema(SchemaOf(batches()[name])), ipc.WithLZ4())
		var want []string
		for range rapid.IntRange(0, 3).Draw(t, "batches") {
			b := owned(batches()[name], viewed(t, foreignRecord(batches()[name], rapid.IntRange(0, 40).Draw(t, "rows"), rng), name))
			rec := Record(b)
			want = append(want, rowTexts(rec)...)
			if err := w.Write(rec); err != nil {
				t.Fatal(err)
			}
			Reset(b) // what was written does not depend on the batch any more
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := ipc.NewReader(&stream)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Release()
		got := batches()[name]
		for r.Next() {
			AppendAll(got, viewed(t, r.Record(), name))
		}
		if rows := rowTexts(Record(got)); r.Err() != nil || !slices.Equal(rows, want) {
			t.Fatalf("got %q, %v, want %q", rows, r.Err(), want)
		}
	})
}

func TestViewRefusesAnotherSchema(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	good := foreignRecord(&Matches{}, 2, rng)
	with := func(at int, name string, column arrow.Array) arrow.Record {
		fields, columns := slices.Clone(good.Schema().Fields()), slices.Clone(good.Columns())
		fields[at], columns[at] = arrow.Field{Name: name, Type: column.DataType(), Nullable: true}, column
		return array.NewRecord(arrow.NewSchema(fields, nil), columns, 2)
	}
	nulls := array.NewInt64Builder(memory.DefaultAllocator)
	nulls.Append(7)
	nulls.AppendNull()
	noAmount := nulls.NewInt64Array()
	for _, c := range []struct {
		name string
		rec  arrow.Record
		want string
	}{
		{"a column too few", array.NewRecord(arrow.NewSchema(good.Schema().Fields()[:14], nil), good.Columns()[:14], 2), "a record of 14 columns where 15 are needed"},
		{"another batch", foreignRecord(&Charges{}, 2, rng), "a record of 18 columns where 15 are needed"},
		{"another name", with(9, "gross", good.Column(9)), `column 9 of a record is "gross" instead of "line_amount"`},
		{"columns in another order", with(9, "difference", good.Column(10)), `column 9 of a record is "difference"`},
		{"money as text", with(9, "line_amount", good.Column(2)), "column line_amount of a record has Arrow type utf8 instead of int64"},
		{"text as money", with(2, "account", good.Column(9)), "column account of a record has Arrow type int64 instead of utf8"},
		{"an id as text", with(0, "match_id", good.Column(2)), "column match_id of a record has Arrow type utf8 instead of fixed_size_binary"},
		{"a day as money", with(13, "settled_on", good.Column(9)), "column settled_on of a record has Arrow type int64 instead of int32"},
		{"nulls, which would read as amounts", with(9, "line_amount", noAmount), "column line_amount of a record has 1 nulls"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := View(c.rec, &Matches{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestARecordOfColumnsOfUnequalLengthPanics(t *testing.T) {
	defer func() {
		if said, ok := recover().(string); !ok || !strings.Contains(said, "column wallet has 0 rows in a batch of 1") {
			t.Errorf("got %q", said)
		}
	}()
	Record(&Matches{ID: []ID{{1, 1}}})
}

func TestResetEmptiesAndKeepsTheMemory(t *testing.T) {
	for name, b := range batches() {
		AppendAll(b, viewed(t, foreignRecord(b, 5, rand.New(rand.NewPCG(5, 5))), name))
		if Bytes(b) == 0 {
			t.Errorf("%s: no bytes", name)
		}
		Reset(b)
		if b.Len() != 0 || Bytes(b) != 0 || Record(b).NumRows() != 0 {
			t.Errorf("%s: %d rows, %d bytes after Reset", name, b.Len(), Bytes(b))
		}
		want := foreignRecord(b, 3, rand.New(rand.NewPCG(6, 6)))
		AppendAll(b, viewed(t, want, name))
		if !slices.Equal(rowTexts(Record(b)), rowTexts(want)) {
			t.Errorf("%s: rows of before Reset are seen", name)
		}
	}
}

func TestBytesIsTheSizeOfTheValues(t *testing.T) {
	b := &ControlTotals{}
	b.File, b.Stated = []int32{1, 2}, []Amount{1, 2}
	b.SHA256.AppendString("abc")
	b.SHA256.AppendString("")
	if got := Bytes(b); got != 2*4+2*8+3+3*4 {
		t.Errorf("got %d", got)
	}
}

func TestTextOffsetsStartWithZero(t *testing.T) {
	var text Text
	if text.Len() != 0 {
		t.Errorf("%d texts in none", text.Len())
	}
	text.AppendString("")
	text.Append([]byte("单"))
	text.AppendString("b")
	if got := []string{text.StringAt(0), text.StringAt(1), text.StringAt(2)}; !slices.Equal(got, []string{"", "单", "b"}) || text.Len() != 3 {
		t.Errorf("got %q, %d texts", got, text.Len())
	}
	if !slices.Equal(text.Offsets, []int32{0, 0, 3, 4}) {
		t.Errorf("offsets %d", text.Offsets)
	}
	// What is appended to a text that was handed out does not reach the next one.
	_ = append(text.At(1), "xyz"...)
	if text.StringAt(2) != "b" {
		t.Errorf("the next text became %q", text.StringAt(2))
	}
}

func TestRowsBeyondTheOffsetsOfTextsDoNotFit(t *testing.T) {
	for _, c := range []struct {
		name string
		room Room
		fits bool
	}{
		{"nothing", Room{}, true},
		{"the last byte", Room{rows: 2, text: []int{0, math.MaxInt32}}, true},
		{"a byte more in one column", Room{rows: 2, text: []int{7, math.MaxInt32 + 1}}, false},
		{"too many rows", Room{rows: math.MaxInt32, text: []int{0}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.room.Fits() != c.fits {
				t.Errorf("fits: %v", !c.fits)
			}
		})
	}
}
