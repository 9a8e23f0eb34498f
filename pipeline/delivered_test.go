package pipeline_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// delivered is the files of a generated day.
type delivered struct {
	key                             *generate.Key
	alipay, wechat, orders, refunds string
}

func (d delivered) all() []string { return []string{d.alipay, d.wechat, d.orders, d.refunds} }

// plantedDay is a day of a few hundred orders with breaks in both wallets, none of
// which depends on where the covered period ends.
func plantedDay(t testing.TB, change func(*generate.Options)) delivered {
	t.Helper()
	o := generate.Defaults()
	o.Orders = 500
	o.Cases = map[generate.Case]generate.Frequency{
		generate.MissingInStatement: generate.Count(12),
		generate.MissingInOrders:    generate.Count(12),
		generate.AmountMismatch:     generate.Count(12),
		generate.DuplicatePayment:   generate.Count(12),
	}
	if change != nil {
		change(&o)
	}
	key, err := generate.Day(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	return delivered{key, key.Files[0], key.Files[1], key.Files[2], key.Files[3]}
}

// ran runs a job over files into a new folder.
func ran(t testing.TB, files ...string) (*pipeline.Result, string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	result, err := pipeline.Run(context.Background(), pipeline.Job{Paths: files, Out: out})
	if err != nil {
		t.Fatal(err)
	}
	return result, out
}

// values prints the columns of every row of a table for which keep is true, sorted.
func values(t testing.TB, out, table string, keep func(output.Row) bool, columns ...string) []string {
	t.Helper()
	var list []string
	err := output.ReadTable(out, table, func(r output.Row) error {
		if keep != nil && !keep(r) {
			return nil
		}
		var row []string
		for _, c := range columns {
			row = append(row, r.Text(c))
		}
		list = append(list, strings.Join(row, " "))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func of(wallet string) func(output.Row) bool {
	return func(r output.Row) bool { return r.Text("wallet") == wallet }
}

// breaksOf are the breaks of a wallet, without what depends on the run's day.
func breaksOf(t testing.TB, out, wallet string) []string {
	return values(t, out, "breaks", of(wallet), "break_id", "kind", "order_no", "expected_amount", "actual_amount")
}

// sameBreaks compares the breaks of a wallet in two results, of which there must be
// some.
func sameBreaks(t testing.TB, got, want, wallet string) {
	t.Helper()
	expected := breaksOf(t, want, wallet)
	if len(expected) == 0 {
		t.Fatalf("no breaks of %s: this would prove nothing", wallet)
	}
	if found := breaksOf(t, got, wallet); !slices.Equal(found, expected) {
		t.Errorf("%d breaks of %s instead of %d", len(found), wallet, len(expected))
	}
}

// counted counts equal texts.
func counted(list []string) map[string]int {
	counts := map[string]int{}
	for _, text := range list {
		counts[text]++
	}
	return counts
}

// waits checks that nothing of a wallet is called missing: its events wait.
func waits(t testing.TB, out, wallet string) {
	t.Helper()
	states := counted(values(t, out, "order_events", of(wallet), "match_state"))
	if states["open"] == 0 || len(states) != 1 {
		t.Errorf("events of %s, whose bill was refused: %v", wallet, states)
	}
	if breaks := breaksOf(t, out, wallet); len(breaks) > 0 {
		t.Errorf("breaks of %s, whose bill was refused: %q", wallet, breaks)
	}
	if lines := values(t, out, "statement_lines", of(wallet), "line_id"); len(lines) > 0 {
		t.Errorf("%d lines of a refused bill", len(lines))
	}
}

// incomplete checks what a result says of itself that lacks the files in sources.
func incomplete(t testing.TB, result *pipeline.Result, out string, sources ...string) {
	t.Helper()
	var refused []string
	for _, r := range result.Refusals {
		refused = append(refused, r.Source)
	}
	slices.Sort(refused)
	slices.Sort(sources)
	if !slices.Equal(refused, sources) {
		t.Fatalf("refused %q, want %q: %v", refused, sources, result.Refusals)
	}
	if result.Complete() || result.Manifest == nil || result.Manifest.Complete || len(result.Manifest.Refused) != len(sources) {
		t.Errorf("the result calls itself complete")
	}
	written, err := output.ReadManifest(out)
	if err != nil || written.Complete || len(written.Refused) != len(sources) {
		t.Errorf("run.json: %v, %+v", err, written)
	}
	if _, err := os.Stat(filepath.Join(out, output.SuccessName)); !os.IsNotExist(err) {
		t.Errorf("%s: %v", output.SuccessName, err)
	}
}

func complete(t testing.TB, result *pipeline.Result, out string) {
	t.Helper()
	if len(result.Refusals) > 0 {
		t.Fatal(result.Refusals[0])
	}
	if _, err := os.Stat(filepath.Join(out, output.SuccessName)); err != nil || !result.Manifest.Complete {
		t.Errorf("complete = %v, %v", result.Manifest.Complete, err)
	}
}

// rewritten changes a file in place.
func rewritten(t testing.TB, path string, change func(text string) string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := change(string(content))
	if changed == string(content) {
		t.Fatalf("%s was not changed", path)
	}
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
}

// replacedField changes one field of the first line of text for which pick is true.
func replacedField(t testing.TB, text string, pick func(fields []string) bool, at int, change func(string) string) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		fields := strings.Split(line, ",")
		if len(fields) > at && pick(fields) {
			fields[at] = change(fields[at])
			lines[i] = strings.Join(fields, ",")
			return strings.Join(lines, "\n")
		}
	}
	t.Fatal("no such line")
	return ""
}

// oneFenMore adds a fen to an amount, which may stand between a backtick and the
// line's end.
func oneFenMore(t testing.TB) func(string) string {
	return func(field string) string {
		number := strings.Trim(field, "`\r")
		amount, err := settlement.ParseLongAmount([]byte(number))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Replace(field, number, (amount + 1).String(), 1)
	}
}
