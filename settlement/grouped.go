package settlement

import (
	"strconv"
	"strings"
)

// Grouped prints a with a comma between thousands, as people read amounts: "-1,234.50".
func (a Amount) Grouped() string { return GroupDigits(a.String()) }

// GroupedCount is the same of a count.
func GroupedCount(n int64) string { return GroupDigits(strconv.FormatInt(n, 10)) }

// GroupDigits is the same of a number in text: digits, a sign before them, a point among them.
func GroupDigits(text string) string {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	whole, fraction, pointed := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if pointed {
		whole += "." + fraction
	}
	return sign + whole
}
