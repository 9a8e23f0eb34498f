package workbook

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"reconcile/settlement"
)

// sheet is a sheet while it is written, and the ones that go on where it is full:
// 差异明细, 差异明细 (2) and so on.
type sheet struct {
	*book
	base, title string
	widths      []int
	printed     int // how many columns are printed
	keep        int // how many stay on the screen when it is moved to the right

	part   int
	name   string // of the part
	stream *excelize.StreamWriter
	next   int64 // the row to be written, from 1
	cells  []any
	// heads is the row of the headings that repeat on paper and stay on the screen.
	heads int64
	// filtered and choices are ranges that get a filter, and the list of decisions.
	filtered, choices string
}

// stretch is where rows of a table stand on one sheet.
type stretch struct {
	sheet       string
	first, last int64
}

// What stands above the rows of a sheet that goes on: title, totals and headings.
const aboveOfLater = 3

// sheet writes tables on a sheet of that name, below its title and notes.
func (b *book) sheet(name, title string, notes []string, tables ...*table) error {
	s := &sheet{book: b, base: name, title: title}
	above := int64(1 + len(notes))
	all := make([][]*sums, len(tables))
	for i, t := range tables {
		parts, err := measure(t, b.limit-above-2, b.limit-aboveOfLater)
		if err != nil {
			return err
		}
		tables[i], all[i] = withoutNothing(t, parts)
		s.widen(tables[i], all[i])
	}
	heads := int64(1)
	if len(tables) == 1 && tables[0].onTop {
		heads, s.keep = above+2, tables[0].keep
	}
	if err := s.begin(heads); err != nil {
		return err
	}
	for i, text := range append([]string{s.title}, notes...) {
		as := lookNote
		if i == 0 {
			as = lookTitle
		}
		if err := s.line(text, as); err != nil {
			return err
		}
	}
	for i, t := range tables {
		write := s.section
		if t.onTop {
			write = s.listing
		}
		if err := write(t, all[i]); err != nil {
			return fmt.Errorf("sheet %s: %w", s.name, err)
		}
	}
	return s.finish()
}

// mostDigits is how many digits wide a column of numbers is made: orders' have 64 at the most.
const mostDigits = 66

// widen makes columns as wide as a table needs them: amounts and their totals are never
// shown as ####, numbers of orders never cut.
func (s *sheet) widen(t *table, parts []*sums) {
	for i, c := range t.columns {
		if i == len(s.widths) {
			s.widths = append(s.widths, 0)
		}
		s.widths[i] = max(s.widths[i], c.width)
		if !c.screen {
			s.printed = max(s.printed, i+1)
		}
		if c.kind == asID { // no number is cut; one that is no number may be
			for _, p := range parts {
				s.widths[i] = max(s.widths[i], min(int(p.widest[i])+2, mostDigits))
			}
		}
		if !c.kind.isMoney() {
			continue
		}
		total, widest := settlement.Amount(0), settlement.Amount(0)
		for _, p := range parts {
			total += settlement.Amount(p.whole[i])
			widest = max(widest, settlement.Amount(p.widest[i]))
		}
		for _, a := range []settlement.Amount{total, widest} {
			digits := len(a.String())
			s.widths[i] = max(s.widths[i], digits+digits/3+4) // bold, with its commas and the indent
		}
	}
}

// begin begins a part.
func (s *sheet) begin(heads int64) error {
	s.part++
	s.name, s.next, s.heads, s.filtered, s.choices = s.base, 1, heads, "", ""
	if s.part > 1 {
		s.name = fmt.Sprintf("%s (%d)", s.base, s.part)
	}
	if err := s.makeSheet(); err != nil {
		return err
	}
	var err error
	if s.stream, err = s.file.NewStreamWriter(s.name); err != nil {
		return err
	}
	for i, width := range s.widths {
		if err := s.stream.SetColWidth(i+1, i+1, float64(width)); err != nil {
			return err
		}
	}
	pane := "bottomLeft"
	if s.keep > 0 {
		pane = "bottomRight"
	}
	return s.stream.SetPanes(&excelize.Panes{Freeze: true, XSplit: s.keep, YSplit: int(heads), TopLeftCell: cellName(s.keep+1, heads+1), ActivePane: pane})
}

