package review

import (
	"cmp"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"reconcile/decisions"
	"reconcile/output/overview"
	"reconcile/output/words"
	"reconcile/settlement"
)

var orders = regexp.MustCompile(`class="id" href="/day/[^"]*/breaks/([^"?]*)[^"]*">(O\d+)<`)

// shown are the orders on a page of the queue.
func shown(page string) (list []string) {
	for _, m := range orders.FindAllStringSubmatch(page, -1) {
		list = append(list, m[2])
	}
	return list
}

// Each filter shows what a look at every row finds, in the order that is asked for.
func TestFiltersShowWhatEveryRowSays(t *testing.T) {
	dir := t.TempDir()
	day := dayOf(t, "2024-09-12")
	b := inventedBreaks(t, filepath.Join(dir, "dt=2024-09-12"), day, 1200)
	s := newServer(t, dir)
	who := newBrowser(t, s)
	for query, fits := range map[string]func(i int) bool{
		"":                   func(int) bool { return true },
		"kind=fee_variance":  func(i int) bool { return b.Kind[i].String() == "fee_variance" },
		"wallet=wechat":      func(i int) bool { return b.Wallet[i].String() == "wechat" },
		"account=1600123403": func(i int) bool { return i%5 == 3 },
		"shop=店铺12":          func(i int) bool { return string(b.Shop.At(i)) == "店铺12" },
		"age=0d":             func(i int) bool { return b.AgeDays[i] == 0 },
		"age=31d%2B":         func(i int) bool { return b.AgeDays[i] > 30 },
		"side=short":         func(i int) bool { return b.Difference[i] < 0 },
		"side=over":          func(i int) bool { return b.Difference[i] > 0 },
		"from=14.00":         func(i int) bool { return b.Difference[i].Abs() >= 1400 },
		"from=1&to=1.05":     func(i int) bool { return b.Difference[i].Abs() >= 100 && b.Difference[i].Abs() <= 105 },
		"q=O000000000007":    func(i int) bool { return i == 7 },
		"q=r0000000077":      func(i int) bool { return i == 77 },
		"q=4200%20O00000000001": func(i int) bool {
			return strings.Contains(fmt.Sprintf("O%012d", i), "O00000000001")
		},
		"q=nothing":                        func(int) bool { return false },
		"state=decided":                    func(int) bool { return false },
		"kind=amount_mismatch&wallet=bank": func(int) bool { return false },
		"kind=fee_variance&side=short&from=2.00&age=8-30d": func(i int) bool {
			return b.Kind[i].String() == "fee_variance" && b.Difference[i] <= -200 && b.AgeDays[i] >= 8 && b.AgeDays[i] <= 30
		},
	} {
		var want []string
		var sum settlement.Amount
		for i := range b.ID {
			if fits(i) {
				want = append(want, string(b.OrderNo.At(i)))
				sum += b.Difference[i]
			}
		}
		slices.Sort(want)
		var got []string
		for page := 1; ; page++ {
			text := who.page(fmt.Sprintf("/day/2024-09-12/breaks?sort=order&size=200&page=%d&%s", page, query))
			if page == 1 && !strings.Contains(textOf(text), counted(len(want))) || !strings.Contains(text, yuan(sum)) {
				t.Errorf("%s: the count or the sum %s is not shown", query, yuan(sum))
			}
			got = append(got, shown(text)...)
			if !strings.Contains(text, `rel="next"`) {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d breaks are shown, want %d", query, len(got), len(want))
		}
	}
}

func counted(n int) string {
	if n == 1 {
		return "one break"
	}
	return settlement.GroupedCount(int64(n)) + " breaks"
}

// A note or a name that was recorded since the run is found like one that the run knew.
func TestNotesOfTodayAreFound(t *testing.T) {
	dir := t.TempDir()
	b := inventedBreaks(t, filepath.Join(dir, "dt=2024-09-12"), dayOf(t, "2024-09-12"), 50)
	who := newBrowser(t, newServer(t, dir))
	id, order := b.ID[7].String(), string(b.OrderNo.At(7))
	if w := who.decide("2024-09-12", "assign", url.Values{"note": {"Waiting for 微信客服"}, "assignee": {"王会计"}}, id); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code)
	}
	for query, want := range map[string][]string{"微信客服": {order}, "waiting 王会计": {order}, order + " 微信客服": {order}, "O000000000008 微信客服": nil} {
		if got := shown(who.page("/day/2024-09-12/breaks?q=" + url.QueryEscape(query))); !slices.Equal(got, want) {
			t.Errorf("%s: %q", query, got)
		}
	}
}

