package match_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reconcile/match"
	"reconcile/settlement"
)

// rowsOf draws the rows of a scene from few numbers, amounts and times, so that
// they meet in every way. Rows may stand several times, in several files.
func rowsOf(t *rapid.T) []string {
	pick := func(name string, from ...string) string { return rapid.SampledFrom(from).Draw(t, name) }
	var rows []string
	known := map[string]string{}  // the line of an identity: copies must agree
	orders := map[string]string{} // the order number of a transaction
	for range rapid.IntRange(0, 12).Draw(t, "lines") {
		place := pick("place", "wechat a1", "wechat a2", "alipay b1", "alipay -", "taobao_aggregated t1")
		order, txn := pick("order", "O1", "O2", "O3", "P1", "P2", "-"), pick("txn", "W1", "W2", "W3", "W4", "W5")
		at := pick("at", "@00:05", "@10:00", "@10:01", "@23:50")
		if orders[place+txn] == "" {
			orders[place+txn] = order
		}
		order = orders[place+txn]
		identity, row := place+" payment "+txn, fmt.Sprintf("line %s payment %s %s %s txn=%s", place, order, pick("gross", "10.00", "20.00", "30.00", "50.00"), at, txn)
		if kind := pick("kind", "payment", "payment", "refund", "revoke"); kind != "payment" {
			refund := pick("refund", "R1", "R2", "")
			refundID := pick("refund id", "1", "2")
			identity = place + kind + txn + "/" + refundID
			row = fmt.Sprintf("line %s %s %s -%s %s txn=%s refund=%s refundid=%s status=%s", place, kind, order, pick("back", "10.00", "20.00", "30.00"),
				at, txn, refund, refundID, pick("status", "success", "success", "processing", "failed"))
		}
		if known[identity] == "" {
			known[identity] = row
		}
		rows = append(rows, known[identity])
	}
	for range rapid.IntRange(0, 12).Draw(t, "events") {
		wallet := pick("wallet", "wechat", "alipay", "-")
		order := pick("order", "O1", "O2", "O3")
		rest := fmt.Sprintf("account=%s pay=%s txn=%s", pick("account", "", "", "a1", "a2", "b1"), pick("pay", "", "", "P1", "P2"), pick("txn", "", "", "W1", "W2", "W3"))
		at := pick("at", "@00:05", "@10:00", "@10:01", "@23:50", "@14T10:00", "")
		if rapid.Bool().Draw(t, "refund?") {
			rows = append(rows, fmt.Sprintf("refund %s %s %s -%s %s %s %s link=%s", order, pick("refund", "R1", "R2", "-"), wallet,
				pick("back", "10.00", "20.00", "30.00", "0.00"), pick("status", "success", "success", "processing", "failed"), at, rest,
				pick("link", "stated", "stated", "found", "ambiguous", "listed")))
			continue
		}
		rows = append(rows, fmt.Sprintf("event %s %s %s %s %s %s platform=%s %s", order, wallet,
			pick("amount", "10.00", "20.00", "30.00", "50.00", "0.00"), pick("status", "paid", "paid", "refunded", "closed", "unpaid"), at, rest,
			pick("platform", "", "taobao"), pick("escrow", "", "", "escrow", "confirmed=09:30", "confirmed=11:00 payout=20.00")))
	}
	return rows
}

const allRules = "rules pass3 aggregated=taobao watermark=23:00\n" +
	"covers wechat a1 12 13\ncovers wechat a2 12 13 payments\ncovers alipay b1 11 13\ncovers taobao_aggregated t1 12 13\n"

// filed puts each row into a file.
func filed(rows []string, file func(row int) int) string {
	var text strings.Builder
	text.WriteString(allRules)
	for i, row := range rows {
		fmt.Fprintf(&text, "%s file=%d\n", row, file(i))
	}
	return text.String()
}

