package bank

import "strings"

// field is one field of a record: its text without quotes, and where in the record it
// begins, at its quote.
type field struct {
	text string
	at   int
}

const quoteAdvice = `a field with a quote, comma or newline stands in quotes, with each quote inside it doubled: "5"" display"`

// splitRecord cuts a record (RFC 4180) into fields, which it appends to fields[:0]. Where
// wrong is not "", it says what is wrong at the last of them.
func splitRecord(text string, fields []field) (_ []field, wrong string) {
	fields = fields[:0]
	if strings.IndexByte(text, '"') < 0 {
		return splitPlain(text, fields), ""
	}
	for i := 0; ; i++ {
		start := i
		if i < len(text) && text[i] == '"' {
			var value string
			value, i, wrong = quoted(text, i)
			fields = append(fields, field{value, start})
			if wrong != "" {
				return fields, wrong
			}
			if i < len(text) && text[i] != ',' {
				return fields, "text behind the closing quote"
			}
		} else {
			end := strings.IndexByte(text[i:], ',')
			if end < 0 {
				end = len(text) - i
			}
			value := text[i : i+end]
			i += end
			fields = append(fields, field{value, start})
			if strings.Contains(value, `"`) && !isSheetText(strings.TrimSpace(value)) {
				return fields, "a quote inside a field that is not quoted"
			}
		}
		if i >= len(text) {
			return fields, ""
		}
	}
}

// splitPlain is splitRecord for a record without quotes.
func splitPlain(text string, fields []field) []field {
	for start := 0; ; {
		size := strings.IndexByte(text[start:], ',')
		if size < 0 {
			return append(fields, field{text[start:], start})
		}
		fields = append(fields, field{text[start : start+size], start})
		start += size + 1
	}
}

// quoted reads the quoted field that begins at text[i]; next is behind its closing quote.
func quoted(text string, i int) (value string, next int, wrong string) {
	var b strings.Builder
	for i++; ; {
		at := strings.IndexByte(text[i:], '"')
		if at < 0 {
			return "", len(text), "a quote that is never closed"
		}
		b.WriteString(text[i : i+at])
		i += at + 1
		if i == len(text) || text[i] != '"' {
			return b.String(), i, ""
		}
		b.WriteByte('"')
		i++
	}
}

// isSheetText says that text is ="…", the form in which spreadsheets keep a number as
// text.
func isSheetText(text string) bool {
	n := len(text)
	return n >= 3 && text[:2] == `="` && text[n-1] == '"' && !strings.Contains(text[2:n-1], `"`)
}

// cell is what a field says, without blanks around it and a spreadsheet's text forms.
func cell(text string) string {
	if isBare(text) {
		return text
	}
	text = strings.Trim(text, " \t\r\n\u3000\u00a0")
	if isSheetText(text) {
		return strings.TrimSpace(text[2 : len(text)-1])
	}
	if len(text) > 1 && text[0] == '\'' {
		return text[1:]
	}
	return text
}

// isBare says that nothing stands around a text, by its first and its last byte. It is
// false of some bare ones.
func isBare(text string) bool {
	if text == "" {
		return true
	}
	first, last := text[0], text[len(text)-1]
	// U+3000 and U+00A0 begin with the two bytes of the first line, and end with those of the second.
	return first > ' ' && first != '=' && first != '\'' && first != 0xE3 && first != 0xC2 &&
		last > ' ' && last != 0x80 && last != 0xA0
}
