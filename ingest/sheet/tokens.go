package sheet

import (
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/settlement"
)

var (
	errTokenTooLong = errors.New("a tag or text is too long")
	errPartTooLong  = errors.New("the part is too long")
	errTooDeep      = errors.New("tags are nested too deeply")
)

// tokens reads the tags and texts of an XML document, none of which may be longer than
// maxToken. Entities that a document defines itself are errors of the decoder, so that
// none can unfold.
type tokens struct {
	decoder *xml.Decoder
	meter   *meter
	depth   int
	name    string // of the document, for messages
}

func newTokens(from io.Reader, name string, limit int64) *tokens {
	m := &meter{from: bufio.NewReaderSize(from, 64<<10), whole: limit}
	if mark, _ := m.from.Peek(3); string(mark) == "\ufeff" {
		_, _ = m.from.Discard(3)
	}
	t := &tokens{decoder: xml.NewDecoder(m), meter: m, name: name}
	t.decoder.CharsetReader = charsetReader
	return t
}

// charsetReader reads what an XML declaration calls the document's encoding.
func charsetReader(label string, in io.Reader) (io.Reader, error) {
	e, ok := encodingNamed(label)
	if !ok {
		return nil, errors.New("encoding " + label + " is not read")
	}
	if e == nil {
		return in, nil
	}
	return e.NewDecoder().Reader(in), nil
}

// encodingNamed returns the encoding of a label, nil for UTF-8.
func encodingNamed(label string) (e encoding.Encoding, ok bool) {
	switch strings.ToLower(strings.TrimSpace(label)) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return nil, true
	case "gbk", "gb2312", "gb18030", "gb_2312-80", "x-gbk", "cp936", "ms936":
		return simplifiedchinese.GB18030, true
	}
	return nil, false
}

// next returns the next token, valid until the following one; io.EOF at the end of a
// complete document.
func (t *tokens) next() (xml.Token, error) {
	t.meter.left = maxToken
	token, err := t.decoder.Token()
	if err != nil {
		return nil, t.failed(err)
	}
	switch token.(type) {
	case xml.StartElement:
		if t.depth++; t.depth > maxDepth {
			return nil, t.failed(errTooDeep)
		}
	case xml.EndElement:
		t.depth--
	}
	return token, nil
}

// failed says what an error of the decoder means.
func (t *tokens) failed(err error) error {
	var input *settlement.InputError
	var syntax *xml.SyntaxError
	switch {
	case err == io.EOF: //nolint:errorlint // the decoder returns it as it is
		return io.EOF
	case errors.As(err, &input):
		return input
	case errors.Is(err, errTokenTooLong):
		return fault(0, 0, adviceDistill, "%s: a tag or text of more than %d bytes", t.name, maxToken)
	case errors.Is(err, errPartTooLong):
		return fault(0, 0, "look at the file before trusting it", "%s unfolds into more than is allowed", t.name)
	case errors.Is(err, errTooDeep):
		return fault(0, 0, "look at the file before trusting it", "%s: tags in tags, more than %d deep", t.name, maxDepth)
	case errors.As(err, &syntax):
		return fault(0, 0, adviceFetch, "%s is truncated or corrupt: %s at line %d of its XML", t.name, syntax.Msg, syntax.Line)
	}
	return fault(0, 0, adviceFetch, "%s is truncated or corrupt: %v", t.name, err)
}

// skip reads on to the end of the element whose start was just returned.
func (t *tokens) skip() error {
	for depth := t.depth; t.depth >= depth; {
		if _, err := t.next(); err != nil {
			return unexpected(t, err)
		}
	}
	return nil
}

// unexpected makes the end of the document an error where it may not come. The decoder
// itself reports open elements; this is for those that read on.
func unexpected(t *tokens, err error) error {
	if err == io.EOF { //nolint:errorlint // next returns it as it is
		return fault(0, 0, adviceFetch, "%s ends early", t.name)
	}
	return err
}

// attribute returns the value of an attribute, whatever its namespace.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// meter counts what a decoder reads since the last token, and in all.
type meter struct {
	from  *bufio.Reader
	left  int   // for this token
	whole int64 // for the document
}

// ReadByte implements io.ByteReader: the decoder then reads no byte too many.
func (m *meter) ReadByte() (byte, error) {
	if m.left--; m.left < 0 {
		return 0, errTokenTooLong
	}
	if m.whole--; m.whole < 0 {
		return 0, errPartTooLong
	}
	return m.from.ReadByte()
}

// Read implements io.Reader, for decoders of other encodings.
func (m *meter) Read(p []byte) (int, error) {
	if m.left < 0 {
		return 0, errTokenTooLong
	}
	if m.whole < 0 {
		return 0, errPartTooLong
	}
	n, err := m.from.Read(p[:min(len(p), 4096)])
	m.left -= n
	m.whole -= int64(n)
	return n, err
}
