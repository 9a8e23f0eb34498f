package workbook

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"github.com/xuri/excelize/v2"

	"reconcile/settlement"
)

// listing writes a table that has the sheet for itself: its totals, its headings and its
// rows, on as many sheets as they take.
func (s *sheet) listing(t *table, parts []*sums) error {
	all := newSums(t.columns)
	stretches := make([]stretch, len(parts))
	first := s.heads + 1
	for i, p := range parts {
		if err := all.join(p); err != nil {
			return err
		}
		name := s.base
		if i > 0 {
			name, first = fmt.Sprintf("%s (%d)", s.base, i+1), aboveOfLater+1
		}
		stretches[i] = stretch{name, first, first + max(p.rows, 1) - 1}
	}
	label := s.say("Total")
	if len(parts) > 1 {
		label = fmt.Sprintf(s.say("Total of %d sheets"), len(parts))
	}
	if err := s.totals(t, label, all, "SUBTOTAL(109,%s)", stretches); err != nil {
		return err
	}
	if err := s.headings(t); err != nil {
		return err
	}
	part, written := 0, int64(0)
	err := t.rows(func(r row) error {
		if written == parts[part].rows {
			s.ranges(t, stretches[part])
			if err := s.goOn(t, parts[part+1], stretches[part+1]); err != nil {
				return err
			}
			part, written = part+1, 0
		}
		written++
		return s.row(t, r)
	})
	if err != nil {
		return err
	}
	s.ranges(t, stretches[part])
	return s.nothing(t, all)
}

// goOn ends a full sheet and begins the next one.
func (s *sheet) goOn(t *table, part *sums, at stretch) error {
	if err := s.finish(); err != nil {
		return err
	}
	if err := s.begin(aboveOfLater); err != nil {
		return err
	}
	if err := s.line(fmt.Sprintf("%s (%d)", s.title, s.part), lookTitle); err != nil {
		return err
	}
	if err := s.totals(t, s.say("Total of this sheet"), part, "SUBTOTAL(109,%s)", []stretch{at}); err != nil {
		return err
	}
	return s.headings(t)
}

// ranges notes what of the sheet gets the filter, and what the list of decisions.
func (s *sheet) ranges(t *table, at stretch) {
	if t.filter {
		s.filtered = cellName(1, at.first-1) + ":" + cellName(len(t.columns), at.last)
	}
	for i, c := range t.columns {
		if c.kind == asChoice && s.next > at.first { // there are rows
			s.choices = cellName(i+1, at.first) + ":" + cellName(i+1, at.last)
		}
	}
}

// nothing says that a table has no rows.
func (s *sheet) nothing(t *table, all *sums) error {
	if all.rows > 0 {
		return nil
	}
	text := t.empty
	if text == "" {
		text = s.say("none")
	}
	return s.line(text, lookNote)
}

// section writes a table below others: its title, its headings, its rows, its totals.
func (s *sheet) section(t *table, parts []*sums) error {
	all := newSums(t.columns)
	for _, p := range parts {
		if err := all.join(p); err != nil {
			return err
		}
	}
	if err := s.room(int64(len(t.notes)) + 4); err != nil {
		return err
	}
	s.next++ // one row stays empty
	if err := s.line(t.title, lookSection); err != nil {
		return err
	}
	for _, text := range t.notes {
		if err := s.line(text, lookNote); err != nil {
			return err
		}
	}
	if err := s.headings(t); err != nil {
		return err
	}
	stretches := []stretch{{s.name, s.next, s.next - 1}}
	err := t.rows(func(r row) error {
		at := &stretches[len(stretches)-1]
		if s.next > s.limit {
			s.ranges(t, *at)
			if err := s.turn(); err != nil {
				return err
			}
			if err := s.headings(t); err != nil {
				return err
			}
			stretches = append(stretches, stretch{s.name, s.next, s.next - 1})
			at = &stretches[len(stretches)-1]
		}
		at.last++
		return s.row(t, r)
	})
	if err != nil {
		return err
	}
	if all.rows == 0 {
		return s.nothing(t, all)
	}
	s.ranges(t, stretches[len(stretches)-1])
	if !hasTotals(t) {
		return nil
	}
	if s.next > s.limit {
		if err := s.turn(); err != nil {
			return err
		}
	}
	label := "Total"
	if t.cut {
		label = totalListed
	}
	return s.totals(t, s.say(label), all, "SUM(%s)", stretches)
}

