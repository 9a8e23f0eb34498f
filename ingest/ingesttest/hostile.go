package ingesttest

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// hostile: what no wallet sends is refused, or read, in memory that does not grow with
// it, and what is told of it stays short.
func (s suite) hostile(t *testing.T) {
	sample := s.usual(t, 3)
	lines := bytes.SplitAfter(sample, []byte("\n"))
	var streams = map[string]io.Reader{
		"a line of 256 MiB":    &endless{"a,", 256 << 20},
		"256 MiB of commas":    &endless{",", 256 << 20},
		"256 MiB of quotes":    &endless{"\"", 256 << 20},
		"256 MiB of NUL bytes": &endless{"\x00", 256 << 20},
		"16 MiB of line ends":  &endless{"\n", 16 << 20},
		"NUL bytes inside":     bytes.NewReader(bytes.ReplaceAll(sample, []byte(","), []byte(",\x00"))),
		"UTF-16":               strings.NewReader("\xff\xfe" + strings.Join(strings.Split(string(sample), ""), "\x00")),
	}
	for i := range min(len(lines), 8) {
		before, line, after := bytes.Join(lines[:i], nil), bytes.TrimRight(lines[i], "\r\n"), bytes.Join(lines[i+1:], nil)
		name := "line " + string(rune('1'+i))
		streams[name+" goes on for 256 MiB"] = io.MultiReader(bytes.NewReader(before), bytes.NewReader(line), &endless{",a", 256 << 20})
		streams[name+" has 200,000 fields more"] = io.MultiReader(bytes.NewReader(before), bytes.NewReader(line),
			&endless{",a", 400_000}, strings.NewReader("\n"), bytes.NewReader(after))
		streams[name+" has a million fields more"] = io.MultiReader(bytes.NewReader(before), bytes.NewReader(line),
			&endless{",a", 2_000_000}, strings.NewReader("\n"), bytes.NewReader(after))
	}
	const most = 128 << 20
	for name, stream := range streams {
		t.Run(name, func(t *testing.T) {
			in := delimited.Input{File: "bill.csv", Stream: stream, Index: fileIndex, Workers: 2, Day: settlement.NoDay}
			if s.Prepare != nil {
				s.Prepare(&in)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			statement, err := s.Read(context.Background(), in, func(arrow.Record) error { return nil })
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > most {
				t.Errorf("%d bytes were allocated, %d at most expected", took, most)
			}
			told := 0
			if err != nil {
				told = len(refusalOf(t, err).Error())
			} else {
				told = len(strings.Join(statement.Notes, "\n"))
			}
			if told > 64<<10 {
				t.Errorf("%d bytes were told of it", told)
			}
		})
	}
}

// endless is size bytes of a text over and over.
type endless struct {
	text string
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	p = p[:min(len(p), e.left)]
	if len(p) == 0 {
		return 0, io.EOF
	}
	for n := copy(p, e.text); n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
	e.left -= len(p)
	return len(p), nil
}
