package main

import (
	"bytes"
	"io"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"reconcile/settlement"
)

// folder writes to a terminal: lines that are wider than it are broken between words, and
// go on below, indented. Numbers of orders and paths stay whole, so that they can be
// copied; one that is wider than the terminal has a line of its own.
type folder struct {
	to    io.Writer
	width int
	rest  []byte // a line whose end has not come yet
}

// foldedTo writes text for people: nothing of it steers the terminal but styles of our own.
// It is not folded where w is no terminal.
func foldedTo(w io.Writer, s screen) io.Writer {
	if s.width == 0 {
		return &steady{w}
	}
	return &folder{to: w, width: s.width}
}

// verbatim is w without folding, for what programs read.
func verbatim(w io.Writer) io.Writer {
	switch f := w.(type) {
	case *folder:
		return f.to
	case *steady:
		return f.to
	}
	return w
}

// steady writes text for people that a file, a name or a message of somebody else's may be
// part of: it may be looked at in a terminal later.
type steady struct{ to io.Writer }

func (s *steady) Write(text []byte) (int, error) {
	if _, err := io.WriteString(s.to, harmless(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// harmless is text in which only ends of lines, tabs and our styles mean something to a
// terminal.
func harmless(text string) string {
	var b strings.Builder
	for {
		at := strings.IndexFunc(text, func(c rune) bool { return c != '\n' && c != '\t' && settlement.Steers(c) })
		if at < 0 {
			if b.Len() == 0 {
				return text
			}
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:at])
		text = text[at:]
		_, size := utf8.DecodeRuneInString(text)
		if own := ownStyle.FindString(text); own != "" {
			b.WriteString(own)
			size = len(own)
		} else {
			b.WriteRune('�')
		}
		text = text[size:]
	}
}

// ownStyle is what painted writes.
var ownStyle = regexp.MustCompile(`^\x1b\[(?:0|` + strings.Join([]string{string(bold), string(faint), string(good), string(bad), string(warning)}, "|") + `)m`)

func (f *folder) Write(text []byte) (int, error) {
	f.rest = append(f.rest, text...)
	end := bytes.LastIndexByte(f.rest, '\n')
	if end < 0 {
		return len(text), nil
	}
	var b strings.Builder
	for line := range strings.Lines(harmless(string(f.rest[:end+1]))) {
		b.WriteString(folded(strings.TrimSuffix(line, "\n"), f.width) + "\n")
	}
	f.rest = append(f.rest[:0], f.rest[end+1:]...)
	_, err := io.WriteString(f.to, b.String())
	return len(text), err
}

// flush writes what has no end of a line behind it.
func (f *folder) flush() {
	if len(f.rest) > 0 {
		_, _ = io.WriteString(f.to, folded(harmless(string(f.rest)), f.width)) // nobody is left to be told
		f.rest = nil
	}
}

// flushed writes what a folder still holds.
func flushed(w io.Writer) {
	if f, ok := w.(*folder); ok {
		f.flush()
	}
}

// hanging is how far a line that goes on is indented beyond its beginning.
const hanging = 2

// folded breaks a line into several that are no wider than width, where that can be.
func folded(line string, width int) string {
	if cellWidth(line) <= width {
		return line
	}
	indent := len(line) - len(strings.TrimLeft(line, " "))
	below, mark := strings.Repeat(" ", min(indent+hanging, width/2)), ""
	if strings.HasPrefix(line[indent:], programName()+" ") {
		mark = " \\" // a command that is copied goes on in the next line
	}
	var b strings.Builder
	b.WriteString(line[:indent])
	at, gap, first := indent, 0, true
	for _, p := range pieces(line[indent:], width-len(below)) {
		if p.blank {
			gap = len(p.text)
			continue
		}
		w := cellWidth(p.text)
		if !first && at+gap+w+len(mark) > width {
			b.WriteString(mark + "\n" + below)
			at, gap = len(below), 0
		}
		b.WriteString(strings.Repeat(" ", gap) + p.text)
		at, gap, first = at+gap+w, 0, false
	}
	return b.String()
}

// piece is a part of a line that is not broken, or the blanks between two.
type piece struct {
	text  string
	blank bool
}

// pieces takes a line apart: at blanks, and within Chinese text between characters. A
// path that is wider than room is taken apart between a file and its member.
func pieces(line string, room int) (all []piece) {
	for line != "" {
		if n := len(line) - len(strings.TrimLeft(line, " ")); n > 0 {
			all, line = append(all, piece{line[:n], true}), line[n:]
			continue
		}
		end := strings.IndexByte(line, ' ')
		if end < 0 {
			end = len(line)
		}
		word := line[:end]
		line = line[end:]
		if isPath(word) {
			if file, member, inside := strings.Cut(word, "!"); inside && cellWidth(word) > room {
				all = append(all, piece{text: file})
				word = "!" + member
			}
			all = append(all, piece{text: word})
			continue
		}
		all = append(all, brokenWord(word)...)
	}
	return all
}

// isPath knows paths, which are not broken even where they have Chinese names.
func isPath(word string) bool {
	if strings.Contains(word, "://") || strings.Count(word, "/") > 1 {
		return true
	}
	switch name, _, _ := strings.Cut(word, ":"); path.Ext(strings.TrimRight(name, ".,;)")) {
	case ".csv", ".zip", ".gz", ".xls", ".xlsx", ".xml", ".txt", ".parquet", ".yaml", ".json", ".html":
		return true
	}
	return false
}

// Marks that do not begin a line, and those that do not end one.
const (
	closingMarks = "，。、；：！？）】》”’…)]},.;:!?%％"
	openingMarks = "（【《“‘([{"
)

// brokenWord breaks a word before and behind wide characters.
func brokenWord(word string) (all []piece) {
	from, last := 0, rune(0)
	for i, c := range word {
		if i > from && (isWide(c) || isWide(last)) && !strings.ContainsRune(closingMarks, c) && !strings.ContainsRune(openingMarks, last) && last != 0 {
			all, from = append(all, piece{text: word[from:i]}), i
		}
		last = c
	}
	return append(all, piece{text: word[from:]})
}

func isWide(c rune) bool {
	return c >= utf8.RuneSelf && cells.RuneWidth(c) == 2 || unicode.Is(unicode.Han, c)
}

// shortened is text of at most width cells; what is cut off is told by an ellipsis.
func shortened(text string, width int) string {
	if cells.StringWidth(text) <= width {
		return text
	}
	return cells.Truncate(text, width, "…")
}