// room begins another sheet where less than so many rows are left.
func (s *sheet) room(rows int64) error {
	if s.next+rows <= s.limit {
		return nil
	}
	return s.turn()
}

// turn ends a sheet of several tables and begins the one on which they go on.
func (s *sheet) turn() error {
	if err := s.finish(); err != nil {
		return err
	}
	if err := s.begin(1); err != nil {
		return err
	}
	return s.line(fmt.Sprintf("%s (%d)", s.title, s.part), lookTitle)
}

func hasTotals(t *table) bool {
	for _, c := range t.columns {
		if c.total {
			return true
		}
	}
	return false
}

func (s *sheet) headings(t *table) error {
	cells := make([]any, len(t.columns))
	for i, c := range t.columns {
		as := lookHeading
		switch c.kind {
		case asMoney, asCount, asRate, asFigure:
			as = lookHeadingRight
		case asEdited, asChoice, asMoment:
			as = lookEditedHeading
		}
		cells[i] = s.text(as, s.say(c.name))
	}
	lines := 1
	for i, c := range t.columns {
		lines = max(lines, s.lines(s.say(c.name)+"   ", i)) // bold takes more room
	}
	return s.write(cells, excelize.RowOpts{Height: float64(lines)*lineHeight + 4})
}

// lineHeight is the height of a line, in points.
const lineHeight = 16.5

// widths are those of characters, whatever the environment says of them.
var widths = &runewidth.Condition{StrictEmojiNeutral: true}

// digits is about how many digits a line is wide: Chinese characters count as two.
func digits(line string) (n int) {
	for _, c := range line {
		if c < utf8.RuneSelf {
			n++
		} else {
			n += widths.RuneWidth(c)
		}
	}
	return n
}

// lines is about how many lines a text takes in a column: programs that show the sheet
// leave the height of a row as it is, or work it out like this.
func (s *sheet) lines(text string, column int) int {
	lines := 0
	for line := range strings.SplitSeq(text, "\n") {
		lines += 1 + digits(line)*21/20/(s.widths[column]+1)
	}
	return lines
}

// mostLines is what fits into the highest row there can be, 409 points.
const mostLines = 24

// totals writes a row of totals: each a formula over where the rows stand, with what it
// comes to, so that a program that does not calculate shows it too. Where a spreadsheet
// cannot hold an amount it is the sum alone, as text.
func (s *sheet) totals(t *table, label string, of *sums, formula string, at []stretch) error {
	cells := make([]any, len(t.columns))
	for i, c := range t.columns {
		switch {
		case i == 0:
			cells[i] = excelize.Cell{StyleID: s.styles[lookTotalText], Value: label}
		case !c.total:
			cells[i] = excelize.Cell{StyleID: s.styles[lookTotalText]}
		case of.rows > 0 && of.known[i] == 0: // nothing of it is known, which is not 0
			cells[i] = excelize.Cell{StyleID: s.styles[lookTotalMoney]}
		case c.kind == asCount:
			cells[i] = excelize.Cell{StyleID: s.styles[lookTotalCount], Value: of.whole[i], Formula: s.adding(formula, i, at)}
		case !of.live(i):
			cells[i] = excelize.Cell{StyleID: s.styles[lookTotalMoney], Value: settlement.Amount(of.whole[i]).String()}
		default:
			cells[i] = excelize.Cell{StyleID: s.styles[lookTotalMoney], Value: number(settlement.Amount(of.whole[i])), Formula: "ROUND(" + s.adding(formula, i, at) + ",2)"}
		}
	}
	return s.write(cells)
}

// adding is a formula that adds a column up over stretches of rows.
func (s *sheet) adding(formula string, column int, at []stretch) string {
	var terms []string
	for _, a := range at {
		where := cellName(column+1, a.first) + ":" + cellName(column+1, a.last)
		if a.sheet != s.name {
			where = "'" + a.sheet + "'!" + where
		}
		terms = append(terms, fmt.Sprintf(formula, where))
	}
	return strings.Join(terms, "+")
}

