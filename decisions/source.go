package decisions

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"reconcile/ingest/sheet"
	"reconcile/output/spreadsheet"
)

// source is the rows of a file, the header first. The error behind the last is io.EOF.
type source interface {
	next() (fields []string, line int, err error)
	// named gives the header's names as the columns are called; word a decision.
	named(header []string) []string
	word(decision string) string
	// undecided says that a row decides nothing.
	undecided(header, fields []string) bool
	close() error
}

// open opens a file by its content.
func open(path string) (source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errors.Join(err, f.Close())
	}
	begin := int64(0)
	if bytes.HasPrefix(head[:n], []byte(bom)) {
		begin = int64(len(bom))
	}
	if _, err := f.Seek(begin, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if !sheet.Recognise(head[:n]) {
		r := csv.NewReader(f)
		r.FieldsPerRecord = -1
		return &textSource{f, r}, nil
	}
	reader, err := sheet.Open(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnusable, sheet.At(err, path, ""))
	}
	return &workbook{path: path, reader: reader}, nil
}

// textSource is a CSV.
type textSource struct {
	file *os.File
	csv  *csv.Reader
}

func (s *textSource) next() ([]string, int, error) {
	fields, err := s.csv.Read()
	if err != nil {
		return nil, 1, err
	}
	for i := range fields { // an audit file is written guarded
		fields[i] = spreadsheet.Unguarded(fields[i])
	}
	line, _ := s.csv.FieldPos(0)
	return fields, line, nil
}

func (s *textSource) named(header []string) []string { return slices.Clone(header) }
func (s *textSource) word(decision string) string    { return decision }
func (s *textSource) undecided(_, _ []string) bool   { return false }
func (s *textSource) close() error                   { return s.file.Close() }

// workbook is a spreadsheet of breaks, such as people edit: one of its sheets has a row
// with the names of the columns, in English or Chinese, among others that are not read;
// so have those on which the breaks go on that did not fit into it.
type workbook struct {
	path   string
	reader *sheet.Reader
	header []string // of the first such sheet, by which all are read; nil before it is found
	sheet  string   // that is read
	at     []int    // where the columns of header stand on it, −1 where one does not; nil before its header
}

// chinese are the names and words that a workbook may have.
var (
	chineseNames = map[string]string{"差异编号": "break_id", "处理": "decision", "处理人": "who", "处理时间": "when", "备注": "note", "负责人": "assignee"}
	englishNames = []string{"break_id", "decision", "who", "when", "note", "assignee"}
	chineseWords = map[string]string{"接受": decideAccept, "核销": decideWriteOff, "说明": decideExplain, "指派": decideAssign, "备注": decideNote, "重开": decideReopen}
)

func (w *workbook) next() ([]string, int, error) {
	for {
		name, row, cells, err := w.reader.Next()
		if err != nil {
			if errors.Is(err, io.EOF) && w.header == nil {
				return nil, 1, errors.New("no sheet has a row with the columns break_id and decision (差异编号, 处理)")
			}
			if errors.Is(err, io.EOF) {
				return nil, 0, err
			}
			return nil, 0, sheet.At(err, w.path, "")
		}
		if name != w.sheet {
			w.sheet, w.at = name, nil
		}
		fields := make([]string, len(cells))
		for i, c := range cells {
			fields[i] = c.Text
		}
		if w.at != nil {
			return w.arranged(fields), row, nil
		}
		names := w.named(fields)
		if !slices.Contains(names, "break_id") || !slices.Contains(names, "decision") {
			continue
		}
		first := w.header == nil
		if first {
			w.header = names
		}
		w.at = make([]int, len(w.header))
		for i, name := range w.header {
			w.at[i] = slices.Index(names, name)
		}
		if first {
			return fields, row, nil
		}
	}
}

// arranged is a row in the order of the header.
func (w *workbook) arranged(fields []string) []string {
	row := make([]string, len(w.header))
	for i, at := range w.at {
		if at >= 0 && at < len(fields) {
			row[i] = fields[at]
		}
	}
	return row
}

func (w *workbook) named(header []string) []string {
	names := make([]string, len(header))
	for i, name := range header {
		name = strings.TrimSpace(name)
		if known := chineseNames[name]; known != "" {
			name = known
		} else if plain := underscored(name); slices.Contains(englishNames, plain) {
			name = plain
		}
		names[i] = name
	}
	return names
}

// underscored is a heading or a word as the tables write it: break_id for Break id.
func underscored(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), " ", "_")
}

func (w *workbook) word(decision string) string {
	if known := chineseWords[decision]; known != "" {
		return known
	}
	if plain := underscored(decision); slices.Contains(words, plain) {
		return plain
	}
	return decision
}

// undecided: the sheet lists all breaks, and totals below them.
func (w *workbook) undecided(header, fields []string) bool {
	for i, name := range header {
		if (name == "decision" || name == "who" || name == "when") && strings.TrimSpace(fields[i]) != "" {
			return false
		}
	}
	return true
}

func (w *workbook) close() error { return w.reader.Close() }
