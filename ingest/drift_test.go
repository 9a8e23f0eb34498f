package ingest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"reconcile/settlement"
)

// reshaped changes the header of a text and the rows under it.
func reshaped(t testing.TB, text, first string, change func(fields []string, header bool) []string) string {
	t.Helper()
	var b strings.Builder
	width := -1
	for _, fields := range fieldsOf(t, text) {
		switch {
		case width < 0 && strings.Trim(fields[0], "\ufeff \t") == first:
			width = len(fields)
			fields = change(fields, true)
		case len(fields) == width:
			fields = change(fields, false)
		}
		for i, field := range fields {
			if i > 0 {
				b.WriteByte(',')
			}
			if strings.ContainsAny(field, ",\"") && field[0] != '`' {
				field = `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
			}
			b.WriteString(field)
		}
		b.WriteByte('\n')
	}
	if width < 0 {
		t.Fatalf("no header that begins with %q", first)
	}
	return b.String()
}

// TestDriftOfEveryKind damages the header of each kind of file: what changed is told
// whether the file is used or refused, and what is refused is so because of it.
func TestDriftOfEveryKind(t *testing.T) {
	for _, k := range kinds {
		if k.first == "" {
			continue // camt.053 has no header
		}
		text := k.text(t, 10)
		header := func() (names []string) {
			reshaped(t, text, k.first, func(fields []string, header bool) []string {
				if header {
					names = slices.Clone(fields)
				}
				return fields
			})
			return names
		}()
		place := func(name string) int {
			at := slices.IndexFunc(header, func(n string) bool { return strings.TrimSpace(n) == name })
			if at < 0 {
				t.Fatalf("%s: no column %s in %q", k.name, name, header)
			}
			return at
		}
		needed, spare := place(k.needed), place(k.spare)
		renamedTo := func(at int) func([]string, bool) []string {
			return func(fields []string, header bool) []string {
				fields = slices.Clone(fields)
				if header {
					fields[at] = misspelt(fields[at])
				}
				return fields
			}
		}
		without := func(at int) func([]string, bool) []string {
			return func(fields []string, _ bool) []string { return slices.Delete(slices.Clone(fields), at, at+1) }
		}
		own := k.is == settlement.OrderExtract || k.is == settlement.BankStatement // may lack what is not needed
		for _, c := range []struct {
			name    string
			change  func([]string, bool) []string
			drift   settlement.DriftChange // "" for none
			column  string
			refused bool
		}{
			{"a new column", func(fields []string, header bool) []string {
				value := "1"
				if strings.HasPrefix(fields[0], "`") {
					value = "`1"
				}
				if header {
					value = "积分"
				}
				return append(slices.Clone(fields), value)
			}, settlement.NewColumn, "积分", false},
			{"a column under another name", renamedTo(spare), settlement.RenamedColumn, misspelt(header[spare]), false},
			{"a needed column under another name", renamedTo(needed), settlement.RenamedColumn, misspelt(header[needed]), true},
			{"a column in another place", func(fields []string, _ bool) []string {
				return append(slices.Delete(slices.Clone(fields), spare, spare+1), fields[spare])
			}, map[bool]settlement.DriftChange{false: settlement.MovedColumn}[k.anyOrder || spare == len(header)-1], k.spare, false},
			{"a column less", without(spare), map[bool]settlement.DriftChange{false: settlement.MissingColumn}[own], k.spare, false},
			{"a needed column less", without(needed), settlement.MissingColumn, k.needed, true},
		} {
			t.Run(k.name+"/"+c.name, func(t *testing.T) {
				s, _, err := readBytes(k.form(t, reshaped(t, text, k.first, c.change)))
				var refusal *settlement.Refusal
				if errors.As(err, &refusal) {
					s = refusal.Statement
				}
				if s == nil || (err != nil) != c.refused {
					t.Fatalf("refused: %v", err)
				}
				told := fmt.Sprint(settlement.DriftTexts(s.Drift))
				switch {
				case c.drift == "" && len(s.Drift) > 0, c.drift != "" && len(s.Drift) != 1:
					t.Errorf("got %s", told)
				case c.drift == "":
				case s.Drift[0].Change != c.drift || plainName(s.Drift[0].Column) != plainName(c.column) || s.Drift[0].Refused != c.refused || s.Drift[0].Meaning == "":
					t.Errorf("got %s, want %s %s", told, c.drift, c.column)
				}
			})
		}
	}
}

// TestAColumnUnderAnotherNameIsToldWhicheverItIs: the name of no single column decides
// whether a file is known.
func TestAColumnUnderAnotherNameIsToldWhicheverItIs(t *testing.T) {
	for _, k := range kinds {
		if k.first == "" {
			continue
		}
		text := k.text(t, 10)
		var header []string
		reshaped(t, text, k.first, func(fields []string, isHeader bool) []string {
			if isHeader {
				header = fields
			}
			return fields
		})
		for at, name := range header {
			t.Run(k.name+"/"+name, func(t *testing.T) {
				s, _, err := readBytes(k.form(t, reshaped(t, text, k.first, func(fields []string, isHeader bool) []string {
					fields = slices.Clone(fields)
					if isHeader {
						fields[at] = misspelt(fields[at])
					}
					return fields
				})))
				var refusal *settlement.Refusal
				if errors.As(err, &refusal) {
					s = refusal.Statement
				}
				if s == nil || len(s.Drift) != 1 || s.Drift[0].Change != settlement.RenamedColumn || s.Drift[0].At != at+1 || s.Drift[0].Refused != (err != nil) {
					t.Errorf("got %+v, %v", s, err)
				}
			})
		}
	}
}

// misspelt has one character more in the middle, before its unit.
func misspelt(name string) string {
	name = strings.TrimSpace(name)
	runes := []rune(plainName(name))
	return string(runes[:len(runes)/2]) + "X" + string(runes[len(runes)/2:]) + strings.TrimPrefix(name, plainName(name))
}

// plainName is a column's name without its unit.
func plainName(name string) string {
	if at := strings.IndexAny(name, "（("); at >= 0 {
		return name[:at]
	}
	return name
}