// makeSheet adds the empty sheet and sets what stands before its rows in the file.
func (s *sheet) makeSheet() error {
	if s.sheets++; s.sheets == 1 {
		if err := s.file.SetSheetName(s.file.GetSheetName(0), s.name); err != nil {
			return err
		}
	} else if _, err := s.file.NewSheet(s.name); err != nil {
		return err
	}
	fit, grid := true, false
	if err := s.file.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	if err := s.file.SetSheetView(s.name, 0, &excelize.ViewOptions{ShowGridLines: &grid}); err != nil {
		return err
	}
	return s.file.SetSheetDimension(s.name, "") // it would say A1: the rows come later
}

// finish ends a part: what is known of the sheet once its rows are.
func (s *sheet) finish() error {
	if s.filtered != "" {
		if err := s.file.AutoFilter(s.name, s.filtered, nil); err != nil {
			return err
		}
	}
	if s.choices != "" {
		if err := s.choose(); err != nil {
			return err
		}
	}
	// Numbers of orders are text on purpose: no program shall mark each of them as a fault.
	if err := s.file.AddIgnoredErrors(s.name, "A1:"+cellName(len(s.widths), s.next-1), excelize.IgnoredErrorsNumberStoredAsText); err != nil {
		return err
	}
	return s.paper()
}

// paper is how the sheet is printed: on A4 across, one page wide, headings on each page.
func (s *sheet) paper() error {
	paper, landscape, wide, high := 9, "landscape", 1, 0 // as many high as it takes
	if err := s.file.SetPageLayout(s.name, &excelize.PageLayoutOptions{Size: &paper, Orientation: &landscape, FitToWidth: &wide, FitToHeight: &high}); err != nil {
		return err
	}
	side, upper, lower, edge := 0.4, 0.5, 0.6, 0.3
	if err := s.file.SetPageMargins(s.name, &excelize.PageLayoutMarginsOptions{Left: &side, Right: &side, Top: &upper, Bottom: &lower, Header: &edge, Footer: &edge}); err != nil {
		return err
	}
	if err := s.file.SetHeaderFooter(s.name, &excelize.HeaderFooterOptions{OddFooter: "&L&8&A&R&8&P / &N"}); err != nil {
		return err
	}
	quoted := "'" + s.name + "'!"
	area := fmt.Sprintf("%s$A$1:$%s$%d", quoted, columnName(s.printed), s.next-1)
	if err := s.file.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: area, Scope: s.name}); err != nil {
		return err
	}
	titles := fmt.Sprintf("%s$%d:$%d", quoted, s.heads, s.heads)
	if err := s.file.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: titles, Scope: s.name}); err != nil {
		return err
	}
	return s.stream.Flush()
}

// choose gives a column the list of decisions.
func (s *sheet) choose() error {
	list := excelize.NewDataValidation(true)
	list.Sqref = s.choices
	words := make([]string, len(decisions))
	for i, d := range decisions {
		words[i] = s.say(d)
	}
	if err := list.SetDropList(words); err != nil {
		return err
	}
	list.SetError(excelize.DataValidationErrorStyleStop, s.say("Decision"), s.say("choose one of the list, or leave it empty")+": "+strings.Join(words, ", "))
	return s.file.AddDataValidation(s.name, list)
}

// write writes a row.
func (s *sheet) write(cells []any, options ...excelize.RowOpts) error {
	at := s.next
	s.next++
	return s.stream.SetRow(cellName(1, at), cells, options...)
}

// line writes a row of one text.
func (s *sheet) line(text string, as look) error {
	return s.write([]any{excelize.Cell{StyleID: s.styles[as], Value: printable(text)}})
}

func cellName(column int, row int64) string {
	return columnName(column) + fmt.Sprint(row)
}

// columnName is the letters of a column, from 1.
func columnName(column int) string {
	name, err := excelize.ColumnNumberToName(column)
	if err != nil {
		panic(err) // the columns are listed in this package
	}
	return name
}