func mustReconcile(t rapid.TB, s *scene, bits int) *tables {
	t.Helper()
	all, err := reconcile(s, bits)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// digest is all rows of all tables, without the places where they stood.
func digest(all *tables) string {
	matches, breaks := &settlement.Matches{}, &settlement.Breaks{}
	for i := range all.matches {
		settlement.AppendAll(matches, all.matches[i])
		settlement.AppendAll(breaks, all.breaks[i])
	}
	var text []string
	for _, out := range all.outcomes {
		text = append(text, rowTexts("line", out.Lines)...)
		text = append(text, rowTexts("event", out.Events)...)
		text = append(text, rowTexts("open", out.Open)...)
		text = append(text, fmt.Sprintf("ties %d %d whole %d messages %d dropped %d", out.EventOfLine, out.LineOfEvent, out.WholeRefunds, out.Messages, len(out.Dropped)))
	}
	text = append(text, rowTexts("match", match.SortMatches(matches))...)
	text = append(text, rowTexts("break", match.SortBreaks(breaks))...)
	return strings.Join(text, "\n")
}

// sortedDigest is the digest of rows that may come from several buckets.
func sortedDigest(all *tables) string {
	rows := strings.Split(digest(all), "\n")
	rows = slices.DeleteFunc(rows, func(row string) bool { return strings.HasPrefix(row, "ties ") })
	slices.Sort(rows)
	return strings.Join(rows, "\n")
}

func rowTexts(table string, batch settlement.Batch) []string {
	rows := make([]string, batch.Len())
	for i := range rows {
		rows[i] = table
	}
	for _, c := range batch.Columns() {
		if c.Name == "source_file" || c.Name == "source_line" {
			continue
		}
		for i := range rows {
			switch values := c.Values().(type) {
			case *settlement.Text:
				rows[i] += fmt.Sprintf(" %s=%q", c.Name, values.At(i))
			case []settlement.ID:
				rows[i] += fmt.Sprintf(" %s=%s", c.Name, values[i])
			case []settlement.Amount:
				rows[i] += fmt.Sprintf(" %s=%d", c.Name, values[i])
			case []settlement.Instant:
				rows[i] += fmt.Sprintf(" %s=%d", c.Name, values[i])
			case []settlement.Day:
				rows[i] += fmt.Sprintf(" %s=%d", c.Name, values[i])
			case []settlement.Rate:
				rows[i] += fmt.Sprintf(" %s=%d", c.Name, values[i])
			case []int64:
				rows[i] += fmt.Sprintf(" %s=%d", c.Name, values[i])
			case []uint64:
				rows[i] += fmt.Sprintf(" %s=%x", c.Name, values[i])
			case []uint8:
				rows[i] += fmt.Sprintf(" %s=%d", c.Name, values[i])
			default:
				panic("a column of another type: " + c.Name)
			}
		}
	}
	return rows
}

func TestNothingDependsOnTheOrderOfRowsOrOnFiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rowsOf(t)
		want := digest(mustReconcile(t, read(filed(rows, func(int) int { return 0 })), 0))
		files := rapid.SliceOfN(rapid.IntRange(0, 4), len(rows), len(rows)).Draw(t, "files")
		shuffled := rapid.Permutation(rows).Draw(t, "shuffled")
		got := digest(mustReconcile(t, read(filed(shuffled, func(row int) int { return files[row] })), 0))
		if want != got {
			t.Fatalf("in order:\n%s\n\nshuffled, in several files:\n%s", want, got)
		}
	})
}

func TestNothingDependsOnTheNumberOfBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := read(filed(rowsOf(t), func(row int) int { return row % 3 }))
		want := sortedDigest(mustReconcile(t, s, 0))
		for _, bits := range []int{1, 4} {
			if got := sortedDigest(mustReconcile(t, s, bits)); want != got {
				t.Fatalf("one bucket:\n%s\n\n%d buckets:\n%s", want, 1<<bits, got)
			}
		}
	})
}

func TestEveryRowEndsInOneStateAndTheMoneyAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := read(filed(rowsOf(t), func(row int) int { return row % 2 }))
		conserved(t, s, mustReconcile(t, s, 1))
	})
}

