package delimited

import (
	"fmt"
	"strings"
	"unicode/utf8"
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

// Listed prints up to most names, quoted.
func Listed(names []string, most int) string {
	var out []string
	for i, name := range names {
		if i == most {
			out = append(out, fmt.Sprintf("and %d more", len(names)-most))
			break
		}
		out = append(out, fmt.Sprintf("%q", Short(name)))
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
