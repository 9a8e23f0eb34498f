package spreadsheet

import (
	"bufio"
	"io"
	"strings"
)

// CSV writes records as RFC 4180 says, every field guarded.
type CSV struct {
	out *bufio.Writer
	// LineEnd is CR LF, as the RFC says, unless it is set.
	LineEnd string
}

// NewCSV writes to w. What fails is told by Flush.
func NewCSV(w io.Writer) *CSV { return &CSV{out: bufio.NewWriter(w), LineEnd: "\r\n"} }

// Record writes a line.
func (c *CSV) Record(fields ...string) {
	for i, field := range fields {
		if i > 0 {
			_ = c.out.WriteByte(',') // the writer remembers its error
		}
		field = Guarded(field)
		if strings.ContainsAny(field, "\",\r\n\t;") {
			field = `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
		}
		_, _ = c.out.WriteString(field)
	}
	_, _ = c.out.WriteString(c.LineEnd)
}

// Flush writes what waits, and returns the first error there was.
func (c *CSV) Flush() error { return c.out.Flush() }