// conserved checks what must hold whatever the rows are.
func conserved(t rapid.TB, s *scene, all *tables) {
	t.Helper()
	lineBreaks, eventBreaks, seen := map[settlement.ID]int{}, map[settlement.ID]int{}, map[settlement.ID]bool{}
	for _, b := range all.breaks {
		for i := range b.Len() {
			if seen[b.ID[i]] {
				t.Fatalf("two breaks with one id: %s", s.printBreak(b, i, nil))
			}
			seen[b.ID[i]] = true
			lineBreaks[b.LineID[i]]++
			eventBreaks[b.EventID[i]]++
			if b.Reason.StringAt(i) == "" || b.Suggestion.StringAt(i) == "" {
				t.Fatalf("a break without a reason and a suggestion: %s", s.printBreak(b, i, nil))
			}
			if b.Difference[i] != orZero(b.Actual[i])-orZero(b.Expected[i]) {
				t.Fatalf("the difference is not actual − expected: %s", s.printBreak(b, i, nil))
			}
		}
	}
	claimed, lineOf := map[settlement.ID]settlement.Amount{}, map[settlement.ID]settlement.ID{}
	for _, m := range all.matches {
		for i := range m.Len() {
			if _, twice := lineOf[m.EventID[i]]; twice {
				t.Fatalf("an event is claimed twice: order %s", m.OrderNo.At(i))
			}
			lineOf[m.EventID[i]] = m.LineID[i]
			claimed[m.LineID[i]] += m.LineAmount[i]
			if m.Difference[i] != m.LineAmount[i]-m.OrderAmount[i] || m.Rule.StringAt(i) == "" {
				t.Fatalf("match %d: %s − %s ≠ %s, rule %q", i, m.LineAmount[i], m.OrderAmount[i], m.Difference[i], m.Rule.At(i))
			}
		}
	}
	var lines, events, messages, whole int64
	open := map[settlement.ID]bool{}
	for _, out := range all.outcomes {
		lines += int64(out.Lines.Len())
		events += int64(out.Events.Len())
		messages += out.Messages
		whole += out.WholeRefunds
		for _, d := range out.Dropped {
			if d.Side == settlement.LineSide {
				lines++
			} else {
				events++
			}
		}
		for _, item := range out.Open.ID {
			if open[item] {
				t.Fatalf("an item is open twice")
			}
			open[item] = true
		}
	}
	if lines != int64(s.lines.Len()) || events+messages != int64(s.events.Len())+whole {
		t.Fatalf("%d of %d lines, %d events and %d messages of %d and %d whole refunds", lines, s.lines.Len(), events, messages, s.events.Len(), whole)
	}
	for _, out := range all.outcomes {
		for i, own := range out.Lines.ID {
			state, of := out.Lines.MatchState[i], claimed[own]
			delete(claimed, own)
			wrong := state != settlement.Matched && state != settlement.Broken && state != settlement.Open && state != settlement.NotExpected ||
				of != 0 && of != out.Lines.Gross[i] || (state == settlement.Matched) != (of != 0 && lineBreaks[own] == 0) ||
				(state == settlement.Broken) != (lineBreaks[own] > 0) || (state == settlement.Open) != open[own]
			if wrong {
				t.Fatalf("line %s is %s: claimed %s of %s, %d breaks, open %v", s.names[own], state, of, out.Lines.Gross[i], lineBreaks[own], open[own])
			}
			if event := out.EventOfLine[i]; event >= 0 && state != settlement.NotExpected && lineOf[out.Events.ID[event]] != own {
				t.Fatalf("line %s stands with an event that another line was claimed for", s.names[own])
			}
			delete(open, own)
		}
		eventsEnd(t, out, lineOf, lineBreaks, eventBreaks, open)
	}
	if len(claimed)+len(open) > 0 {
		t.Fatalf("%d matches and %d open items of rows that are in no table", len(claimed), len(open))
	}
}

func eventsEnd(t rapid.TB, out *match.Outcome, lineOf map[settlement.ID]settlement.ID, lineBreaks, eventBreaks map[settlement.ID]int, open map[settlement.ID]bool) {
	t.Helper()
	seen := map[settlement.ID]bool{}
	for i, own := range out.Events.ID {
		if seen[own] {
			t.Fatalf("%s: two events with one id", eventName(out.Events, i))
		}
		seen[own] = true
		line, paired := lineOf[own]
		broken := eventBreaks[own] > 0 || paired && lineBreaks[line] > 0
		ok := false
		switch out.Events.MatchState[i] {
		case settlement.Matched:
			ok = paired && eventBreaks[own] == 0
		case settlement.Broken:
			ok = broken
		case settlement.Open:
			ok = !paired && !broken && open[own]
		case settlement.AwaitingRelease, settlement.NotExpected:
			ok = !paired && !broken
		}
		if !ok {
			t.Fatalf("%s is %s: with a line %v, broken %v, open %v", eventName(out.Events, i), out.Events.MatchState[i], paired, broken, open[own])
		}
		delete(open, own)
	}
}

func orZero(a settlement.Amount) settlement.Amount {
	if a == settlement.NoAmount {
		return 0
	}
	return a
}
