package taobao

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// plainFields cuts a record of CSV into its fields, the plain way; columns are the places,
// in characters from 1, at which they begin.
func plainFields(text string) (fields []string, columns []int64, ok bool) {
	for rest := text; ; rest = rest[1:] {
		columns = append(columns, int64(utf8.RuneCountInString(text[:len(text)-len(rest)]))+1)
		if !strings.HasPrefix(rest, `"`) {
			field, _, _ := strings.Cut(rest, ",")
			fields, rest = append(fields, field), rest[len(field):]
		} else {
			var field strings.Builder
			for rest = rest[1:]; ; {
				inside, behind, closed := strings.Cut(rest, `"`)
				field.WriteString(inside)
				if !closed {
					return nil, nil, false
				}
				if rest = behind; !strings.HasPrefix(rest, `"`) {
					break
				}
				field.WriteByte('"')
				rest = rest[1:]
			}
			fields = append(fields, field.String())
		}
		switch {
		case rest == "":
			return fields, columns, true
		case rest[0] != ',':
			return nil, nil, false
		}
	}
}

func split(text string) (fields []string, ok bool) {
	fields, _, ok = plainFields(text)
	return fields, ok
}

// plainRecords are the records of a text as the plain way gives them, up to the first that
// is none: of each its fields and where they begin.
func plainRecords(content []byte) (records [][]string, columns [][]int64) {
	text := string(content)
	for text != "" {
		record, rest, _ := strings.Cut(text, "\n")
		record = strings.TrimSuffix(record, "\r")
		for strings.Count(record, `"`)%2 == 1 {
			if rest == "" {
				return records, columns
			}
			var more string
			more, rest, _ = strings.Cut(rest, "\n")
			record += "\n" + strings.TrimSuffix(more, "\r")
		}
		text = rest
		fields, at, ok := plainFields(record)
		if !ok || !utf8.ValidString(record) {
			return records, columns
		}
		records, columns = append(records, fields), append(columns, at)
	}
	return records, columns
}

func checkRecords(t interface{ Fatalf(string, ...any) }, content []byte) {
	want, columns := plainRecords(content)
	s := &textSource{lines: delimited.NewReader(delimited.Input{Stream: bytes.NewReader(content)}), decided: true}
	var r record
	for i := 0; ; i++ {
		if err := s.next(&r); err != nil {
			if i != len(want) {
				t.Fatalf("%q: %d records, then %v; the plain way gives %q", content, i, err, want)
			}
			return
		}
		got := r.texts()
		if len(r.text) == 0 && len(got) == 0 {
			got = []string{""}
		}
		if i >= len(want) || !slices.Equal(got, want[i]) {
			t.Fatalf("%q: record %d is %q, the plain way gives %q", content, i, got, want)
		}
		for j := range r.ends {
			if at := r.column(j); at != columns[i][j] {
				t.Fatalf("%q: field %d of record %d begins at %d, not %d", content, j, i, columns[i][j], at)
			}
		}
		if at := r.column(len(r.ends)); len(r.ends) > 0 && at != 0 {
			t.Fatalf("%q: a field that is not there begins at %d", content, at)
		}
	}
}

func TestRecordsAreThoseOfThePlainWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkRecords(t, []byte(rapid.StringMatching(`([a",，\n]|""|\r\n|="1"|",){0,24}`).Draw(t, "text")))
	})
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte(list))
	f.Add([]byte(movements))
	f.Add([]byte("a,\"b\"\"c\r\n,\",d\n=\"1\",\n\n\"\",\"x\"y"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if bytes.IndexByte(content, 0) < 0 && len(content) < delimited.MaxFields {
			checkRecords(t, content)
		}
	})
}

