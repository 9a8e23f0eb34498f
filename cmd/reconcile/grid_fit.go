package main

import "strings"

// table is g as it fits the terminal, each line behind indent. In a pipe each row stays on
// one line.
func (a *app) table(g *grid, indent string) string {
	g.colour = a.toOut.colour
	if a.toOut.width == 0 {
		return g.text(indent)
	}
	return g.fitted(indent, a.toOut.width)
}

// fitted is the grid in lines of at most width cells, where that can be: whole; with its
// notes below the rows; or with each row on several lines.
func (g *grid) fitted(indent string, width int) string {
	room := width - len(indent)
	if g.width() <= room {
		return g.text(indent)
	}
	if g.notes {
		if text, ok := g.withNotesBelow(indent, room); ok {
			return text
		}
	}
	return g.stacked(indent, room)
}

// withNotesBelow sets the last column below the rows that have something there; ok is false
// where the others do not fit either.
func (g *grid) withNotesBelow(indent string, room int) (text string, ok bool) {
	last := 0
	for _, row := range g.rows {
		last = max(last, len(row)-1)
	}
	short := &grid{left: g.left, rules: g.rules, colour: g.colour}
	for _, row := range g.rows {
		short.rows = append(short.rows, row[:min(last, len(row))])
	}
	if short.width() > room {
		return "", false
	}
	var b strings.Builder
	next := 0
	for line := range strings.Lines(short.text(indent)) {
		b.WriteString(line)
		if strings.HasPrefix(line, indent+"─") {
			continue
		}
		if row := g.rows[next]; len(row) > last && row[last] != "" {
			b.WriteString(folded(indent+strings.Repeat(" ", hanging)+row[last], len(indent)+room) + "\n")
		}
		next++
	}
	return b.String(), true
}

// breaksAt are the columns with which the lines of a row begin: as few lines as fit, the
// first one with as little as possible, so that figures stay together. Lines behind the
// first are indented.
func (g *grid) breaksAt(room int) []int {
	widths := g.widths()
	wide := func(from, until int) int {
		total := columnGap * (until - from - 1)
		for _, w := range widths[from:until] {
			total += w
		}
		if from > 0 {
			total += hanging
		}
		return total
	}
	at := []int{len(widths)}
	for until := len(widths); until > 0; {
		from := until - 1
		for from > 0 && wide(from-1, until) <= room && (from > 1 || wide(0, until) <= room) {
			from--
		}
		at = append([]int{from}, at...)
		until = from
	}
	return at
}

// stacked sets each row on several lines that align with those of the other rows.
func (g *grid) stacked(indent string, room int) string {
	widths, at := g.widths(), g.breaksAt(room)
	total := 0
	var b strings.Builder
	type line struct {
		text string
		rule bool
	}
	var lines []line
	for n, row := range g.rows {
		if g.rules[n] {
			lines = append(lines, line{rule: true})
		}
		for i := range at[:len(at)-1] {
			text := g.line(row, widths, at[i], at[i+1])
			if i > 0 {
				if strings.TrimSpace(unpainted(text)) == "" {
					continue
				}
				text = strings.Repeat(" ", hanging) + text
			}
			total = max(total, cellWidth(text))
			lines = append(lines, line{text: g.styled(n, text)})
		}
	}
	for _, l := range lines {
		if l.rule {
			l.text = strings.Repeat("─", min(total, room))
		}
		b.WriteString(indent + l.text + "\n")
	}
	return b.String()
}
