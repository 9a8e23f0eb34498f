package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
)

// workbook is an Excel workbook: a zip archive of XML parts.
type workbook struct {
	parts     map[string]*zip.File // by name in lower case, with forward slashes
	sheets    []sheetPart
	since1904 bool
	times     []bool // of each cell style: shows days or times
	strings   sharedStrings

	current *worksheet
}

type sheetPart struct{ name, part, relation string }

const (
	maxMembers     = 10_000
	directoryBytes = 8 << 20
)

var errDirectoryTooLarge = errors.New("the directory is too large")

// directoryReader ends the reading of an archive's directory that is too large: it is
// kept in memory.
type directoryReader struct {
	from *Spooled
	left int64 // −1: read, without limit
}

// ReadAt implements io.ReaderAt.
func (d *directoryReader) ReadAt(p []byte, at int64) (int, error) {
	if d.left >= 0 {
		if d.left -= int64(len(p)); d.left < 0 {
			d.left = 0
			return 0, errDirectoryTooLarge
		}
	}
	return d.from.ReadAt(p, at)
}

func openWorkbook(s *Spooled) (rows, error) {
	from := &directoryReader{from: s, left: directoryBytes}
	archive, err := zip.NewReader(from, s.size)
	if err != nil {
		return nil, fault(0, 0, adviceFetch, "the workbook is truncated or corrupt: %s", strings.TrimPrefix(err.Error(), "zip: "))
	}
	from.left = -1
	if len(archive.File) > maxMembers {
		return nil, fault(0, 0, "look at the file before trusting it", "a workbook of %d parts", len(archive.File))
	}
	w := &workbook{parts: map[string]*zip.File{}}
	for _, f := range archive.File {
		name := partName(f.Name)
		if _, twice := w.parts[name]; twice {
			return nil, fault(0, 0, "look at the file before trusting it", "two parts of the workbook have the name %.100q", name)
		}
		w.parts[name] = f
	}
	main, err := w.mainPart()
	if err != nil {
		return nil, err
	}
	if err := w.readMain(main); err != nil {
		return nil, err
	}
	return w, nil
}

// partName is a part's name as names are compared.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// mainPart is the name of the part that lists the sheets.
func (w *workbook) mainPart() (string, error) {
	const usual = "xl/workbook.xml"
	relations, err := w.relations("")
	if err != nil {
		return "", err
	}
	for _, r := range relations {
		if strings.HasSuffix(r.kind, "/officeDocument") && w.parts[r.target] != nil && strings.Contains(r.target, "workbook") {
			return r.target, nil
		}
	}
	if w.parts[usual] != nil {
		return usual, nil
	}
	if w.parts["xl/workbook.bin"] != nil {
		return "", fault(0, 0, "save it as .xlsx or CSV", "this is a binary workbook (.xlsb)")
	}
	return "", fault(0, 0, "save the table as .xlsx or CSV", "an archive or document that holds no workbook")
}

type relation struct{ id, kind, target string }