func TestBreaksAreSortedBothWays(t *testing.T) {
	dir := t.TempDir()
	b := inventedBreaks(t, filepath.Join(dir, "dt=2024-09-12"), dayOf(t, "2024-09-12"), 300)
	who := newBrowser(t, newServer(t, dir))
	at := map[string]int{}
	for i := range b.ID {
		at[string(b.OrderNo.At(i))] = i
	}
	for sorting, compare := range map[string]func(x, y int) int{
		"amount": func(x, y int) int { return cmp.Compare(b.Difference[y].Abs(), b.Difference[x].Abs()) },
		"age":    func(x, y int) int { return cmp.Compare(b.AgeDays[y], b.AgeDays[x]) },
		"kind":   func(x, y int) int { return cmp.Compare(b.Kind[x].String(), b.Kind[y].String()) },
		"order":  func(x, y int) int { return cmp.Compare(string(b.OrderNo.At(x)), string(b.OrderNo.At(y))) },
		"wallet": func(x, y int) int { return cmp.Compare(b.Wallet[x].String(), b.Wallet[y].String()) },
	} {
		for _, down := range []string{"", "1"} {
			page := who.page("/day/2024-09-12/breaks?size=200&sort=" + sorting + "&down=" + down)
			list := shown(page)
			sorted := slices.IsSortedFunc(list, func(x, y string) int {
				order := compare(at[x], at[y])
				if down == "1" {
					return -order
				}
				return order
			})
			if !sorted || len(list) != 200 {
				t.Errorf("%s %s: not sorted, or not 200: %d", sorting, down, len(list))
			}
			if !strings.Contains(page, "aria-sort=") {
				t.Errorf("%s: the heading does not say so", sorting)
			}
		}
	}
}

func TestPagesHaveEveryBreakOnce(t *testing.T) {
	dir := t.TempDir()
	inventedBreaks(t, filepath.Join(dir, "dt=2024-09-12"), dayOf(t, "2024-09-12"), 261)
	who := newBrowser(t, newServer(t, dir))
	seen := map[string]bool{}
	for page := 1; page <= 6; page++ {
		for _, order := range shown(who.page(fmt.Sprintf("/day/2024-09-12/breaks?page=%d", page))) {
			if seen[order] {
				t.Errorf("%s is on two pages", order)
			}
			seen[order] = true
		}
	}
	if len(seen) != 261 {
		t.Errorf("%d breaks", len(seen))
	}
	if w := who.ask(http.MethodGet, "/day/2024-09-12/breaks?page=99", ""); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/day/2024-09-12/breaks?page=6" {
		t.Errorf("behind the last page: %d %s", w.Code, w.Header().Get("Location"))
	}
}

func TestWhatIsTypedWrongIsToldAndLeftOut(t *testing.T) {
	f := filterOf(url.Values{"from": {"-1"}, "to": {"1e2"}, "kind": {"\xff"}, "q": {strings.Repeat("a", 201)}, "age": {"old"}, "sort": {"x"}, "page": {"-2"}, "size": {"1000000"}, "state": {"x"}, "side": {"x"}})
	if len(f.Faults) != 4 || f.Narrowed() != 0 || f.Sort != "amount" || f.Page != 1 || f.Size != defaultSize || f.State != stateTodo {
		t.Errorf("%+v", f)
	}
}

func TestAFilterIsTheSameFromItsAddress(t *testing.T) {
	for _, query := range []string{"", "q=a+b&kind=fee_variance&state=all&sort=age&down=1&page=3&size=200", "from=1.00&to=2.00&side=over&assignee=%E7%8E%8B&age=0d&account=1&shop=%26&wallet=bank"} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		first := filterOf(v)
		again := filterOf(first.values())
		if fmt.Sprint(first) != fmt.Sprint(again) {
			t.Errorf("%+v became %+v", first, again)
		}
	}
}

func TestTheNextBreakIsTheNextOfTheFilter(t *testing.T) {
	q := &queue{at: map[settlement.ID]int32{}}
	for i := range 10 {
		q.rows = append(q.rows, row{ID: settlement.ID{Lo: uint64(i + 1)}, Kind: []string{"a", "b"}[i%2], Difference: settlement.Amount(100 - i), Status: "open"})
	}
	q.index()
	s := &said{latest: map[settlement.ID]decisions.Entry{}}
	f := filterOf(url.Values{"kind": {"a"}})
	before, after := q.neighbours(&f, s, &q.rows[4])
	if before != &q.rows[2] || after != &q.rows[6] {
		t.Errorf("%+v, %+v", before, after)
	}
	before, after = q.neighbours(&f, s, &q.rows[5]) // which the filter does not select any more
	if before != &q.rows[4] || after != &q.rows[6] {
		t.Errorf("%+v, %+v", before, after)
	}
	if before, _ := q.neighbours(&f, s, &q.rows[0]); before != nil {
		t.Errorf("%+v is before the first", before)
	}
	if _, after := q.neighbours(&f, s, &q.rows[8]); after != nil {
		t.Errorf("%+v is behind the last", after)
	}
}

