package main

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// grid is a table of text whose columns align in a terminal, where a Chinese
// character is two cells wide. The first column is flush left, the others flush
// right.
type grid struct {
	rows [][]string
	left map[int]bool
	// rules are the rows before which a line is drawn.
	rules map[int]bool
	// notes says that the last column is text of any length: where a line has no room for
	// it, it goes below its row.
	notes bool
	// colour says that the heading stands out.
	colour bool
}

func newGrid(heading ...string) *grid {
	g := &grid{left: map[int]bool{0: true}, rules: map[int]bool{}}
	g.row(heading...)
	g.rule()
	return g
}

func (g *grid) row(cells ...string) { g.rows = append(g.rows, cells) }

// rule draws a line before the next row.
func (g *grid) rule() { g.rules[len(g.rows)] = true }

// leftAlign sets a column flush left.
func (g *grid) leftAlign(column int) { g.left[column] = true }

// cells measures text as terminals do, whatever the locale of this process: an
// ambiguous character is narrow.
var cells = &runewidth.Condition{EastAsianWidth: false, StrictEmojiNeutral: true}

// widths are the cells of each column.
func (g *grid) widths() (widths []int) {
	for _, row := range g.rows {
		for len(widths) < len(row) {
			widths = append(widths, 0)
		}
		for i, cell := range row {
			widths[i] = max(widths[i], cellWidth(cell))
		}
	}
	return widths
}

// columnGap is between two columns.
const columnGap = 2

// width is how many cells a line of the grid has.
func (g *grid) width() int {
	widths := g.widths()
	total := columnGap * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	return max(total, 0)
}

// text returns the grid, each line behind indent.
func (g *grid) text(indent string) string {
	widths, total := g.widths(), g.width()
	var b strings.Builder
	for n, row := range g.rows {
		if g.rules[n] {
			b.WriteString(indent + strings.Repeat("─", total) + "\n")
		}
		b.WriteString(indent + g.styled(n, g.line(row, widths, 0, len(row))) + "\n")
	}
	return b.String()
}

// line sets cells from to until of a row side by side.
func (g *grid) line(row []string, widths []int, from, until int) (line string) {
	until = min(until, len(row))
	for i := from; i < until; i++ {
		if i > from {
			line += strings.Repeat(" ", columnGap)
		}
		pad := strings.Repeat(" ", widths[i]-cellWidth(row[i]))
		if g.left[i] {
			line += row[i] + pad
		} else {
			line += pad + row[i]
		}
	}
	return strings.TrimRight(line, " ")
}

// styled makes the heading stand out: the rows above the first line that is drawn.
func (g *grid) styled(row int, line string) string {
	for n := range row + 1 {
		if g.rules[n] {
			return line
		}
	}
	if len(g.rules) == 0 {
		return line
	}
	return painted(g.colour, bold, line)
}

// wrapped breaks text into lines that fit a terminal.
func wrapped(text string) string {
	var b strings.Builder
	width := 0
	for _, word := range strings.Fields(text) {
		w := cells.StringWidth(word)
		switch {
		case width == 0:
		case width+1+w > pageWidth:
			b.WriteByte('\n')
			width = 0
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += w
	}
	return b.String()
}
