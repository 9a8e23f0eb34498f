package main

import (
	"bufio"
	"encoding/json"
	"io"
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
	grid    *grid
	begun   bool
}

func (p *gridPrinter) fresh() *grid {
	if p.begun {
		return &grid{left: map[int]bool{}, rules: map[int]bool{}}
	}
	p.begun = true
	g := newGrid(columnNames(p.columns)...)
	g.left = map[int]bool{}
	return g
}

func (p *gridPrinter) row(r output.Row) error {
	if p.grid == nil {
		p.grid = p.fresh()
		for i, c := range p.columns {
			p.grid.left[i] = c.Type != settlement.TypeMoney && c.Type != settlement.TypeCount && c.Type != settlement.TypeRate
		}
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

// printable keeps what a file holds from steering the terminal.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			return '�'
		}
		return c
	}, text)
}

func (p *gridPrinter) flush() error {
	_, err := io.WriteString(p.w, p.grid.text(""))
	p.grid = nil
	return err
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