// Whatever files, their names, addresses and people say stands on each page that shows it, as
// text.
func TestTextCannotBecomeHTML(t *testing.T) {
	const evil = `"><script>alert(1)<script><img src=x onerror=alert(1)>` // fits into the name of a file
	day := dayOf(t, "2024-09-12")
	b, h := &settlement.Breaks{}, &settlement.IDHasher{}
	b.Add(h, settlement.Break{Kind: 1, Wallet: 1, Account: []byte(evil), OrderNo: []byte(evil), PaymentNo: []byte(evil), RefundNo: []byte(evil), ProviderID: []byte(evil),
		Shop: []byte(evil), Expected: 100, Actual: 0, SeenOn: day, Reason: evil, Suggest: evil, FileLine: 1}, day)
	dir := filepath.Join(t.TempDir(), evil)
	writeResultOf(t, filepath.Join(dir, "dt=2024-09-12"), day, b, "in/"+evil)
	change(t, filepath.Join(dir, "dt=2024-09-12"), func(m map[string]any) {
		m["notes"] = []string{evil}
		m["inputs"] = []map[string]any{{"name": evil, "member": evil}}
	})
	s := newServer(t, dir, func(o *Options) { o.Decisions = filepath.Join(filepath.Dir(o.Decisions), evil) })
	who := newBrowser(t, s)
	holds := func(what, page string, times int) {
		t.Helper()
		if strings.Contains(page, "<script>alert") || strings.Contains(page, "<img src=x") {
			t.Errorf("%s has the text's tags in it", what)
		}
		if n := strings.Count(page, html.EscapeString(evil)); n < times {
			t.Errorf("%s shows the text %d times, want %d", what, n, times)
		}
	}
	id := b.ID[0].String()
	_, form := confirmed(t, who, url.Values{"action": {"assign"}, "id": {id}, "scope": {"page"}, "note": {evil}, "assignee": {evil}})
	asked := who.ask(http.MethodPost, "/day/2024-09-12/confirm", form.Encode()).Body.String()
	holds("the page that asks once more", asked, 2+2+1) // note and assignee, shown and handed on; the order
	form.Set("name", evil)
	if w := who.ask(http.MethodPost, "/day/2024-09-12/decide", form.Encode()); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, textOf(w.Body.String()))
	}
	const everywhere = 2 + 1 // the folder, with its title; the file of decisions
	for path, times := range map[string]int{
		"/":               everywhere,
		"/day/2024-09-12": everywhere + 3, // notes, inputs
		"/day/2024-09-12/breaks?q=" + url.QueryEscape(evil):            everywhere + 1 + 9,
		"/day/2024-09-12/breaks?account=" + url.QueryEscape(evil):      everywhere + 9,
		"/day/2024-09-12/breaks?assignee=" + url.QueryEscape(evil):     everywhere + 1 + 9,
		"/day/2024-09-12/breaks/" + id:                                 everywhere + 8 + 2 + 3 + 2, // numbers, reasons, place; note and assignee; the decision; who decides
		"/day/2024-09-12/breaks/" + id + "?q=" + url.QueryEscape(evil): everywhere + 8 + 2 + 3 + 2,
		"/day/2024-09-12/breaks?q=x&back=" + url.QueryEscape("/"+evil): everywhere,
	} {
		holds(path, who.page(path), times)
	}
	holds("a refusal", who.ask(http.MethodGet, "/day/"+url.PathEscape(evil), "").Body.String(), everywhere)
}

func TestAgesAreThoseOfTheOverview(t *testing.T) {
	for _, age := range overview.Ages {
		_, en := words.English(age)
		_, zh := words.Chinese(age)
		if !en || !zh {
			t.Errorf("%s has no words", age)
		}
	}
}

// BenchmarkQueuePage is a page of the queue of a day with 100,000 breaks, as it is asked for
// by a browser.
func BenchmarkQueuePage(b *testing.B) {
	dir := b.TempDir()
	inventedBreaks(b, filepath.Join(dir, "dt=2024-09-12"), dayOf(b, "2024-09-12"), 100_000)
	who := newBrowser(b, newServer(b, dir))
	for name, query := range map[string]string{"first": "", "last": "sort=order&page=2000", "search": "q=O00000009999", "filter": "kind=fee_variance&side=short&from=2.00&sort=age", "none": "q=nothing"} {
		b.Run(name, func(b *testing.B) {
			who.page("/day/2024-09-12/breaks?" + query)
			for b.Loop() {
				who.page("/day/2024-09-12/breaks?" + query)
			}
		})
	}
}

// BenchmarkReadQueue is the first look at such a day: every file is hashed, the breaks read
// and sorted.
func BenchmarkReadQueue(b *testing.B) {
	dir := b.TempDir()
	inventedBreaks(b, filepath.Join(dir, "dt=2024-09-12"), dayOf(b, "2024-09-12"), 100_000)
	for b.Loop() {
		newBrowser(b, newServer(b, dir)).page("/day/2024-09-12/breaks")
	}
}
