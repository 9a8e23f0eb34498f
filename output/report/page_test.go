package report_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/output/report"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// generatedDays runs days with fund flows, a bank and every break into a dataset, and
// returns the newest.
func generatedDays(t *testing.T, days int) (dir string) {
	t.Helper()
	dataset := filepath.Join(t.TempDir(), "days")
	for n := range days {
		o := generate.Defaults()
		o.Orders, o.FundFlow, o.Bank, o.Nth = 500, true, true, n
		o.Day += settlement.Day(n)
		for _, c := range generate.Askable() {
			if c.PlantsBreak() && c.IsPossible(o) {
				o.Cases[c] = generate.Count(2)
			}
		}
		key, err := generate.Day(t.TempDir(), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: key.Files, Dataset: dataset, Day: o.Day}); err != nil {
			t.Fatal(err)
		}
		dir = pipeline.DayFolder(dataset, o.Day)
	}
	return dir
}

func read(t *testing.T, dir string) *overview.Overview {
	t.Helper()
	m, err := output.Verified(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	v, err := overview.Read(dir, m, report.Reading(""))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func render(t *testing.T, v *overview.Overview, first report.Language) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, v, first); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// page is a parsed report.
type page struct{ root *html.Node }

func parsed(t *testing.T, text string) page {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return page{root}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// all are the elements below n for which is says so.
func all(n *html.Node, is func(*html.Node) bool) (found []*html.Node) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && is(d) {
			found = append(found, d)
		}
	}
	return found
}

func (p page) id(t *testing.T, id string) *html.Node {
	t.Helper()
	found := all(p.root, func(n *html.Node) bool { return attribute(n, "id") == id })
	if len(found) != 1 {
		t.Fatalf("%d elements have the id %q", len(found), id)
	}
	return found[0]
}

