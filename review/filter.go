package review

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"reconcile/output/overview"
	"reconcile/settlement"
)

// filter is which breaks are asked for, and in which order.
type filter struct {
	Text                        string
	Kind, Wallet, Account, Shop string
	Age                         string // one of overview.Ages
	Side                        string // short, over
	From, To                    string // magnitudes of the difference, in yuan, as they were typed
	State                       string // one of states
	Assignee                    string
	Sort                        string // one of sortings
	Reverse                     bool
	Page, Size                  int

	from, to settlement.Amount // NoAmount where none is asked for
	words    []string          // of Text, in lower case
	Faults   []string          // what was typed and is not understood, in English
}

// The states of a break on the page.
const (
	stateTodo     = "todo"     // open, and nobody has decided that it counts no more
	stateRecorded = "recorded" // accepted or written off since the run: the next one will know
	stateDecided  = "decided"  // accepted or written off, as the run knew
	stateClosed   = "closed"   // its counterpart came
	stateAll      = "all"
)

var states = []string{stateTodo, stateRecorded, stateDecided, stateClosed, stateAll}

// sizes are how many breaks a page may have.
var sizes = []int{25, 50, 100, 200}

const (
	defaultSize = 50
	longestText = 200
)

// filterOf reads an address's query. What is not known there is left out.
func filterOf(v url.Values) filter {
	f := filter{Text: strings.TrimSpace(v.Get("q")), Kind: v.Get("kind"), Wallet: v.Get("wallet"), Account: v.Get("account"), Shop: v.Get("shop"),
		Age: v.Get("age"), Side: v.Get("side"), From: strings.TrimSpace(v.Get("from")), To: strings.TrimSpace(v.Get("to")),
		State: v.Get("state"), Assignee: strings.TrimSpace(v.Get("assignee")), Sort: v.Get("sort"), Reverse: v.Get("down") == "1", Page: 1, Size: defaultSize,
		from: settlement.NoAmount, to: settlement.NoAmount}
	for _, text := range []*string{&f.Text, &f.Kind, &f.Wallet, &f.Account, &f.Shop, &f.Assignee} {
		if utf8.RuneCountInString(*text) > longestText || !utf8.ValidString(*text) || strings.ContainsFunc(*text, unicode.IsControl) {
			*text = ""
			f.Faults = append(f.Faults, "What is looked for is too long, or no text.")
		}
	}
	f.words = strings.Fields(strings.ToLower(f.Text))
	if !slices.Contains(overview.Ages[:], f.Age) {
		f.Age = ""
	}
	if f.Side != "short" && f.Side != "over" {
		f.Side = ""
	}
	if !slices.Contains(states, f.State) {
		f.State = stateTodo
	}
	if sortings[f.Sort] == nil {
		f.Sort = "amount"
	}
	if n, err := strconv.Atoi(v.Get("page")); err == nil && n > 0 && n < 1_000_000 {
		f.Page = n
	}
	if n, err := strconv.Atoi(v.Get("size")); err == nil && slices.Contains(sizes, n) {
		f.Size = n
	}
	for _, limit := range []struct {
		text *string
		to   *settlement.Amount
	}{{&f.From, &f.from}, {&f.To, &f.to}} {
		if *limit.text == "" {
			continue
		}
		amount, err := settlement.ParseAmount([]byte(strings.ReplaceAll(*limit.text, ",", "")))
		if err != nil || amount < 0 {
			*limit.text = ""
			f.Faults = append(f.Faults, "An amount is typed as 12.30, without a sign.")
			continue
		}
		*limit.to = amount
	}
	return f
}

// values is the filter as an address's query; what is as usual is left out.
func (f *filter) values() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{"q": f.Text, "kind": f.Kind, "wallet": f.Wallet, "account": f.Account, "shop": f.Shop, "age": f.Age,
		"side": f.Side, "from": f.From, "to": f.To, "assignee": f.Assignee} {
		if text != "" {
			v.Set(name, text)
		}
	}
	if f.State != stateTodo {
		v.Set("state", f.State)
	}
	if f.Sort != "amount" {
		v.Set("sort", f.Sort)
	}
	if f.Reverse {
		v.Set("down", "1")
	}
	if f.Page > 1 {
		v.Set("page", strconv.Itoa(f.Page))
	}
	if f.Size != defaultSize {
		v.Set("size", strconv.Itoa(f.Size))
	}
	return v
}

// Query is the filter as the end of an address, "" for the usual one.
func (f *filter) Query() string {
	if text := f.values().Encode(); text != "" {
		return "?" + text
	}
	return ""
}

// Encoded is the filter as a form hands it on.
func (f *filter) Encoded() string { return f.values().Encode() }

// with is the address's query of the filter with one thing changed.
func (f *filter) with(change func(*filter)) string {
	other := *f
	change(&other)
	return other.Query()
}

// Narrowed counts what is asked for beside the state.
func (f *filter) Narrowed() (n int) {
	for _, text := range []string{f.Text, f.Kind, f.Wallet, f.Account, f.Shop, f.Age, f.Side, f.From, f.To, f.Assignee} {
		if text != "" {
			n++
		}
	}
	return n
}

// fits says that a break is asked for, by all but the text (see queue.search).
func (f *filter) fits(r *row, said *said) bool {
	switch {
	case f.Kind != "" && r.Kind != f.Kind,
		f.Wallet != "" && r.Wallet != f.Wallet,
		f.Account != "" && r.Account != f.Account,
		f.Shop != "" && r.Shop != f.Shop,
		f.Age != "" && overview.Ages[overview.AgeOf(int64(r.Age))] != f.Age,
		f.Side == "short" && (r.Difference == settlement.NoAmount || r.Difference >= 0),
		f.Side == "over" && r.Difference <= 0, // NoAmount is negative
		f.from != settlement.NoAmount && r.size() < f.from,
		f.to != settlement.NoAmount && r.size() > f.to,
		f.State != stateAll && said.state(r) != f.State:
		return false
	}
	return f.Assignee == "" || said.assignee(r) == f.Assignee
}
