package ingesttest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// derived columns follow from others, where a change shows too, or from where a row
// stands: a line end inside a quoted text or before the header moves the rows behind it.
var derived = []string{"line_id", "event_id", "key", "source_line"}

// truncation cuts a small file at every byte.
func (s suite) truncation(t *testing.T, e Encoding) {
	content := s.file(t, s.Sample(3, 1), e)
	whole := s.accept(t, content)
	accepted := 0
	for n := range content {
		if underRace && n%9 != 0 {
			continue
		}
		r := s.read(t, content[:n])
		if r.refusal != nil {
			continue
		}
		accepted++
		if !s.NoTotals || s.Pack != nil {
			if text(r.rows) != text(whole.rows) || summary(r.statement) != summary(whole.statement) {
				t.Errorf("cut to %d of %d bytes: accepted, with %d of %d rows", n, len(content), len(r.rows), len(whole.rows))
			}
			continue
		}
		s.cutWithoutTotals(t, content[:n], r, whole)
	}
	// A few bytes behind the last total, and of an extract its lines.
	t.Logf("%d of %d cuts accepted", accepted, len(content))
}

// cutWithoutTotals: the rows before a cut are what they were, and a line that was cut
// is not taken for whole without a word.
func (s suite) cutWithoutTotals(t *testing.T, cut []byte, r, whole reading) {
	t.Helper()
	if n := len(r.rows); n > 0 && n == len(whole.rows) && int64(bytes.Count(cut, []byte("\n"))) >= r.rows[n-1].line {
		if text(r.rows) != text(whole.rows) || summary(r.statement) != summary(whole.statement) {
			t.Errorf("cut to %d bytes, behind the last row: other rows", len(cut))
		}
		return
	}
	if len(r.rows) > len(whole.rows) {
		t.Errorf("cut to %d bytes: %d rows of %d", len(cut), len(r.rows), len(whole.rows))
		return
	}
	noted := slices.Contains(r.statement.Notes, delimited.NoLineEnd)
	for i := range r.rows {
		for _, name := range differences(&r.rows[i], &whole.rows[i]) {
			switch {
			case i < len(r.rows)-1:
				t.Errorf("cut to %d bytes: %s of row %d is another", len(cut), name, i+1)
			case !slices.Contains(s.Uncovered, name):
				t.Errorf("cut to %d bytes: %s of the last row is another", len(cut), name)
			case !noted:
				t.Errorf("cut to %d bytes: %s of the last row is another, without a note", len(cut), name)
			}
		}
	}
	if len(r.rows) > 0 && !bytes.HasSuffix(cut, []byte("\n")) && !noted {
		t.Errorf("cut to %d bytes, inside a line: accepted without a note", len(cut))
	}
}

// differences are the columns, but for derived ones, in which two rows differ.
func differences(a, b *row) (names []string) {
	for i, name := range a.columns {
		if !slices.Contains(derived, name) && a.values[i] != b.value(name) {
			names = append(names, name)
		}
	}
	return names
}

// slip is a change that was accepted although it changed a column.
type slip struct {
	what  string // the first one
	times int
}

// changes damages one byte at a time: each of its bits, a digit more and less, a
// separator and a line end in its place, left out, and twice.
func (s suite) changes(t *testing.T) {
	content := s.usual(t, 3)
	whole := s.accept(t, content)
	slips := map[string]*slip{}
	wrong := map[string]bool{} // control totals that were refused for what they state
	for at := range content {
		if underRace && at%9 != 0 {
			continue
		}
		for _, changed := range s.changesOf(content, at) {
			r := s.read(t, changed)
			if r.refusal != nil {
				noteWrong(wrong, r.refusal, whole.statement)
				continue
			}
			for _, name := range s.slipped(r, whole) {
				if slips[name] == nil {
					slips[name] = &slip{what: fmt.Sprintf("byte %d, %q made %q", at, around(content, at), around(changed, at))}
				}
				slips[name].times++
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(slips)) {
		if !slices.Contains(s.Uncovered, name) {
			t.Errorf("%s changes unseen, %d times, first with %s", name, slips[name].times, slips[name].what)
		}
	}
	if underRace {
		return // what was not looked at can neither slip nor be refused
	}
	for _, name := range s.Uncovered {
		if slips[name] == nil {
			t.Errorf("%s is named as not covered, but no change of it was accepted", name)
		}
	}
	for _, total := range whole.statement.Totals {
		if !wrong[total.Name+fmt.Sprint(total.Measure)] {
			t.Errorf("control total %s: no wrong value of it was refused for not tying", total.Name)
		}
	}
}

// slipped says what a change that was accepted changed.
func (s suite) slipped(r, whole reading) (names []string) {
	add := func(name string, differs bool) {
		if differs && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	a, b := r.statement, whole.statement
	add("account", a.Account != b.Account)
	add("period", a.From != b.From || a.Until != b.Until)
	add("currency", a.Currency != b.Currency)
	add("kind of statement", a.Kind != b.Kind || a.Wallet != b.Wallet || a.Part != b.Part)
	for _, total := range b.Totals {
		kept := slices.ContainsFunc(a.Totals, func(o settlement.ControlTotal) bool { return o.Name == total.Name })
		// A total whose name is not known any more is not compared, and said to be so.
		add("control total "+total.Name, !kept && len(a.Notes) <= len(b.Notes))
	}
	for _, total := range a.Totals {
		add("control total "+total.Name, !total.Ties())
	}
	if len(r.rows) != len(whole.rows) || a.Rows != b.Rows {
		return append(names, "number of rows")
	}
	for i := range r.rows {
		for _, name := range differences(&r.rows[i], &whole.rows[i]) {
			add(name, true)
		}
	}
	return names
}

// noteWrong notes the control totals that a refusal shows with another stated value
// beside the rows' true sum.
func noteWrong(wrong map[string]bool, refusal *settlement.Refusal, whole *settlement.Statement) {
	for _, total := range refusal.Totals {
		for _, good := range whole.Totals {
			if total.Name == good.Name && total.Measure == good.Measure && total.Computed == good.Computed && !total.Ties() {
				wrong[total.Name+fmt.Sprint(total.Measure)] = true
			}
		}
	}
}

// changesOf are the changes of one byte.
func (s suite) changesOf(content []byte, at int) [][]byte {
	without, twice := slices.Delete(slices.Clone(content), at, at+1), slices.Insert(slices.Clone(content), at, content[at])
	if s.Few {
		more := slices.Clone(content)
		more[at] ^= 1 << (at / 3 % 8)
		return [][][]byte{{more}, {without}, {twice}}[at%3]
	}
	was := content[at]
	put := map[byte]bool{}
	for bit := range 8 {
		put[was^1<<bit] = true
	}
	if was >= '0' && was <= '9' {
		put['0'+(was-'0'+1)%10], put['0'+(was-'0'+9)%10] = true, true
	}
	put[','], put['\n'] = true, true
	delete(put, was)
	var out [][]byte
	for _, b := range slices.Sorted(maps.Keys(put)) {
		changed := slices.Clone(content)
		changed[at] = b
		out = append(out, changed)
	}
	return append(out, without, twice)
}

// around is the text at a place, for messages.
func around(content []byte, at int) string {
	return string(content[max(at-12, 0):min(at+12, len(content))])
}
