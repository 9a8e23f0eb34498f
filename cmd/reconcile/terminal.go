package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// pageWidth is how many cells a terminal has at least, and what is laid out for a pipe.
const pageWidth = 80

// narrowest is the width below which nothing is laid out for: it is folded by the
// terminal itself.
const narrowest = 40

// screen is where people read: how wide it is, and whether it shows colours.
type screen struct {
	width  int // in cells; 0 is no terminal, on which nothing is folded
	colour bool
}

// screenOf asks what w is.
func screenOf(w io.Writer, getenv func(string) string) screen {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) { //nolint:gosec // a file descriptor is small
		return screen{}
	}
	s := screen{width: pageWidth, colour: true}
	if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 { //nolint:gosec // see above
		s.width = columns
	}
	if columns, err := strconv.Atoi(getenv("COLUMNS")); err == nil && columns > 0 {
		s.width = columns
	}
	s.width = max(s.width, narrowest)
	return s
}

// chooseColour decides whether there are colours: what --color says; else those who set
// NO_COLOR (no-color.org) or have a terminal that cannot get none, CLICOLOR_FORCE wants
// them also in a pipe, and a terminal has them.
func (a *app) chooseColour() error {
	switch a.colorFlag {
	case "always":
		a.toOut.colour, a.toErr.colour = true, true
	case "never":
		a.toOut.colour, a.toErr.colour = false, false
	case "", "auto":
		force := a.getenv("CLICOLOR_FORCE")
		switch {
		case a.getenv("NO_COLOR") != "" || a.getenv("TERM") == "dumb":
			a.toOut.colour, a.toErr.colour = false, false
		case force != "" && force != "0":
			a.toOut.colour, a.toErr.colour = true, true
		}
	default:
		return fmt.Errorf("--color %q: auto, always and never are known", a.colorFlag)
	}
	return nil
}

// page is how many cells a line of results may have.
func (a *app) page() int {
	if a.toOut.width > 0 {
		return a.toOut.width
	}
	return pageWidth
}

// style is how text looks where there are colours. It never tells anything alone: the
// words beside it say the same.
type style string

const (
	plain   style = ""
	bold    style = "1"
	faint   style = "2"
	good    style = "32"   // green
	bad     style = "1;31" // red
	warning style = "33"   // yellow
)

// paint gives text for results its style.
func (a *app) paint(s style, text string) string { return painted(a.toOut.colour, s, text) }

// paintOn is paint for text that goes to w, which may be the error stream.
func (a *app) paintOn(w io.Writer, s style, text string) string {
	if w == a.err && a.err != a.out {
		return painted(a.toErr.colour, s, text)
	}
	return a.paint(s, text)
}

func painted(colour bool, s style, text string) string {
	if !colour || s == plain || strings.TrimSpace(text) == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// unpainted is text without styles.
func unpainted(text string) string {
	if !strings.Contains(text, "\x1b[") {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, text, _ = strings.Cut(rest, "m")
	}
}

// cellWidth is how many cells text takes in a terminal.
func cellWidth(text string) int { return cells.StringWidth(unpainted(text)) }
