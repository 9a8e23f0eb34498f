// Package overview is what one written result says, for people: the verdict, the figures by
// wallet and account, how balances moved, the breaks, fees, withdrawals, the costs of paying
// across wallets, and the history of the days before. The report, the workbook and the review
// page show it.
//
// Sums over large tables come from run.json, where the run keeps them (output.Figures); only
// balances, breaks, withdrawals and payouts are read from the tables.
package overview

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/output"
	"reconcile/settlement"
)

// ErrNoFigures says that a result was written by a version that kept no figures.
var ErrNoFigures = errors.New("it was written by a version of reconcile that kept no figures (run it again)")

// Options say how much is read.
type Options struct {
	// Breaks and Withdrawals are how many single ones are read at most; all are counted.
	Breaks, Withdrawals int
	// Dataset is the folder whose days are the history. "" takes that of dir, where dir is
	// named as a day (dt=2024-09-12).
	Dataset string
	// Days is how many runs the history has, this one included.
	Days int
}

// Overview is what a result says. Amounts are NoAmount where they are not known.
type Overview struct {
	Dir      string // as it was named
	Manifest *output.Manifest
	output.Figures

	Verdict     Verdict
	Balances    []*RollForward // how each account's balance moved, beside what its file says
	Totals      []WalletTotals // the control totals of each wallet's files
	Findings    Findings
	Withdrawals Withdrawals
	Steps       []Step       // from gross to net
	History     []HistoryDay // of runs, oldest first, this day last
}

// Read reads a result: of m, its run.json, and of the tables in dir. What is shown was read by
// output.Verified before, or is being written; no hash covers run.json, so what it says of the
// breaks is held against their rows (else the error wraps output.ErrChanged).
func Read(dir string, m *output.Manifest, o Options) (*Overview, error) {
	if m.Figures == nil {
		return nil, fmt.Errorf("%s: %w", dir, ErrNoFigures)
	}
	v := &Overview{Dir: dir, Manifest: m, Figures: *m.Figures}
	days, err := BalanceDays(dir, "")
	if err != nil {
		return nil, err
	}
	if v.Balances, err = RollForwards(days); err != nil {
		return nil, err
	}
	if v.Findings, err = readBreaks(dir, m, o.Breaks); err != nil {
		return nil, err
	}
	if v.Withdrawals, err = readWithdrawals(dir, o.Withdrawals); err != nil {
		return nil, err
	}
	if v.Totals, err = walletTotals(m); err != nil {
		return nil, err
	}
	total, err := v.Total()
	if err != nil {
		return nil, err
	}
	v.Steps = steps(&total)
	v.Verdict = v.verdict()
	if v.Day == settlement.NoDay || o.Days < 1 {
		return v, nil
	}
	dataset := o.Dataset
	if dataset == "" && strings.HasPrefix(filepath.Base(dir), dayMark) {
		dataset = filepath.Dir(dir)
	}
	v.History, err = history(dataset, v, o.Days)
	return v, err
}

// Verdict is what a reader must know who reads one line only.
type Verdict struct {
	Refused     int  // inputs of which nothing was used: the run is incomplete
	NoBill      bool // nothing was compared: no bill of a wallet
	NoOrders    bool // nothing was compared: no orders
	Breaks      int64
	Short, Over settlement.Amount // Σ of the negative differences of open breaks, of the positive ones
	Open        int64             // items that wait
}

// Balanced says that everything was compared and nothing differs (平账).
func (v *Verdict) Balanced() bool {
	return v.Refused == 0 && !v.NoBill && !v.NoOrders && v.Breaks == 0
}

func (v *Overview) verdict() Verdict {
	out := Verdict{Refused: len(v.Manifest.Refused), NoBill: v.Bills == 0, NoOrders: v.Orders == 0, Breaks: v.BreakCount()}
	for _, b := range v.Figures.Breaks {
		out.Short += b.Short
		out.Over += b.Over
	}
	for _, a := range v.Accounts {
		out.Open += a.Open
	}
	return out
}

// Total adds the accounts up; its wallet and account say nothing.
func (v *Overview) Total() (output.AccountFigures, error) { return TotalOf(v.Accounts) }

