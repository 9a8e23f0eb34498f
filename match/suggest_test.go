package match

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"reconcile/settlement"
)

// candidate is a payment of 88.00 at a minute of a day, of WeChat Pay.
func candidate(number string, event bool, minute int, change ...func(*Candidate)) Candidate {
	var h settlement.IDHasher
	c := Candidate{BreakID: h.Start("break").Text([]byte(number)).ID(), Event: event, Wallet: settlement.WeChat, Account: "A", Amount: 88_00,
		At: settlement.Day(19978).Start() + settlement.Instant(minute)*settlement.Minute, Number: number}
	for _, f := range change {
		f(&c)
	}
	return c
}

func TestWhatIsSuggestedForABreak(t *testing.T) {
	event := func(number string, minute int, change ...func(*Candidate)) Candidate {
		return candidate(number, true, minute, change...)
	}
	line := func(number string, minute int, change ...func(*Candidate)) Candidate {
		return candidate(number, false, minute, change...)
	}
	waits := func(c *Candidate) { c.BreakID = settlement.ID{} }
	for _, c := range []struct {
		name string
		of   []Candidate
		want map[string]string // by number
	}{
		{"one of the amount, a minute later", []Candidate{event("O1", 600), line("W1", 601)}, map[string]string{
			"O1": "likely: the line W1 (wechat) at 2024-09-12 10:01:00 has this amount and misses its counterpart too",
			"W1": "likely: the order O1 (wechat) at 2024-09-12 10:00:00 has this amount and misses its counterpart too"}},
		{"a day apart", []Candidate{event("O1", 0), line("W1", 24*60)}, map[string]string{"O1": "likely: the line W1", "W1": "likely: the order O1"}},
		{"more than a day apart", []Candidate{event("O1", 0), line("W1", 24*60+1)}, nil},
		{"a fen apart", []Candidate{event("O1", 0), line("W1", 1, func(c *Candidate) { c.Amount++ })}, nil},
		{"a refund is no payment", []Candidate{event("O1", 0), line("W1", 1, func(c *Candidate) { c.Refund = true })}, nil},
		{"refunds", []Candidate{event("R1", 0, func(c *Candidate) { c.Refund = true }), line("W1", 1, func(c *Candidate) { c.Refund = true })},
			map[string]string{"R1": "likely: the line W1", "W1": "likely: the listed refund R1"}},
		{"in the other wallet", []Candidate{event("O1", 0), line("W1", 1, func(c *Candidate) { c.Wallet = settlement.Alipay })}, nil},
		{"an order that states no wallet and no account", []Candidate{event("O1", 0, func(c *Candidate) { c.Wallet, c.Account = settlement.NoWallet, "" }), line("W1", 1)},
			map[string]string{"O1": "likely: the line W1", "W1": "likely: the order O1 at"}},
		{"in another account", []Candidate{event("O1", 0, func(c *Candidate) { c.Account = "B" }), line("W1", 1)}, nil},
		{"two lines for one order", []Candidate{event("O1", 600), line("W1", 630), line("W2", 590)}, map[string]string{
			"O1": "ambiguous: 2 lines of 88.00 within a day of it miss their counterpart, the nearest is W2 (wechat) at",
			"W1": "ambiguous: the order O1", "W2": "ambiguous: the order O1"}},
		{"two orders for one line", []Candidate{event("O1", 600), event("O2", 610), line("W1", 600)}, map[string]string{
			"O1": "ambiguous: the line W1 (wechat) at 2024-09-12 10:00:00 has this amount and misses its counterpart, and so do 1 more",
			"O2": "ambiguous: the line W1", "W1": "ambiguous: 2 orders of 88.00"}},
		{"a counterpart that only waits is named, and told nothing", []Candidate{event("O1", 600), line("W1", 600, waits)}, map[string]string{"O1": "likely: the line W1"}},
		{"nothing of what has no time", []Candidate{event("O1", 600), line("W1", 600, func(c *Candidate) { c.At = settlement.NoInstant })}, nil},
	} {
		for seed := range uint64(5) {
			shuffled := append([]Candidate{}, c.of...)
			rand.New(rand.NewPCG(seed, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			said := Suggest(shuffled)
			if len(said) != len(c.want) {
				t.Errorf("%s: %v", c.name, said)
			}
			for _, of := range c.of {
				if want := c.want[of.Number]; want != "" && !strings.HasPrefix(said[of.BreakID], want) {
					t.Errorf("%s, %s: %q, want %q", c.name, of.Number, said[of.BreakID], want)
				}
			}
		}
	}
}

func TestManyOfOneAmountAreCountedUpToAHundred(t *testing.T) {
	all := []Candidate{candidate("O", true, 600)}
	for n := range 5000 {
		all = append(all, candidate(fmt.Sprint("W", n), false, 600))
	}
	if got, want := Suggest(all)[all[0].BreakID], "ambiguous: 100 or more lines of 88.00 within a day of it miss their counterpart"; got != want {
		t.Errorf("%q", got)
	}
}
