package orders

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/settlement"
)

const noteHeader = "order_no,note,amount,paid_at,status,shop\n"

// reference reads content with another CSV reader and returns order numbers and
// shops.
func reference(t *testing.T, content []byte) (out []string) {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records[1:] {
		out = append(out, r[0]+" "+strings.Trim(r[5], " \t\r\n"))
	}
	return out
}

func numbersAndShops(e *settlement.Events) (out []string) {
	for i := range e.Len() {
		out = append(out, e.OrderNo.StringAt(i)+" "+e.Shop.StringAt(i))
	}
	return out
}

// quotedField returns a random field in quotes, with commas, doubled quotes and
// newlines, some of them long.
func quotedField(r *rand.Rand) string {
	var b strings.Builder
	b.WriteByte('"')
	length := r.IntN(40)
	if r.IntN(200) == 0 {
		length = 20_000 + r.IntN(60_000)
	}
	for range length {
		b.WriteString([]string{"x", ",", "\n", `""`, "店", "abcdefgh", " ", "1"}[r.IntN(8)])
	}
	b.WriteByte('"')
	return b.String()
}

func TestQuotedNewlinesAcrossBlocks(t *testing.T) {
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 1))
		content := []byte(noteHeader)
		for i := 0; len(content) < 5<<20; i++ {
			content = fmt.Appendf(content, "S-%06d,%s,1.00,,\"closed\",%s\n", i, quotedField(r), quotedField(r))
		}
		want := reference(t, content)
		for _, workers := range []int{1, 4} {
			st, events, err := readWith(workers, content, "", Mapping{})
			if err != nil {
				t.Fatal(err)
			}
			if got := numbersAndShops(events); !slices.Equal(got, want) || st.Rows != int64(len(want)) {
				t.Fatalf("seed %d, %d workers: %d rows instead of %d, or other values", seed, workers, len(got), len(want))
			}
		}
	}
}

func TestBlockBoundaryAtEveryByteOfARecord(t *testing.T) {
	const block = 1 << 20
	record := "S-0001,\"a\"\"\n\",1.00,,closed,\"\n\"\"\n,\"\nS-0002,\"\"\"\n\",1.00,,closed,b\n"
	filler := func(size int) string {
		row := "S-9999,%s,1.00,,closed,z\n"
		var b strings.Builder
		for size > 300_000 {
			fmt.Fprintf(&b, row, strings.Repeat("n", 200_000))
			size -= 200_000 + len(row) - 2
		}
		fmt.Fprintf(&b, row, strings.Repeat("n", size-len(row)+2))
		return b.String()
	}
	want := []string{`S-0001 "` + "\n,", "S-0002 b", "S-0003 c"}
	for shift := range len(record) + 2 {
		content := noteHeader + filler(block-shift) + record + "S-0003,,1.00,,closed,c"
		_, events, err := readWith(2, []byte(content), "", Mapping{})
		if err != nil {
			t.Fatalf("shift %d: %v", shift, err)
		}
		got := numbersAndShops(events)
		if diff := cmp.Diff(want, got[len(got)-3:]); diff != "" {
			t.Fatalf("shift %d: %s", shift, diff)
		}
		if line := events.Line[events.Len()-1]; line != int64(strings.Count(content, "\n"))+1 {
			t.Fatalf("shift %d: the last row is said to be on line %d", shift, line)
		}
	}
}

