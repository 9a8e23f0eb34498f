package ingesttest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// variant is a form that the text of a sample is written in.
type variant struct {
	encoding  Encoding
	mark, end string
	final     bool // the last line has its end
}

func (s suite) variants() (all []variant) {
	if s.Pack != nil {
		return []variant{{end: "\n", final: true}}
	}
	for _, e := range s.Encodings {
		for _, mark := range []string{"", "\ufeff"} {
			for _, end := range []string{"\n", "\r\n"} {
				for _, final := range []bool{true, false} {
					if mark == "" || e == UTF8 {
						all = append(all, variant{e, mark, end, final})
					}
				}
			}
		}
	}
	return all
}

// forms: the same content in every form that is claimed.
func (s suite) forms(t *testing.T) {
	for _, rows := range []int{0, 1, 3} {
		want := s.accept(t, s.usual(t, rows))
		if !s.countsRows(want.statement, rows) {
			t.Errorf("a file of %d rows: the statement says %d", rows, want.statement.Rows)
		}
		for _, v := range s.variants() {
			t.Run(fmt.Sprintf("%d rows, %s, mark %t, line end %q, final %t", rows, v.encoding, v.mark != "", v.end, v.final), func(t *testing.T) {
				body := s.Sample(rows, 1)
				if !v.final {
					body = strings.TrimSuffix(body, "\n")
				}
				lines := int64(strings.Count(body, "\n")) + 1
				s.form(t, s.file(t, v.mark+strings.ReplaceAll(body, "\n", v.end), v.encoding), want, lines)
			})
		}
	}
}

func (s suite) form(t *testing.T, content []byte, want reading, lines int64) {
	if !s.Recognise(content[:min(len(content), 64<<10)]) {
		t.Fatal("not recognised")
	}
	got := s.accept(t, content)
	same(t, got, want)
	sum := sha256.Sum256(content)
	if st := got.statement; st.SHA256 != hex.EncodeToString(sum[:]) || st.Bytes != int64(len(content)) {
		t.Errorf("SHA-256 %s of %d bytes instead of %x of %d: copies are found by it", st.SHA256, st.Bytes, sum, len(content))
	}
	for _, r := range got.rows {
		if r.value("source_file") != strconv.Itoa(fileIndex) {
			t.Errorf("a row of file %s", r.value("source_file"))
		}
		if r.line < 1 || r.line > lines {
			t.Errorf("a row of line %d", r.line)
		}
	}
}

// totals: what was emitted adds up to what the statement says.
func (s suite) totals(t *testing.T) {
	for _, rows := range []int{0, 1, 3, 250} {
		r := s.accept(t, s.usual(t, rows))
		if len(r.statement.Totals) == 0 != s.NoTotals {
			t.Errorf("%d rows: %d control totals", rows, len(r.statement.Totals))
		}
		counted := map[string]int64{}
		for _, row := range r.rows {
			counted[strings.Join(row.columns, " ")]++
		}
		match := (rows == 0 || s.NoRows) && len(counted) == 0
		for _, n := range counted {
			match = match || n == int64(rows) && !s.NoRows
		}
		if !match {
			t.Errorf("%d rows: emitted were %v", rows, counted)
		}
		for _, total := range r.statement.Totals {
			if !total.Ties() {
				t.Errorf("accepted although %s does not tie: %s, %s", total.Name, total.StatedText(), total.ComputedText())
			}
			if sum := recomputed(t, r.rows, total.Measure); sum != total.Computed && !s.NoRows {
				t.Errorf("%s: computed %d, and %d from the rows emitted", total.Name, total.Computed, sum)
			}
		}
	}
}

// recomputed adds up a measure from the emitted rows, as the proof of a run does.
func recomputed(t *testing.T, rows []row, m settlement.Measure) (sum int64) {
	for _, r := range rows {
		code := r.value("kind")
		if r.has("direction") {
			code = r.value("direction")
		}
		kind, err := strconv.ParseUint(code, 10, 8)
		if err != nil {
			t.Fatalf("a row of kind %q", code)
		}
		if !m.Has(settlement.Kind(kind)) {
			continue
		}
		if m.Column == "rows" {
			sum++
			continue
		}
		if !r.has(m.Column) {
			continue // of another kind of batch
		}
		v, err := strconv.ParseInt(r.value(m.Column), 10, 64)
		if err != nil {
			t.Fatalf("%s is %q", m.Column, r.value(m.Column))
		}
		sum += v
	}
	if m.Negate {
		return -sum
	}
	return sum
}

// again: the same content under another name is the same, which is how a file that is
// delivered twice counts once.
func (s suite) again(t *testing.T) {
	content := s.usual(t, 3)
	first := s.accept(t, content)
	second := s.accept(t, content, func(o *options) { o.name, o.index = "again/copy.csv", fileIndex+1 })
	if first.statement.SHA256 != second.statement.SHA256 || first.statement.SHA256 == "" {
		t.Errorf("SHA-256 %s and %s", first.statement.SHA256, second.statement.SHA256)
	}
	same(t, second, first, "source_file")
	if s.accept(t, s.file(t, s.Sample(3, 2), s.Encodings[0])).statement.SHA256 == first.statement.SHA256 {
		t.Error("another seed gives the same sample")
	}
}

