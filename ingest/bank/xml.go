package bank

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// What a document may have at most. Real statements stay far below.
const (
	maxDepth = 64      // elements inside each other
	maxToken = 1 << 20 // bytes of one tag, text or comment
	maxText  = 1 << 16 // bytes of the text that is kept of one element
)

// xmlSource hands a document to the decoder, hashes it, and stops where one token grows
// too long, which the decoder would keep in memory.
type xmlSource struct {
	in      delimited.Input
	sum     hash.Hash
	size    int64
	memory  []byte
	waiting []byte // read and not yet handed out
	token   int    // bytes handed out since the last token
	line    func() int64
}

// fill reads on where nothing waits.
func (s *xmlSource) fill() error {
	if s.memory == nil {
		s.memory = make([]byte, 64<<10)
	}
	for len(s.waiting) == 0 {
		n, err := s.in.Stream.Read(s.memory)
		s.waiting = s.memory[:n]
		s.sum.Write(s.waiting)
		first := s.size == 0
		s.size += int64(n)
		if first && bytes.HasPrefix(s.waiting, markUTF8) {
			s.waiting = s.waiting[len(markUTF8):]
		}
		if bytes.IndexByte(s.waiting, 0) >= 0 {
			return s.in.Errorf(s.line(), "export it again as UTF-8", "a NUL byte near here: UTF-16 and binary files are not read")
		}
		if len(s.waiting) == 0 && err != nil {
			return s.readError(err)
		}
	}
	return nil
}

func (s *xmlSource) readError(err error) error {
	if placed := (*settlement.InputError)(nil); err == io.EOF || errors.As(err, &placed) {
		return err
	}
	return s.in.Errorf(s.line(), "fetch the file again", "the file ends or breaks while it is read: %v", err)
}

func (s *xmlSource) take(n int) error {
	if s.token += n; s.token > maxToken {
		return s.in.Errorf(s.line(), "this is no bank's statement", "a tag or text of more than %d bytes", maxToken)
	}
	return nil
}

// ReadByte implements io.ByteReader, so that the decoder keeps no buffer of its own.
func (s *xmlSource) ReadByte() (byte, error) {
	if len(s.waiting) == 0 {
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	if err := s.take(1); err != nil {
		return 0, err
	}
	c := s.waiting[0]
	s.waiting = s.waiting[1:]
	return c, nil
}

// Read implements io.Reader, for a document that is not UTF-8.
func (s *xmlSource) Read(p []byte) (int, error) {
	if err := s.fill(); err != nil {
		return 0, err
	}
	n := copy(p, s.waiting)
	s.waiting = s.waiting[n:]
	return n, s.take(n)
}

// drain reads to the end, so that the hash speaks of the whole stream.
func (s *xmlSource) drain() error {
	for {
		s.waiting = nil
		if err := s.fill(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (s *xmlSource) sha256() string { return hex.EncodeToString(s.sum.Sum(nil)) }

// elements reads a document element by element. Nothing of it is kept.
type elements struct {
	in      delimited.Input
	source  *xmlSource
	decoder *xml.Decoder
	depth   int
	space   string // the namespace of the root; elements of others are passed over
	line    int64  // of the last start tag
	attrs   []xml.Attr
}

func newElements(in delimited.Input) *elements {
	x := &elements{in: in, source: &xmlSource{in: in, sum: sha256.New()}}
	x.decoder = xml.NewDecoder(x.source)
	x.decoder.CharsetReader = func(name string, raw io.Reader) (io.Reader, error) {
		switch strings.ToLower(name) {
		case "gb18030", "gbk", "gb2312":
			return simplifiedchinese.GB18030.NewDecoder().Reader(raw), nil
		}
		return nil, fmt.Errorf("encoding %q is not read", delimited.Short(name))
	}
	x.source.line = func() int64 {
		line, _ := x.decoder.InputPos()
		return int64(line)
	}
	return x
}

// token is the next start tag, end tag or text.
func (x *elements) token() (xml.Token, error) {
	for {
		x.source.token = 0
		token, err := x.decoder.Token()
		if err != nil {
			return nil, x.failed(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			x.line, x.attrs = x.source.line(), t.Attr
			if x.depth++; x.depth > maxDepth {
				return nil, x.in.Errorf(x.line, "this is no bank's statement", "elements more than %d deep", maxDepth)
			}
			return t, nil
		case xml.EndElement:
			x.depth--
			return t, nil
		case xml.CharData:
			return t, nil
		case xml.Directive:
			return nil, x.in.Errorf(x.source.line(), "no bank's statement has one; look at the file before trusting it", "a document type declaration (DOCTYPE)")
		}
	}
}

// failed gives an error of the decoder its line.
func (x *elements) failed(err error) error {
	if placed := (*settlement.InputError)(nil); err == io.EOF || errors.As(err, &placed) {
		return err
	}
	line := x.source.line()
	if bad := (*xml.SyntaxError)(nil); errors.As(err, &bad) {
		if strings.Contains(bad.Msg, "unexpected EOF") {
			return x.in.Errorf(int64(bad.Line), "fetch it again", "the file ends inside the document: it was cut off")
		}
		return x.in.Errorf(int64(bad.Line), "fetch it again; do not edit it by hand", "not well-formed XML: %s", bad.Msg)
	}
	return x.in.Errorf(line, "fetch it again as UTF-8", "not readable as XML: %v", err)
}

// children calls fn with each element inside the one whose start tag was read last, up to
// its end tag. fn reads the element to its end: by children, text or skip.
func (x *elements) children(fn func(name string) error) error {
	for {
		token, err := x.token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if t.Name.Space != x.space {
				err = x.skip()
			} else {
				err = fn(t.Name.Local)
			}
			if err != nil {
				return err
			}
		}
	}
}

// skip reads the element whose start tag was read last to its end.
func (x *elements) skip() error {
	for until := x.depth - 1; x.depth > until; {
		if _, err := x.token(); err != nil {
			return err
		}
	}
	return nil
}

// text reads the element whose start tag was read last to its end: its text without
// blanks around it.
func (x *elements) text() (string, error) {
	line := x.line
	var text []byte
	for until := x.depth - 1; x.depth > until; {
		token, err := x.token()
		if err != nil {
			return "", err
		}
		if data, ok := token.(xml.CharData); ok {
			if text = append(text, data...); len(text) > maxText {
				return "", x.in.Errorf(line, "this is no bank's statement", "a text of more than %d bytes", maxText)
			}
		}
	}
	return strings.TrimSpace(string(text)), nil
}

// find reads the element whose start tag was read last to its end and returns the first
// text at one of the paths inside it, such as "Othr/Id".
func (x *elements) find(paths ...string) (text string, err error) {
	err = x.children(func(name string) error {
		var deeper []string
		for _, path := range paths {
			head, rest, more := strings.Cut(path, "/")
			if head != name {
				continue
			}
			if !more {
				found, err := x.text()
				if text == "" {
					text = found
				}
				return err
			}
			deeper = append(deeper, rest)
		}
		if len(deeper) == 0 {
			return x.skip()
		}
		found, err := x.find(deeper...)
		if text == "" {
			text = found
		}
		return err
	})
	return text, err
}

// attribute is an attribute of the start tag that was read last, "" where it has none.
func (x *elements) attribute(name string) string {
	for _, a := range x.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