// row writes one row of a table.
func (s *sheet) row(t *table, r row) error {
	if cap(s.cells) < len(t.columns) {
		s.cells = make([]any, len(t.columns))
	}
	cells, lines := s.cells[:len(t.columns)], 1
	for i := range t.columns {
		c := &t.columns[i]
		if c.kind == asReason {
			text := s.reason(r.Text(c.of))
			cells[i], lines = s.text(lookProse, text), max(lines, s.lines(text, i))
			continue
		}
		cell, err := s.cell(c, r)
		if err != nil {
			return err
		}
		cells[i] = cell
		if c.kind == asProse || c.kind == asEdited || c.kind == asPlace {
			lines = max(lines, s.lines(r.Text(c.of), i))
		}
	}
	if lines == 1 {
		return s.write(cells)
	}
	return s.write(cells, excelize.RowOpts{Height: float64(min(lines, mostLines)) * lineHeight})
}

// cell is a value as it is written. What is null stays empty.
func (s *sheet) cell(c *column, r row) (any, error) {
	text := ""
	if c.kind != asMoney {
		text = r.Text(c.of)
	}
	switch c.kind {
	case asMoney:
		return s.money(c, r), nil
	case asFigure:
		column := *c
		if r.Text("total is") != "" {
			column.formula = ""
		}
		switch r.Text("unit") {
		case "count":
			return s.count(&column, text)
		case "rate":
			return s.rate(lookShare, text), nil
		}
		return s.money(&column, r), nil
	case asCount:
		return s.count(c, text)
	case asDay:
		if d, err := settlement.ParseDay([]byte(text)); err == nil {
			return excelize.Cell{StyleID: s.styles[lookDay], Value: serial(d)}, nil
		}
		return s.text(lookDay, text), nil
	case asRate:
		return s.rate(lookRate, text), nil
	case asPlace:
		if line := r.Text("source_line"); text != "" && line != "" {
			text += ":" + line
		}
		return s.text(lookProse, text), nil
	case asWord:
		return s.text(lookWord, s.say(text)), nil
	case asProse:
		return s.text(lookProse, text), nil
	case asEdited:
		return s.text(lookEdited, text), nil
	case asMoment:
		return s.text(lookEditedMoment, text), nil
	case asChoice:
		return s.text(lookEdited, s.say(decisionWords[text])), nil
	}
	return s.text(lookPlain, text), nil
}

// money is a cell of an amount: a number, or where no spreadsheet holds it its text.
func (s *sheet) money(c *column, r row) any {
	a, ok := r.Money(c.of)
	switch {
	case !ok:
		return excelize.Cell{StyleID: s.styles[lookMoney]}
	case !held(a):
		return excelize.Cell{StyleID: s.styles[lookMoneyText], Value: a.String()}
	case c.formula != "":
		return excelize.Cell{StyleID: s.styles[lookMoney], Value: number(a), Formula: "ROUND(" + s.formula(c) + ",2)"}
	}
	return excelize.Cell{StyleID: s.styles[lookMoney], Value: number(a)}
}

func (s *sheet) count(c *column, text string) (any, error) {
	if text == "" {
		return excelize.Cell{StyleID: s.styles[lookCount]}, nil
	}
	n, err := parseCount(text)
	if err != nil {
		return nil, err
	}
	cell := excelize.Cell{StyleID: s.styles[lookCount], Value: n}
	if c.formula != "" {
		cell.Formula = s.formula(c)
	}
	return cell, nil
}

// formula is a column's formula in the row that is written.
func (s *sheet) formula(c *column) string {
	return strings.ReplaceAll(c.formula, "#", fmt.Sprint(s.next))
}

// rate is a fraction such as 0.006000, shown in percent; its digits are as few as those
// that number carries.
func (s *sheet) rate(as look, text string) any {
	if text == "" {
		return excelize.Cell{StyleID: s.styles[as]}
	}
	fraction, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return s.text(lookPlain, text)
	}
	return excelize.Cell{StyleID: s.styles[as], Value: fraction}
}

// text is a cell of text. It is never a formula, whatever it begins with.
func (s *sheet) text(as look, text string) any {
	if text == "" {
		return excelize.Cell{StyleID: s.styles[as]}
	}
	return excelize.Cell{StyleID: s.styles[as], Value: printable(text)}
}