// workers: a file of several blocks is the same whatever reads it.
func (s suite) workers(t *testing.T) {
	rows := s.severalBlocks()
	content := s.usual(t, rows)
	want := s.accept(t, content)
	if !s.countsRows(want.statement, rows) {
		t.Fatalf("%d rows of %d", want.statement.Rows, rows)
	}
	most := 4
	if s.Pack != nil {
		most = 2 // tables are read by one
	}
	for workers := 1; workers <= most; workers++ {
		t.Run(fmt.Sprintf("%d, and records that are overwritten", workers), func(t *testing.T) {
			same(t, s.accept(t, content, func(o *options) { o.workers, o.poison = workers, true }), want)
		})
	}
	for name, stream := range map[string]io.Reader{
		"half reads":                  iotest.HalfReader(bytes.NewReader(content)),
		"the end comes with the data": iotest.DataErrReader(bytes.NewReader(content)),
	} {
		t.Run(name, func(t *testing.T) {
			same(t, s.accept(t, content, func(o *options) { o.workers, o.stream = 3, stream }), want)
		})
	}
	t.Run("a byte at a time", func(t *testing.T) {
		small := s.usual(t, 3)
		want := s.accept(t, small)
		same(t, s.accept(t, small, func(o *options) { o.stream = iotest.OneByteReader(bytes.NewReader(small)) }), want)
	})
}

// badCells: what is wrong is told with its place, near the start and far inside.
func (s suite) badCells(t *testing.T) {
	if len(s.Bad) == 0 {
		t.Error("no bad cell is given")
	}
	large := s.Sample(s.severalBlocks(), 1)
	for _, bad := range s.Bad {
		cell := regexp.MustCompile(bad.Find)
		for _, e := range s.Encodings {
			t.Run(bad.Column+" "+bad.Put+" "+e.String(), func(t *testing.T) {
				small := s.Sample(3, 1)
				s.badCell(t, small, cell.FindStringSubmatchIndex(small), bad, e, 1)
			})
		}
		if s.NoRows {
			continue
		}
		t.Run(bad.Column+" "+bad.Put+" far inside", func(t *testing.T) {
			from := len(large) * 3 / 4
			at := cell.FindStringSubmatchIndex(large[from:])
			for i := range at {
				at[i] += from
			}
			s.badCell(t, large, at, bad, s.Encodings[0], 4)
		})
	}
}

func (s suite) badCell(t *testing.T, text string, at []int, bad Bad, e Encoding, workers int) {
	t.Helper()
	if len(at) < 4 {
		t.Fatalf("the sample has no %s", bad.Find)
	}
	line := int64(strings.Count(text[:at[2]], "\n")) + 1
	column := int64(len([]rune(text[strings.LastIndexByte(text[:at[2]], '\n')+1:at[2]]))) + 1
	if s.Pack != nil {
		column = int64(strings.Count(text[strings.LastIndexByte(text[:at[2]], '\n')+1:at[2]], ",")) + 1
		if s.Place != nil {
			line, column = s.Place(line, column)
		}
	}
	if s.LinesOnly {
		column = 0
	}
	changed := s.file(t, text[:at[2]]+bad.Put+text[at[3]:], e)
	r := s.read(t, changed, func(o *options) { o.workers = workers })
	if r.refusal == nil {
		t.Fatalf("accepted %s in line %d, column %d", bad.Put, line, column)
	}
	if r.refusal.Statement == nil {
		t.Error("the refusal does not tell what was learnt of the file")
	}
	for _, fault := range r.refusal.Errors {
		if fault.Line == line && fault.Column == column && fault.ColumnName == bad.Column {
			return
		}
	}
	t.Errorf("nothing is reported at line %d, column %d (%s):\n%v", line, column, bad.Column, r.refusal)
}

// stops: what is not the file's fault is no refusal.
func (s suite) stops(t *testing.T) {
	content := s.usual(t, s.severalBlocks())
	input := func(workers int) delimited.Input {
		in := delimited.Input{File: "bill.csv", Stream: bytes.NewReader(content), Index: fileIndex, Workers: workers, Day: settlement.NoDay}
		if s.Prepare != nil {
			s.Prepare(&in)
		}
		return in
	}
	for _, workers := range []int{1, 3} {
		full := &settlement.InputError{What: "the disk is full"} // although it looks like an input's
		if _, err := s.Read(context.Background(), input(workers), func(arrow.Record) error { return full }); err != error(full) && !s.NoRows {
			t.Errorf("%d workers: an error of emit came back as %v", workers, err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		_, err := s.Read(ctx, input(workers), func(arrow.Record) error { cancel(); return nil })
		if err != nil && !errors.Is(err, context.Canceled) { // it may have been at its end
			t.Errorf("%d workers: a reading that was cancelled came back as %v", workers, err)
		}
		cancel()
		if _, err = s.Read(ctx, input(workers), func(arrow.Record) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("%d workers: a reading of a cancelled context came back as %v", workers, err)
		}
	}
	in := input(2)
	in.Stream = io.MultiReader(bytes.NewReader(content[:len(content)/2]), iotest.ErrReader(errors.New("the line broke")))
	if _, err := s.Read(context.Background(), in, func(arrow.Record) error { return nil }); err == nil {
		t.Error("a stream that broke was accepted")
	} else {
		_ = refusalOf(t, err) // fails where it is none
	}
}