func TestWrongQuotesInALargeFileAreFound(t *testing.T) {
	good := strings.Repeat("S-0001,\"a, b\",1.00,,closed,c\n", 60_000) // 1.7 MB
	plain := strings.Repeat("S-0001,a,1.00,,closed,c\n", 60_000)
	for _, c := range []struct{ name, content, want string }{
		{"never closed, plain rows behind", good + "S-0002,\"a,1.00,,closed,c\n" + plain, "orders.csv:60002:8: a quote that is never closed"},
		{"never closed, quoted rows behind", good + "S-0002,\"a,1.00,,closed,c\n" + good, "orders.csv:60002:8: text behind the closing quote"},
		{"stray, plain rows behind", plain + "S-0002,5\" tube,1.00,,closed,c\n" + plain, "orders.csv:60002:8: a quote inside a field that is not quoted"},
		{"stray, quoted rows behind", good + "S-0002,5\" tube,1.00,,closed,c\n" + good, "orders.csv:60002:8: a quote inside a field that is not quoted"},
		{"stray at the end", plain + "S-0002,5\" tube,1.00,,closed,c", "orders.csv:60002:8: a quote inside a field that is not quoted"},
		{"two strays far apart", plain + "S-0002,5\" tube,1.00,,closed,c\n" + plain + "S-0003,5\" tube,1.00,,closed,c\n", "orders.csv:60002:8: a quote inside a field that is not quoted"},
		{"a quoted field longer than a line may be", plain + "S-0002,\"" + strings.Repeat("x\n", 300_000) + "\",1.00,,closed,c\n" + plain, "orders.csv:60002"},
		{"a plain line longer than a line may be", "S-0002," + strings.Repeat("x", 600_000) + ",1.00,,closed,c\n", "orders.csv:2: a line of more than 524288 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, workers := range []int{1, 3} {
				_, _, err := readWith(workers, []byte(noteHeader+c.content), "", Mapping{})
				if text := errorsOf(t, err); !strings.HasPrefix(text, c.want) {
					t.Errorf("%d workers: %.300s", workers, text)
				}
			}
		})
	}
}

func TestBlankLinesAcrossBlocks(t *testing.T) {
	rows := strings.Repeat("S-0001,a,1.00,,closed,c\n", 50_000)
	blank := strings.Repeat("\n", 2<<20)
	if st, _, err := readWith(3, []byte(noteHeader+rows+blank), "", Mapping{}); err != nil || st.Rows != 50_000 {
		t.Error(err)
	}
	_, _, err := readWith(3, []byte(noteHeader+rows+blank+rows), "", Mapping{})
	if text := errorsOf(t, err); !strings.HasPrefix(text, "orders.csv:50002: a blank line with rows behind it") {
		t.Errorf("%.300s", text)
	}
}

func TestRowsDoNotDependOnWorkers(t *testing.T) {
	content := ordersOf(60_000, "%d,%s,%d.%02d,2024-09-12 %02d:%02d:%02d,paid,shop-%02d,taobao\n")
	one, first, err := readWith(1, content, "", Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	four, second, err := readWith(4, content, "", Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(one, four); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(showAll(first), showAll(second)); diff != "" || first.Len() != 60_000 {
		t.Error(diff)
	}
}

func TestTruncationIsRefusedOrNoted(t *testing.T) {
	content := taobaoFile
	_, whole, err := read(content, taobaoMap)
	if err != nil {
		t.Fatal(err)
	}
	rows, sum := int64(4), settlement.Amount(12030)
	for end := range len(content) {
		st, events, err := read(content[:end], taobaoMap)
		if err != nil {
			errorsOf(t, err)
			continue
		}
		atLineEnd := content[end-1] == '\n'
		if noted := strings.Contains(strings.Join(st.Notes, "\n"), "the last line has no line end"); noted == atLineEnd && st.Rows > 0 {
			t.Errorf("%d bytes: noted %v", end, noted)
		}
		if !atLineEnd && st.Rows > 0 {
			continue // the last row may lack the end of its last field
		}
		if diff := cmp.Diff(showAll(whole)[:st.Rows], showAll(events)); diff != "" && st.Rows > 0 {
			t.Errorf("%d bytes: %s", end, diff)
		}
		stated := mappingWith(taobaoMap, func(m *Mapping) { m.TotalRows, m.TotalAmount = &rows, &sum })
		_, _, err = read(content[:end], stated)
		var refusal *settlement.Refusal
		if tied := st.Rows == rows; errors.As(err, &refusal) == tied {
			t.Errorf("%d bytes with stated totals: %v", end, err)
		}
	}
}
