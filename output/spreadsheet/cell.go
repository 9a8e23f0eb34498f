// Package spreadsheet writes text that a spreadsheet program takes for text. Whoever
// made a file that is read here (a buyer who chose a name, a bank's customer who wrote
// a note) must not be able to put a formula into what somebody opens later.
//
// Nothing is lost: Unguarded gives back what Guarded was given, for every text.
package spreadsheet

import (
	"strings"
	"unicode/utf8"
)

// formulaStarts are the characters with which a spreadsheet takes text for a formula;
// some programs read their full-width forms alike.
const formulaStarts = "=+-@\t\r\n＝＋－＠"

// passedOver are characters that some programs take off a cell before they look at it:
// blanks of all widths, the byte order mark, and a character of no width.
const passedOver = " \u00a0\u3000\u200b\ufeff"

// mark goes before text that would be taken for a formula: spreadsheet programs hide it
// and take the rest for text.
const mark = "'"

// Guarded puts a ' before text that a spreadsheet would take for a formula. A number is
// none, whatever its sign: -12.30 stays -12.30.
func Guarded(text string) string {
	if IsFormula(text) {
		return mark + text
	}
	return text
}

// Unguarded takes the ' off again that Guarded has put before a text.
func Unguarded(text string) string {
	if bare, marked := strings.CutPrefix(text, mark); marked && IsFormula(bare) {
		return bare
	}
	return text
}

// IsFormula says that a spreadsheet may take text for a formula. Text that has marks
// already counts as what is behind them, so that Guarded can be undone.
func IsFormula(text string) bool {
	text = strings.TrimLeft(text, mark)
	if isNumber(text) {
		return false
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, passedOver))
	return text != "" && strings.ContainsRune(formulaStarts, first)
}

// isNumber knows numbers as they are printed here: digits, a sign before them, a point
// among them.
func isNumber(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	whole, fraction, pointed := strings.Cut(digits, ".")
	return allDigits(whole) && (!pointed || allDigits(fraction))
}

func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
