package orders

import (
	"bytes"

	"reconcile/ingest/delimited"
)

// What may be wrong with the quotes of a record.
const (
	quoteInside = "a quote inside a field that is not quoted"
	quoteAfter  = "text behind the closing quote"
	quoteOpen   = "a quote that is never closed"
	quoteAdvice = `a field with a quote, comma or newline stands in quotes, with each quote inside it doubled: "5"" display"`
	recordLong  = "a record longer than a line may be; a quote is probably not closed"
)

// splitter cuts records into fields (RFC 4180). Its slices are reused: fields are
// valid until the next record. Most records have no quote; of these only the commas
// are kept, and a field is cut out when it is asked for.
type splitter struct {
	quoted bool // which of the two forms below holds the record

	line   []byte
	commas []int32 // −1, the offset of each comma, the length of line

	fields [][]byte // without quotes, doubled quotes undoubled
	starts []int    // where in the record each field begins, at its quote

	// unescaped holds what is not a part of the record as it stands: fields that
	// had doubled quotes, decoded texts.
	unescaped []byte
}

// splitPlain cuts a line that contains no quote.
func (s *splitter) splitPlain(line []byte) {
	s.quoted, s.line, s.unescaped = false, line, s.unescaped[:0]
	s.commas = append(delimited.Separators(line, ',', append(s.commas[:0], -1)), int32(len(line)))
}

// count is the number of fields of the record.
func (s *splitter) count() int {
	if s.quoted {
		return len(s.fields)
	}
	return max(len(s.commas)-1, 0)
}

// at is field i of the record.
func (s *splitter) at(i int) []byte {
	if s.quoted {
		return s.fields[i]
	}
	return s.line[s.commas[i]+1 : s.commas[i+1]]
}

// start is where in the record field i begins, at its quote.
func (s *splitter) start(i int) int {
	if s.quoted {
		return s.starts[i]
	}
	return int(s.commas[i]) + 1
}

// split cuts the record at the start of data, which may go over several lines.
// consumed includes the line end. Where what is not "", the record is wrong at
// the last field of s, and consumed is 0 unless only its length is wrong.
func (s *splitter) split(data []byte) (consumed int, what string) {
	s.quoted, s.fields, s.starts, s.unescaped = true, s.fields[:0], s.starts[:0], s.unescaped[:0]
	for i := 0; ; i++ {
		start := i
		var value []byte
		if i < len(data) && data[i] == '"' {
			if value, i, what = s.quotedField(data, i); what != "" {
				return 0, s.wrong(start, what)
			}
			if !endsField(data, i) {
				return 0, s.wrong(start, quoteAfter)
			}
		} else {
			for i < len(data) && data[i] != ',' && data[i] != '\n' {
				i++
			}
			value = data[start:i]
			if n := len(value); n > 0 && value[n-1] == '\r' && (i == len(data) || data[i] == '\n') {
				value = value[:n-1]
			}
			if bytes.IndexByte(value, '"') >= 0 && !isSpreadsheetText(value) {
				return 0, s.wrong(start, quoteInside)
			}
		}
		s.fields, s.starts = append(s.fields, value), append(s.starts, start)
		if i < len(data) && data[i] == '\r' {
			i++
		}
		if i == len(data) {
			return i, s.tooLong(i)
		}
		if data[i] == '\n' {
			return i + 1, s.tooLong(i)
		}
	}
}

// quotedField reads the quoted field that begins at data[i]; next is behind its
// closing quote.
func (s *splitter) quotedField(data []byte, i int) (value []byte, next int, what string) {
	i++
	from, doubled := i, false
	for {
		at := bytes.IndexByte(data[i:], '"')
		if at < 0 {
			return nil, 0, quoteOpen
		}
		i += at + 1
		if i == len(data) || data[i] != '"' {
			break
		}
		doubled = true
		i++
	}
	value = data[from : i-1]
	if doubled {
		begin := len(s.unescaped)
		for {
			at := bytes.IndexByte(value, '"')
			if at < 0 {
				break
			}
			s.unescaped = append(s.unescaped, value[:at+1]...)
			value = value[at+2:]
		}
		s.unescaped = append(s.unescaped, value...)
		value = s.unescaped[begin:len(s.unescaped):len(s.unescaped)]
	}
	return value, i, ""
}

// endsField says that a field may end before data[i].
func endsField(data []byte, i int) bool {
	if i == len(data) || data[i] == ',' || data[i] == '\n' {
		return true
	}
	return data[i] == '\r' && (i+1 == len(data) || data[i+1] == '\n')
}

func (s *splitter) wrong(start int, what string) string {
	s.fields, s.starts = append(s.fields, nil), append(s.starts, start)
	return what
}

func (s *splitter) tooLong(consumed int) string {
	if consumed > delimited.MaxLine {
		return s.wrong(0, recordLong)
	}
	return ""
}

// isSpreadsheetText says that text is ="…", the form in which spreadsheets keep
// a number as text.
func isSpreadsheetText(text []byte) bool {
	n := len(text)
	return n >= 3 && text[0] == '=' && text[1] == '"' && text[n-1] == '"' && bytes.IndexByte(text[2:n-1], '"') < 0
}
