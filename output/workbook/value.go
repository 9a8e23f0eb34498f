package workbook

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"reconcile/settlement"
)

// mostHeld is the largest amount of 15 digits, 9,999,999,999,999.99: the numbers of a
// spreadsheet are binary fractions, in which every decimal number of so many digits has a place
// of its own.
const mostHeld settlement.Amount = 999_999_999_999_999

// held says that a spreadsheet keeps an amount to the fen.
func held(a settlement.Amount) bool { return a >= -mostHeld && a <= mostHeld }

// number is an amount as excelize takes numbers with decimals. The float carries the
// decimal text and nothing is calculated with it: excelize writes the shortest decimal
// text that means it, which is the one it was made of as long as the amount is held.
func number(a settlement.Amount) any {
	carrier, err := strconv.ParseFloat(a.String(), 64)
	if err != nil || !held(a) {
		return a.String()
	}
	return carrier
}

// Excel's limits of a text, in UTF-16 units.
const longestText = excelize.TotalCellChars

// printable is a text as XML can hold it: control characters are shown by their signs
// (U+2400 on), bytes that are no text by the sign for that, and what is longer than a
// cell can be says so at its end.
func printable(text string) string {
	plain := strings.ToValidUTF8(text, "\ufffd")
	if strings.ContainsFunc(plain, hidden) {
		plain = strings.Map(shown, plain)
	}
	if len(plain) <= longestText { // bytes are never fewer than units
		return plain
	}
	units := 0
	for _, c := range plain {
		units += unitsOf(c)
	}
	if units <= longestText {
		return plain
	}
	end := fmt.Sprintf(" … (%d)", utf8.RuneCountInString(plain))
	room, at := longestText-len(end)-2, 0
	for i, c := range plain {
		if room -= unitsOf(c); room < 0 {
			at = i
			break
		}
	}
	return plain[:at] + end
}

func unitsOf(c rune) int {
	if c > 0xffff {
		return 2
	}
	return 1
}

// hidden says that XML cannot hold a character, or changes it.
func hidden(c rune) bool {
	return c < ' ' && c != '\n' && c != '\t' || c == 0x7f || c == 0xfffe || c == 0xffff
}

func shown(c rune) rune {
	switch {
	case !hidden(c):
		return c
	case c < ' ':
		return 0x2400 + c
	case c == 0x7f:
		return 0x2421
	}
	return utf8.RuneError
}

// serial is a day as a spreadsheet counts it: days since 1899-12-30.
func serial(d settlement.Day) int64 { return int64(d) + 25_569 }
