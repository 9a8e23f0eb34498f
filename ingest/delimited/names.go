package delimited

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"reconcile/settlement"
)

// mostShown is how many characters of a file's own text a message shows.
const mostShown = 60

// Short is a text of a file as a message shows it.
func Short(text string) string { return ShortTo(text, mostShown) }

// ShortTo keeps the first most characters of text.
func ShortTo(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for i, n := 0, 0; i < len(text); n++ {
		if n == most {
			return text[:i] + "…"
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		i += size
	}
	return text
}

// Heading is a first row of a file as a message shows it. One that is no row of names but
// one of data is masked.
func Heading(row string) string {
	if isOfData(row) {
		return maskedRow(row)
	}
	return shownName(row)
}

func maskedRow(row string) string {
	return settlement.Masked(longNumber.ReplaceAllStringFunc(row, func(digits string) string { return strings.Repeat("*", len(digits)) }))
}

// shownName is the name of a column as a message shows it.
func shownName(name string) string {
	return settlement.Printable(string(settlement.Redacted([]byte(Short(name)))))
}

// longNumber may be a bank card's, whichever bank issued it: a first row is looked at for its
// names, and no number of it helps.
var longNumber = regexp.MustCompile(`[0-9]{13,}`)

// isOfData says that text is no name of a column, nor several: it has more digits than
// those have, a mail address, or the address of a house.
func isOfData(text string) bool {
	digits := 0
	for _, c := range text {
		if unicode.IsDigit(c) {
			digits++
		}
	}
	return digits > 4 || // a year
		strings.ContainsAny(text, "@＠") || address.MatchString(text)
}

// address is a place in a place: 杭州市余杭区文三路. A name such as 省市区 is none.
var address = regexp.MustCompile(`\p{Han}{2,}[省市州县区]\p{Han}{2,}[区县镇乡村路街巷弄]`)

// Names is how the names of a header are shown in messages: masked where the row is no
// header but one of data.
func Names(header []string) (shown func(string) string) {
	if slices.ContainsFunc(header, isOfData) {
		return maskedRow
	}
	return shownName
}

// Listed prints up to most names of a header, quoted; masked where the row is one of data.
func Listed(names []string, most int) string {
	var out []string
	shown := Names(names)
	for i, name := range names {
		if i == most {
			out = append(out, fmt.Sprintf("and %d more", len(names)-most))
			break
		}
		out = append(out, fmt.Sprintf("%q", shown(name)))
	}
	return strings.Join(out, ", ")
}

// Letters are what spellings of one name share.
func Letters(name string) []rune {
	return []rune(strings.NewReplacer("_", "", "-", "", " ", "", ".", "").Replace(strings.ToLower(name)))
}

// Edits counts the insertions, deletions and replacements between a and b.
func Edits(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
