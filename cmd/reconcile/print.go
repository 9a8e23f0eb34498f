package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"reconcile/output"
	"reconcile/output/spreadsheet"
	"reconcile/settlement"
)

// printer writes rows in one form.
type printer interface {
	row(output.Row) error
	end() error
}

// gridRows is how many rows are aligned together, so that memory stays small.
const gridRows = 1000

// gridPrinter writes aligned columns.
type gridPrinter struct {
	w       io.Writer
	columns []settlement.TableColumn
	// width is that of the terminal: rows that are wider are shortened, then set on several
	// lines, then shown as records. 0 sets every row on one line.
	width  int
	colour bool
	none   string // is said where there is no row to be shown as a record
	grid   *grid
	begun  bool
	number int // of the last record
}

func (p *gridPrinter) fresh() *grid {
	g := newGrid(columnNames(p.columns)...)
	if p.begun && p.width == 0 { // the heading stands once
		g = &grid{rules: map[int]bool{}}
	}
	p.begun = true
	g.left, g.colour = map[int]bool{}, p.colour
	for i, c := range p.columns {
		g.left[i] = !isFigure(c)
	}
	return g
}

// isFigure says that a column's values are set flush right.
func isFigure(c settlement.TableColumn) bool {
	return c.Type == settlement.TypeMoney || c.Type == settlement.TypeCount || c.Type == settlement.TypeRate
}

func (p *gridPrinter) row(r output.Row) error {
	if p.grid == nil {
		p.grid = p.fresh()
	}
	row := make([]string, len(p.columns))
	for i, c := range p.columns {
		row[i] = printable(r.Text(c.Name))
	}
	p.grid.row(row...)
	if len(p.grid.rows) > gridRows {
		return p.flush()
	}
	return nil
}

func (p *gridPrinter) flush() error {
	_, err := io.WriteString(p.w, p.text())
	p.grid = nil
	return err
}

func (p *gridPrinter) text() string {
	g := p.grid
	if p.width == 0 || g.width() <= p.width {
		return g.text("")
	}
	if short := p.shorter(); short.width() <= p.width {
		return short.text("")
	} else if len(short.breaksAt(p.width)) <= mostLines+1 {
		return short.stacked("", p.width)
	}
	if len(g.rows) == 1 {
		return p.none + "\n"
	}
	return p.records()
}

// mostLines is on how many lines a row is set; more are read better one below the other.
const mostLines = 3

// freeTexts are columns whose text may be cut off: sentences and names, no numbers.
var freeTexts = []string{"reason", "suggestion", "note", "raw_type", "raw_note", "shop", "platform", "rule", "source_file"}

// shortened texts keep at least so many cells.
const leastText = 12

// shorter is the grid with free texts cut off, by as much as is missing.
func (p *gridPrinter) shorter() *grid {
	g := *p.grid
	g.rows = nil
	for _, row := range p.grid.rows {
		g.rows = append(g.rows, slices.Clone(row))
	}
	widths := g.widths()
	over := g.width() - p.width
	for i, c := range p.columns {
		if over <= 0 || !slices.Contains(freeTexts, c.Name) || widths[i] <= leastText {
			continue
		}
		to := max(leastText, cells.StringWidth(c.Name), widths[i]-over)
		over -= widths[i] - to
		for _, row := range g.rows {
			row[i] = shortened(row[i], to)
		}
	}
	return &g
}

// records sets each value on a line of its own, under the number of its row.
func (p *gridPrinter) records() string {
	var b strings.Builder
	wide := 0
	for _, c := range p.columns {
		wide = max(wide, cells.StringWidth(c.Name))
	}
	for _, row := range p.grid.rows[1:] {
		p.number++
		title := fmt.Sprintf("── %d ", p.number)
		b.WriteString(painted(p.colour, faint, title+strings.Repeat("─", max(0, min(p.width, pageWidth)-cells.StringWidth(title)))) + "\n")
		for i, c := range p.columns {
			if row[i] != "" {
				b.WriteString(painted(p.colour, bold, c.Name) + strings.Repeat(" ", wide-cells.StringWidth(c.Name)+columnGap) + row[i] + "\n")
			}
		}
	}
	return b.String()
}

func (p *gridPrinter) end() error {
	if p.grid == nil {
		if p.begun {
			return nil
		}
		p.grid = p.fresh()
		for i := range p.columns {
			p.grid.left[i] = true
		}
	}
	return p.flush()
}

// printable keeps what a file holds from steering the terminal.
func printable(text string) string { return settlement.Printable(text) }

// printableLines is printable of a text of several lines.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.Join(lines, "\n")
}

// csvPrinter writes CSV by RFC 4180, in which no text can become a formula.
type csvPrinter struct {
	w       io.Writer
	columns []settlement.TableColumn
	csv     *spreadsheet.CSV
}

func (p *csvPrinter) row(r output.Row) error {
	p.begin()
	fields := make([]string, len(p.columns))
	for i, c := range p.columns {
		fields[i] = r.Text(c.Name)
	}
	p.csv.Record(fields...)
	return nil
}

func (p *csvPrinter) begin() {
	if p.csv == nil {
		p.csv = spreadsheet.NewCSV(p.w)
		p.csv.LineEnd = "\n" // for the programs of a pipe
		p.csv.Record(columnNames(p.columns)...)
	}
}

func (p *csvPrinter) end() error {
	p.begin()
	return p.csv.Flush()
}

// jsonPrinter writes an array of objects. Counts are numbers and flags are
// booleans; everything else is text, money too: a JSON number may pass through a
// float.
type jsonPrinter struct {
	w       io.Writer
	columns []settlement.TableColumn
	buffer  *bufio.Writer
	rows    int
}

func (p *jsonPrinter) row(r output.Row) error {
	if p.buffer == nil {
		p.buffer = bufio.NewWriter(p.w)
	}
	p.buffer.WriteString(map[bool]string{true: "[\n  {", false: ",\n  {"}[p.rows == 0])
	p.rows++
	for i, c := range p.columns {
		if i > 0 {
			p.buffer.WriteString(", ")
		}
		p.text(c.Name)
		p.buffer.WriteString(": ")
		switch text := r.Text(c.Name); {
		case r.IsNull(c.Name):
			p.buffer.WriteString("null")
		case c.Type == settlement.TypeCount || c.Type == settlement.TypeFlag:
			p.buffer.WriteString(text)
		default:
			p.text(text)
		}
	}
	_, err := p.buffer.WriteString("}")
	return err
}

func (p *jsonPrinter) text(s string) {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic("a string that JSON cannot hold: " + err.Error())
	}
	p.buffer.Write(quoted)
}

func (p *jsonPrinter) end() error {
	if p.rows == 0 {
		_, err := io.WriteString(p.w, "[]\n")
		return err
	}
	p.buffer.WriteString("\n]\n")
	return p.buffer.Flush()
}
