package delimited

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"reconcile/settlement"
)

func TestColumnsCountCharacters(t *testing.T) {
	const line = "手续费,a,€,𠮷,9"
	gb18030, err := simplifiedchinese.GB18030.NewEncoder().String(line)
	if err != nil {
		t.Fatal(err)
	}
	for column, character := range []rune(line) {
		for _, encoded := range []struct {
			name    string
			text    string
			before  int
			gb18030 bool
		}{
			{"UTF-8", line, strings.IndexRune(line, character), false},
			{"GB18030", gb18030, len(encodedPrefix(t, line, column)), true},
		} {
			if character == ',' {
				continue // not the only one
			}
			if got := ColumnAt([]byte(encoded.text), encoded.before, encoded.gb18030); got != int64(column+1) {
				t.Errorf("%s: %c stands in column %d, got %d", encoded.name, character, column+1, got)
			}
		}
	}
	for offset, want := range map[int]int64{-1: 1, 0: 1, 3: 4, 99: 4} {
		if got := ColumnAt([]byte("abc"), offset, false); got != want {
			t.Errorf("offset %d: column %d, want %d", offset, got, want)
		}
	}
}

// encodedPrefix is the first characters of line in GB18030.
func encodedPrefix(t *testing.T, line string, characters int) string {
	t.Helper()
	prefix, err := simplifiedchinese.GB18030.NewEncoder().String(string([]rune(line)[:characters]))
	if err != nil {
		t.Fatal(err)
	}
	return prefix
}

func TestProblemsKeepTheFirstHundredInFileOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, 1500).Draw(t, "problems")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var p Problems
		var workers sync.WaitGroup
		order := rng.Perm(count)
		for half := range 2 {
			workers.Go(func() {
				for n := half; n < count; n += 2 {
					at := order[n]
					p.Add(&settlement.InputError{Position: settlement.Position{File: "a.csv", Line: int64(at / 3), Column: int64(at%3) + 1}})
				}
			})
		}
		workers.Wait()
		refusal := p.Refusal("a.csv")
		if count == 0 {
			if refusal != nil {
				t.Fatalf("refused without a problem: %v", refusal)
			}
			return
		}
		if listed := min(count, settlement.MaxListed); len(refusal.Errors) != listed || refusal.More != int64(count-listed) || refusal.Source != "a.csv" {
			t.Fatalf("%d problems: %d listed, %d more, of %s", count, len(refusal.Errors), refusal.More, refusal.Source)
		}
		for at, e := range refusal.Errors {
			if e.Line != int64(at/3) || e.Column != int64(at%3)+1 {
				t.Fatalf("error %d of the list stands at %s", at, e.Position)
			}
		}
	})
}

func TestProblemsOfOnePlaceKeepTheirOrder(t *testing.T) {
	var p Problems
	for line := int64(50); line > 0; line-- {
		for n := range 20 {
			p.Add(&settlement.InputError{Position: settlement.Position{File: "a.csv", Line: line}, What: fmt.Sprint(n)})
		}
	}
	for at, e := range p.Refusal("a.csv").Errors {
		if e.Line != int64(at/20)+1 || e.What != fmt.Sprint(at%20) {
			t.Fatalf("error %d of the list is %v", at, e)
		}
	}
}