// Fields are decoded each by itself and once for equal ones: a record must come out as if
// it had been decoded whole.
func FuzzVocabulary(f *testing.F) {
	f.Add(gbk(f, movements))
	f.Add([]byte("\xd6\xd0,\x81,\xd6\xd0,\x84\x31\xa4\x37,\x81\x30\x81\x30\n\xd6\xd0,\x81\x30\x81,a\n\xd6\xd0,a,\xff"))
	f.Fuzz(func(t *testing.T, content []byte) {
		var v vocabulary
		for raw := range bytes.SplitSeq(content, []byte{'\n'}) {
			want, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
			valid := err == nil && !bytes.ContainsRune(want, utf8.RuneError)
			got, ok := v.decode(raw, nil)
			if ok != valid || ok && !bytes.Equal(got, want) {
				t.Fatalf("%q: %q, %t; decoded whole: %q, %t", raw, got, ok, want, valid)
			}
		}
	})
}

func TestRecordsOfManyFieldsAreDecoded(t *testing.T) {
	var v vocabulary
	text := strings.Repeat("甲,a,", maxColumns) + "乙"
	for range 2 {
		if got, ok := v.decode(gbk(t, text), nil); !ok || string(got) != text {
			t.Errorf("got %q, %t", got, ok)
		}
	}
	if _, ok := v.decode(append(gbk(t, text), 0xff), nil); ok {
		t.Error("a byte that is no text is decoded")
	}
}

// Lines of one identity have one time. In whatever order times come, their numbers are those
// that a map gives.
func TestOccurrencesAreCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.SampledFrom([][]settlement.Instant{{0, 1}, {0, 0, 0, 1}, {0, -1}, {0, 1, -1}, {0}, {0, 0, 1, 1, 1, 1, 1, 1, 1, 1, -7}}).Draw(t, "steps")
		var o occurrences
		at, want := settlement.Instant(0), map[settlement.ID]uint32{}
		for range rapid.IntRange(0, 3*manyOfAMoment).Draw(t, "lines") {
			at += rapid.SampledFrom(steps).Draw(t, "step")
			id := settlement.ID{Hi: uint64(at), Lo: rapid.Uint64Range(0, 2).Draw(t, "line") << 48}
			if got := o.add(id, at); got != want[id] {
				t.Fatalf("%v had occurred %d times, got %d", id, want[id], got)
			}
			want[id]++
		}
	})
}

func TestOrdersInNotesAreThoseOfThePlainWay(t *testing.T) {
	bracketed, digits := regexp.MustCompile(`^[^\]}]+[\]}]`), regexp.MustCompile(`^[0-9]{15,20}([^0-9]|$)`)
	plain := func(note string) string {
		for _, mark := range []string{"订单号:", "订单号：", "淘宝交易号[", "订单{", "预收{", "服务费(", "服务费"} {
			_, behind, ok := strings.Cut(note, mark)
			if ok && mark == "淘宝交易号[" && bracketed.MatchString(behind) {
				return strings.TrimRight(bracketed.FindString(behind), "]}")
			}
			if ok && digits.MatchString(behind) {
				return regexp.MustCompile(`^[0-9]+`).FindString(behind)
			}
		}
		return ""
	}
	parts := rapid.SliceOfN(rapid.SampledFrom([]string{"订单号:", "订单号：", "淘宝交易号[", "订单{", "预收{", "服务费(", "服务费", "]", "}", ")", "12345678901234", "5", "310000", "扣款"}), 0, 8)
	rapid.Check(t, func(t *rapid.T) {
		note := strings.Join(parts.Draw(t, "note"), "")
		if got, want := string(orderInNote([]byte(note))), plain(note); got != want {
			t.Fatalf("%q names the order %q, the plain way gives %q", note, got, want)
		}
	})
}

func TestMerchantNumbersAreThoseOfThePlainWay(t *testing.T) {
	prefixed := regexp.MustCompile(`^T[0-9]+N?P(.+)$`)
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.StringMatching(`T?[0-9]{0,2}[NPT]{0,3}[0-9]{0,3}`).Draw(t, "order")
		want := order
		if found := prefixed.FindStringSubmatch(order); found != nil {
			want = found[1]
		}
		if got := string(merchantNumber([]byte(order))); got != want {
			t.Fatalf("%q is the order %q, the plain way gives %q", order, got, want)
		}
	})
}