// TotalOf adds accounts up; the wallet and account of the sum say nothing.
func TotalOf(accounts []output.AccountFigures) (total output.AccountFigures, err error) {
	add := func(to *settlement.Amount, from settlement.Amount) {
		sum, e := to.Add(from)
		if *to = sum; e != nil {
			err = e
		}
	}
	rate := func(to *output.MatchFigures, from *output.MatchFigures) {
		to.Rows += from.Rows
		to.Matched += from.Matched
		add(&to.Amount, from.Amount)
		add(&to.MatchedAmount, from.MatchedAmount)
	}
	for i := range accounts {
		a := &accounts[i]
		total.Events += a.Events
		total.Lines += a.Lines
		total.Matched += a.Matched
		total.Breaks += a.Breaks
		total.Open += a.Open
		total.Withdrawals += a.Withdrawals
		total.CrossOrders += a.CrossOrders
		total.CrossUnknown += a.CrossUnknown
		rate(&total.LinesRate, &a.LinesRate)
		rate(&total.EventsRate, &a.EventsRate)
		for _, sum := range [...]struct {
			to   *settlement.Amount
			from settlement.Amount
		}{
			{&total.Gross, a.Gross}, {&total.Refunds, a.Refunds}, {&total.Expected, a.Expected}, {&total.Charged, a.Charged},
			{&total.Variance, a.Variance}, {&total.Net, a.Net}, {&total.Unpriced, a.Unpriced}, {&total.Billed, a.Billed},
			{&total.Platform, a.Platform}, {&total.Withdrawal, a.Withdrawal}, {&total.Cross, a.Cross},
		} {
			add(sum.to, sum.from)
		}
	}
	return total, err
}

// Unsettled is the part of gross and refunds that is not settled with the merchant, such as
// coupons of the merchant's own: what makes gross, refunds, fees and net add up.
func Unsettled(a *output.AccountFigures) settlement.Amount {
	return a.Net - a.Gross - a.Refunds + a.Billed
}

// Step is one step from gross to what is left. A subtotal stands at what the steps before
// it come to; other steps move by their amount.
type Step struct {
	Name     string // in English
	Amount   settlement.Amount
	Subtotal bool
}

// steps are those of all accounts. What crossing wallets cost is not among them: it is made
// of fees that stand here already.
func steps(t *output.AccountFigures) []Step {
	left := t.Net - t.Platform - t.Withdrawal
	list := []Step{{"gross", t.Gross, false}, {"refunds", t.Refunds, false}}
	if c := Unsettled(t); c != 0 {
		list = append(list, Step{"coupons, not settled", c, false})
	}
	list = append(list, Step{"fees", -t.Billed, false}, Step{"net", t.Net, true})
	if t.Platform != 0 {
		list = append(list, Step{"platform fees", -t.Platform, false})
	}
	if t.Withdrawal != 0 {
		list = append(list, Step{"withdrawal fees", -t.Withdrawal, false})
	}
	if left != t.Net {
		list = append(list, Step{"left after all fees", left, true})
	}
	return list
}

// WalletTotals is what the files of an account state of themselves.
type WalletTotals struct {
	Wallet, Account string
	Files           int
	Rows            int64
	Totals          []NamedTotal // in the order of the files
}

// NamedTotal is one control total, added up over the files of a kind that state it. Counts
// are hundredths, so that they are added like sums.
type NamedTotal struct {
	Kind, Name       string
	Files            int
	Stated, Computed settlement.Amount
	Whole            bool // a count
}

// walletTotals groups the control totals of the inputs that count.
func walletTotals(m *output.Manifest) (all []WalletTotals, err error) {
	at := map[[2]string]int{}
	for _, in := range m.Inputs {
		if kind := settlement.StatementKind(in.Kind); in.DuplicateOf != "" || in.Superseded != "" || kind == settlement.OrderExtract || kind == settlement.RefundExtract {
			continue
		}
		key := [2]string{in.Wallet, in.Account}
		n, ok := at[key]
		if !ok {
			n = len(all)
			at[key] = n
			all = append(all, WalletTotals{Wallet: in.Wallet, Account: in.Account})
		}
		t := &all[n]
		t.Files++
		t.Rows += in.Rows
		for _, total := range in.Totals {
			if err := t.add(in.Kind, total); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", in.Name, total.Name, err)
			}
		}
	}
	return all, nil
}

// add adds a control total to those of its kind and name.
func (t *WalletTotals) add(kind string, total output.InputTotal) error {
	n := slices.IndexFunc(t.Totals, func(of NamedTotal) bool { return of.Kind == kind && of.Name == total.Name })
	if n < 0 {
		n = len(t.Totals)
		t.Totals = append(t.Totals, NamedTotal{Kind: kind, Name: total.Name, Whole: !strings.Contains(total.Stated, ".")})
	}
	of := &t.Totals[n]
	of.Files++
	for _, side := range []struct {
		to   *settlement.Amount
		text string
	}{{&of.Stated, total.Stated}, {&of.Computed, total.Computed}} {
		more, err := settlement.ParseAmount([]byte(side.text))
		if err != nil {
			return err
		}
		if *side.to, err = side.to.Add(more); err != nil {
			return err
		}
	}
	return nil
}
