package settlement

import (
	"fmt"
	"strings"
	"testing"
)

func TestPositionShowsWhatIsKnown(t *testing.T) {
	for want, p := range map[string]Position{
		"bill.zip!业务明细.csv:12:7": {"bill.zip", "业务明细.csv", 12, 7},
		"bill.csv:12:7":          {"bill.csv", "", 12, 7},
		"bill.csv:12":            {"bill.csv", "", 12, 0},
		"bill.csv":               {"bill.csv", "", 0, 7},
		"bill.zip!a.csv":         {"bill.zip", "a.csv", 0, 0},
	} {
		if got := p.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestInputErrorSaysWhereWhatAndWhatToDo(t *testing.T) {
	for want, e := range map[string]*InputError{
		"b.csv:3:9: 手续费: not a number (fetch the bill again)": {Position{"b.csv", "", 3, 9}, "手续费", "not a number", "fetch the bill again"},
		"b.csv:3: not a number":               {Position{"b.csv", "", 3, 0}, "", "not a number", ""},
		"b.csv: it is empty (fetch it again)": {Position{File: "b.csv"}, "", "it is empty", "fetch it again"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestARefusalListsOneHundredErrorsAndCountsTheRest(t *testing.T) {
	for _, c := range []struct{ errors, listed, more int }{{1, 1, 0}, {99, 99, 0}, {100, 100, 0}, {101, 100, 1}, {250, 100, 150}} {
		r := &Refusal{Source: "b.zip!a.csv"}
		for i := range c.errors {
			r.Add(&InputError{Position: Position{"b.zip", "a.csv", int64(i + 1), 0}, What: "wrong"})
		}
		if len(r.Errors) != c.listed || r.More != int64(c.more) {
			t.Errorf("%d errors: %d listed, %d more", c.errors, len(r.Errors), r.More)
		}
		lines := strings.Split(r.Error(), "\n")
		if want := min(c.listed+c.more, c.listed+1); len(lines) != want || lines[0] != "b.zip!a.csv:1: wrong" {
			t.Errorf("%d errors: %d lines, the first %q", c.errors, len(lines), lines[0])
		}
		if last := lines[len(lines)-1]; c.more > 0 && last != fmt.Sprintf("b.zip!a.csv: and %d more", c.more) {
			t.Errorf("%d errors: the last line is %q", c.errors, last)
		}
	}
}

func TestRefuseNamesTheSource(t *testing.T) {
	if r := Refuse(&InputError{Position: Position{"b.zip", "a.csv", 3, 4}, What: "wrong"}); r.Source != "b.zip!a.csv" || len(r.Errors) != 1 {
		t.Errorf("got %+v", r)
	}
	if r := Refuse(&InputError{Position: Position{File: "b.csv"}, What: "wrong"}); r.Source != "b.csv" {
		t.Errorf("got %+v", r)
	}
}