// relations reads what a part refers to; "" is the package itself.
func (w *workbook) relations(part string) ([]relation, error) {
	folder, base := path.Split(part)
	name := folder + "_rels/" + base + ".rels"
	if w.parts[name] == nil {
		return nil, nil
	}
	var out []relation
	err := w.each(name, func(_ *tokens, e xml.StartElement) error {
		if e.Name.Local != "Relationship" || attribute(e, "TargetMode") == "External" {
			return nil
		}
		target := strings.ReplaceAll(attribute(e, "Target"), `\`, "/")
		if !strings.HasPrefix(target, "/") {
			target = path.Join(folder, target)
		}
		if out = append(out, relation{attribute(e, "Id"), attribute(e, "Type"), partName(target)}); len(out) > maxMembers {
			return fault(0, 0, "look at the file before trusting it", "%s lists more than %d parts", name, maxMembers)
		}
		return nil
	})
	return out, err
}

// open starts a part of the workbook. The reader must be read to its end for the
// archive's checksum to be compared.
func (w *workbook) open(name string) (*tokens, io.Closer, error) {
	file := w.parts[name]
	if file == nil {
		return nil, nil, fault(0, 0, adviceFetch, "the workbook lacks its part %.100q", name)
	}
	content, err := file.Open()
	if err != nil {
		return nil, nil, fault(0, 0, adviceFetch, "the workbook's part %.100q cannot be unpacked: %s", name, strings.TrimPrefix(err.Error(), "zip: "))
	}
	limit := min(maxPart, harmless+int64(min(file.CompressedSize64, maxFile))*maxRatio)
	return newTokens(content, name, limit), content, nil
}

// each calls do for every element of a part. do may read on to the element's end.
func (w *workbook) each(name string, do func(*tokens, xml.StartElement) error) error {
	t, closer, err := w.open(name)
	if err != nil {
		return err
	}
	defer closer.Close()
	for {
		token, err := t.next()
		if err == io.EOF { //nolint:errorlint // next returns it as it is
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := token.(xml.StartElement); ok {
			if err := do(t, e); err != nil {
				return err
			}
		}
	}
}

// readMain lists the sheets and reads what their cells refer to.
func (w *workbook) readMain(main string) error {
	err := w.each(main, func(_ *tokens, e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			date1904 := attribute(e, "date1904")
			w.since1904 = date1904 == "1" || date1904 == "true"
		case "sheet":
			w.sheets = append(w.sheets, sheetPart{name: attribute(e, "name"), relation: relationOf(e)})
			if len(w.sheets) > maxSheets {
				return fault(0, 0, "look at the file before trusting it", "a workbook of more than %d sheets", maxSheets)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	relations, err := w.relations(main)
	if err != nil {
		return err
	}
	kept := w.sheets[:0]
	for _, s := range w.sheets {
		for _, r := range relations {
			if r.id == s.relation && strings.HasSuffix(r.kind, "/worksheet") {
				s.part = r.target
			} else if r.id == s.relation { // a chart or a macro sheet
				s.part = "-"
			}
		}
		if s.part == "" {
			return fault(0, 0, adviceFetch, "the workbook does not say where its sheet %.100q is", s.name)
		}
		if s.part != "-" {
			kept = append(kept, s)
		}
	}
	w.sheets = kept
	if len(w.sheets) == 0 {
		return fault(0, 0, adviceFetch, "a workbook without a sheet")
	}
	for _, r := range relations {
		switch {
		case strings.HasSuffix(r.kind, "/styles"):
			err = w.readStyles(r.target)
		case strings.HasSuffix(r.kind, "/sharedStrings"):
			err = w.readStrings(r.target)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// relationOf is the r:id of a sheet; sheetId is another number.
func relationOf(e xml.StartElement) string {
	for _, a := range e.Attr {
		if a.Name.Local == "id" {
			return a.Value
		}
	}
	return ""
}

// readStyles finds which cell styles show days or times: a cell holds their number only.
func (w *workbook) readStyles(part string) error {
	formats := map[int]bool{}
	inCells := false
	return w.each(part, func(_ *tokens, e xml.StartElement) error {
		switch e.Name.Local {
		case "cellXfs":
			inCells = true
		case "cellStyles", "dxfs", "cellStyleXfs":
			inCells = false
		case "numFmt":
			if id, err := strconv.Atoi(attribute(e, "numFmtId")); err == nil {
				formats[id] = showsTime(attribute(e, "formatCode"))
			}
		case "xf":
			if !inCells {
				return nil
			}
			id, _ := strconv.Atoi(attribute(e, "numFmtId"))
			time, own := formats[id]
			w.times = append(w.times, own && time || !own && builtinTime(id))
		}
		if len(w.times) > maxStyles || len(formats) > maxStyles {
			return fault(0, 0, adviceDistill, "a workbook of more than %d cell styles", maxStyles)
		}
		return nil
	})
}

// sharedStrings are the texts that cells name by number.
type sharedStrings struct {
	text []byte
	ends []int
}

func (s *sharedStrings) at(i int) (string, bool) {
	if i < 0 || i >= len(s.ends) {
		return "", false
	}
	start := 0
	if i > 0 {
		start = s.ends[i-1]
	}
	return string(s.text[start:s.ends[i]]), true
}

func (w *workbook) readStrings(part string) error {
	var text []byte
	return w.each(part, func(t *tokens, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		var err error
		if text, err = richText(t, text[:0]); err != nil {
			return err
		}
		if len(text) > maxCell {
			return fault(0, 0, adviceDistill, "a text of more than %d bytes", maxCell)
		}
		s := &w.strings
		s.text = append(s.text, unescaped(string(text))...)
		s.ends = append(s.ends, len(s.text))
		if len(s.text)+8*len(s.ends) > maxStrings {
			return fault(0, 0, adviceDistill, "a workbook with more than %d bytes of texts", maxStrings)
		}
		return nil
	})
}

// richText appends the texts (t) of the element whose start was just returned, without
// their pronunciation (rPh), up to a little more than maxCell bytes.
func richText(t *tokens, text []byte) ([]byte, error) {
	reading := false
	for depth := t.depth; t.depth >= depth; {
		token, err := t.next()
		if err != nil {
			return nil, unexpected(t, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "rPh" {
				if err := t.skip(); err != nil {
					return nil, err
				}
				continue
			}
			reading = token.Name.Local == "t"
		case xml.EndElement:
			reading = false
		case xml.CharData:
			if reading && len(text) <= maxCell {
				text = append(text, token...)
			}
		}
	}
	return text, nil
}

// unescaped replaces _x000D_ and the like, as workbooks write control characters.
func unescaped(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	var out strings.Builder
	for {
		at := strings.Index(text, "_x")
		if at < 0 || len(text) < at+7 {
			break
		}
		code, err := strconv.ParseUint(text[at+2:at+6], 16, 16)
		if err != nil || text[at+6] != '_' {
			out.WriteString(text[:at+2])
			text = text[at+2:]
			continue
		}
		out.WriteString(text[:at])
		out.WriteRune(rune(code))
		text = text[at+7:]
	}
	out.WriteString(text)
	return out.String()
}

// next implements rows.
func (w *workbook) next() (string, int, []Cell, error) {
	for {
		if w.current == nil {
			if len(w.sheets) == 0 {
				return "", 0, nil, io.EOF
			}
			sheet := w.sheets[0]
			w.sheets = w.sheets[1:]
			t, closer, err := w.open(sheet.part)
			if err != nil {
				return sheet.name, 0, nil, err
			}
			w.current = &worksheet{book: w, name: sheet.name, tokens: t, closer: closer}
		}
		row, cells, err := w.current.next()
		if err == nil {
			return w.current.name, row, cells, nil
		}
		name := w.current.name
		w.current.closer.Close()
		w.current = nil
		if err != io.EOF { //nolint:errorlint // next returns it as it is
			return name, row, nil, err
		}
	}
}