// said is the English text of an element.
func said(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	if n.Type == html.ElementNode && attribute(n, "lang") == "zh-CN" && !strings.Contains(attribute(n, "class"), "asis") {
		return ""
	}
	var b strings.Builder
	for c := range n.ChildNodes() {
		b.WriteString(said(c))
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// rows are the cells of the rows of a table, headings left out.
func rows(table *html.Node) (list [][]string) {
	for _, tr := range all(table, func(n *html.Node) bool {
		return n.Data == "tr" && n.Parent.Data != "thead" && attribute(n, "class") != "story"
	}) {
		var cells []string
		for _, cell := range all(tr, func(n *html.Node) bool { return n.Data == "td" || n.Data == "th" }) {
			cells = append(cells, said(cell))
		}
		list = append(list, cells)
	}
	return list
}

// yuan is an amount as the page prints it.
func yuan(a settlement.Amount) string {
	if a == settlement.NoAmount {
		return "–"
	}
	text := a.String()
	for point := strings.IndexByte(text, '.') - 3; point > 0 && text[point-1] != '-'; point -= 3 {
		text = text[:point] + "," + text[point:]
	}
	return text
}

func TestEveryBreakOfThePageIsThatOfTheTable(t *testing.T) {
	dir := generatedDays(t, 2)
	p := parsed(t, render(t, read(t, dir), report.English))
	want := map[string]int{}
	n := 0
	if err := output.ReadTable(dir, "breaks", func(r output.Row) error {
		if r.Text("status") != "open" {
			return nil
		}
		n++
		money := func(column string) string {
			if r.IsNull(column) {
				return "–"
			}
			a, _ := r.Money(column)
			return yuan(a)
		}
		place := ""
		if !r.IsNull("source_line") {
			place = ":" + r.Text("source_line")
		}
		want[strings.Join([]string{money("expected_amount"), money("actual_amount"), money("difference"), r.Text("age_days"), place}, "|")]++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	list := rows(p.id(t, "break-table"))
	if len(list) != n || n < 20 {
		t.Fatalf("%d rows, the table has %d open breaks", len(list), n)
	}
	for _, cells := range list {
		key := strings.Join([]string{cells[3], cells[4], cells[5], cells[6], regexp.MustCompile(`:[0-9]+$`).FindString(cells[7])}, "|")
		if want[key]--; want[key] < 0 {
			t.Errorf("the table has no break %q", cells)
		}
	}
}

func TestEveryRollForwardOfThePageIsThatOfTheTable(t *testing.T) {
	v := read(t, generatedDays(t, 2))
	p := parsed(t, render(t, v, report.English))
	tables := all(p.id(t, "balances"), func(n *html.Node) bool { return attribute(n, "class") == "roll" })
	if len(tables) != len(v.Balances) || len(tables) < 2 {
		t.Fatalf("%d roll-forwards on the page, %d in the table", len(tables), len(v.Balances))
	}
	found := map[string]bool{}
	for _, table := range tables {
		list := rows(table)
		first, last := list[0], list[len(list)-1]
		found[first[1]+" "+strings.Join(last[1:], " ")] = true
	}
	for _, r := range v.Balances {
		if want := yuan(r.Opening) + " " + yuan(r.Computed) + " " + yuan(r.Closing) + " " + yuan(r.Unexplained); !found[want] {
			t.Errorf("%s %s: %s is not on the page: %v", r.Wallet, r.Account, want, found)
		}
	}
}

func TestEveryFeeOfThePageIsThatOfTheRun(t *testing.T) {
	v := read(t, generatedDays(t, 1))
	list := rows(parsed(t, render(t, v, report.English)).id(t, "fee-table"))
	if len(list) != len(v.Fees) || len(list) < 4 {
		t.Fatalf("%d rows, %d rules", len(list), len(v.Fees))
	}
	for i, f := range v.Fees {
		want := []string{yuan(f.Base), "–", yuan(f.Charged), "–"}
		if f.RuleID != "" {
			want[1], want[3] = yuan(f.Expected), yuan(f.Variance)
		}
		if got := list[i][4:8]; fmt.Sprint(got) != fmt.Sprint(want) || !strings.HasPrefix(list[i][0], f.RuleID) {
			t.Errorf("%q, the figures say %s %q", list[i], f.RuleID, want)
		}
	}
}

func TestTheWayFromGrossToNetIsThatOfTheRun(t *testing.T) {
	v := read(t, generatedDays(t, 2))
	p := parsed(t, render(t, v, report.English))
	tables := all(p.id(t, "net"), func(n *html.Node) bool { return attribute(n, "class") == "waterfall" })
	if len(tables) != 1 {
		t.Fatal("no waterfall")
	}
	list := rows(tables[0])
	for i, s := range v.Steps {
		if list[i][2] != yuan(s.Amount) {
			t.Errorf("%q, the run says %s %s", list[i], s.Name, s.Amount)
		}
	}
	if len(list) != len(v.Steps) {
		t.Errorf("%d steps of %d", len(list), len(v.Steps))
	}
}

func TestTheSameInputGivesTheSamePage(t *testing.T) {
	dir := generatedDays(t, 1)
	first, second := render(t, read(t, dir), report.English), render(t, read(t, dir), report.English)
	if first != second {
		t.Error("two pages of one result differ")
	}
}

func TestTheHistoryIsDrawnOfDatasetsAlone(t *testing.T) {
	if p := parsed(t, render(t, read(t, generatedDays(t, 3)), report.English)); len(all(p.id(t, "history"), func(n *html.Node) bool { return n.Data == "svg" })) != 2 {
		t.Error("three days are not drawn")
	}
	v := read(t, generatedDays(t, 1))
	if strings.Contains(render(t, v, report.English), `id="history"`) {
		t.Error("one day has a history")
	}
}

// External references, by which a page tells others that it was opened.
var loads = regexp.MustCompile(`(?i)(src|href|action|data|poster|srcset)\s*=\s*["']?([^"'\s>]*)|url\(|@import|https?:`)

func TestThePageAsksForNothing(t *testing.T) {
	text := render(t, read(t, generatedDays(t, 2)), report.English)
	for _, m := range loads.FindAllStringSubmatch(text, -1) {
		if strings.HasPrefix(m[2], "#") || strings.Contains(m[0], "data-") {
			continue
		}
		t.Errorf("%q", m[0])
	}
	if len(text) > 1<<20 {
		t.Errorf("%d bytes for 60 breaks", len(text))
	}
}
