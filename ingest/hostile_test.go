package ingest_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"reconcile/settlement"
)

// repeated is size bytes of a text over and over.
type repeated struct {
	text string
	left int
}

func (r *repeated) Read(p []byte) (int, error) {
	p = p[:min(len(p), r.left)]
	if len(p) == 0 {
		return 0, io.EOF
	}
	for n := copy(p, r.text); n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
	r.left -= len(p)
	return len(p), nil
}

// mostAllocated is what a reader may allocate in all, at once or not, for a file that is
// refused: half of the smallest memory that a run is given.
const mostAllocated = 128 << 20

// TestHostileInputOfEveryKind: a gigabyte in one line, which is never stored, a million
// columns and NUL bytes are refused in few words and little memory, whatever the kind.
func TestHostileInputOfEveryKind(t *testing.T) {
	for _, k := range kinds {
		content := k.file(t, 10)
		if bytes.IndexByte(content, 0) >= 0 || bytes.Contains(content, []byte("<table")) {
			continue // xlsx, Parquet, Arrow IPC and HTML: see ingest/sheet and ingest/orders
		}
		first := []byte(k.first)
		isXML := bytes.HasPrefix(content, []byte("<?xml"))
		switch {
		case k.first == "":
			first = []byte("</Ustrd>")
		case isXML:
			first = []byte("</Data>")
		case !bytes.Contains(content, first):
			first = []byte(gbk(t, k.first))
		}
		at := bytes.Index(content, first)
		head := at + bytes.IndexByte(content[at:], '\n') // behind the header
		if isXML {
			head = at // inside a text
		}
		for name, of := range map[string]struct {
			stream func() io.Reader
			skip   bool
		}{
			"a gigabyte in one line": {func() io.Reader {
				return io.MultiReader(bytes.NewReader(content[:head]), strings.NewReader("\n`a,"), &repeated{"`a,", 1 << 30})
			}, isXML},
			"a gigabyte in one text": {func() io.Reader {
				return io.MultiReader(bytes.NewReader(content[:head]), &repeated{"a", 1 << 30})
			}, !isXML},
			"a million columns": {func() io.Reader {
				return io.MultiReader(bytes.NewReader(content[:head]), &repeated{",a", 2_000_000}, bytes.NewReader(content[head:]))
			}, isXML},
			"a million names of columns": {func() io.Reader {
				var names strings.Builder
				for i := range 1_000_000 {
					names.WriteString(",c")
					names.WriteString(string(rune('a' + i%26)))
				}
				return io.MultiReader(bytes.NewReader(content[:head]), strings.NewReader(names.String()), bytes.NewReader(content[head:]))
			}, isXML},
			"NUL bytes": {func() io.Reader {
				return io.MultiReader(bytes.NewReader(content[:head]), strings.NewReader("\x00\x00"), bytes.NewReader(content[head:]))
			}, false},
		} {
			if of.skip {
				continue
			}
			t.Run(k.name+"/"+name, func(t *testing.T) {
				stream := of.stream()
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, _, err := readStream(func() io.ReadCloser { return io.NopCloser(stream) })
				runtime.ReadMemStats(&after)
				var refusal *settlement.Refusal
				if !errors.As(err, &refusal) || refusal.Errors[0].Do == "" {
					t.Fatalf("got %v", err)
				}
				if told := refusal.Error(); len(told) > 8<<10 {
					t.Errorf("%d bytes are told: %.300s", len(told), told)
				}
				if took := after.TotalAlloc - before.TotalAlloc; took > mostAllocated {
					t.Errorf("%d bytes were allocated", took)
				}
			})
		}
	}
}
