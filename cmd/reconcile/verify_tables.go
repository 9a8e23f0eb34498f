package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/settlement"
)

// figures are the sums of one wallet and account, from the tables or from the
// summary of them, which tells fewer. Signs are those of the table summary.
type figures struct{ output.AccountFigures }

// account is where figures belong: wallet and account.
type account struct{ wallet, number string }

// recount is what the tables add up to.
type recount struct {
	v *verification
	// err is the first sum that does not fit.
	err    error
	rows   map[string]int64 // by table
	counts map[string]int64 // as run.json names them
	by     map[account]*figures
	// claimed is by event id of the part that is read the account of the line that claims it.
	claimed map[string]*figures
	stated  map[account]settlement.Amount // the same, as the charges hold it
	// moved is by wallet the fee rows of fund flows, as cost; kept what charges hold of
	// them.
	moved, kept map[string]settlement.Amount
	// divided is by wallet what cross_wallet holds of the fees of withdrawals.
	divided map[string]settlement.Amount
	// purses are the booked fund lines by account and day that no row of balances has
	// taken yet.
	purses map[overview.PurseDay]*purseSums
	// paired is the sum of line_amount over the matches.
	paired settlement.Amount
	again  *figuresAgain
	// sources is whose rows come from each file.
	sources map[string]map[account]bool
	// lastFile and lastOf are those of the row before.
	lastFile string
	lastOf   account
}

// from notes whose row comes from which file.
func (c *recount) from(r output.Row) {
	file, of := r.Text("source_file"), account{r.Text("wallet"), r.Text("account")}
	if file == c.lastFile && of == c.lastOf {
		return
	}
	c.lastFile, c.lastOf = file, of
	if c.sources[file] == nil {
		c.sources[file] = map[account]bool{}
	}
	c.sources[file][of] = true
}

func (c *recount) at(r output.Row) *figures {
	key := account{r.Text("wallet"), r.Text("account")}
	if c.by[key] == nil {
		wallet, _ := settlement.ParseWallet(key.wallet)
		c.by[key] = &figures{output.AccountFigures{Wallet: wallet, Account: key.number}}
	}
	return c.by[key]
}

func (c *recount) add(sum *settlement.Amount, a settlement.Amount) {
	total, err := sum.Add(a)
	if err != nil && c.err == nil {
		c.err = err
	}
	*sum = total
}

// amountOrZero is a money column of a row, null as zero.
func amountOrZero(r output.Row, column string) settlement.Amount {
	a, _ := r.Money(column)
	return a
}

// recompute reads the tables and computes again what the run says of them.
func (v *verification) recompute() error {
	c := &recount{v: v, again: newFiguresAgain(), rows: map[string]int64{}, counts: map[string]int64{"breaks": 0},
		by: map[account]*figures{}, stated: map[account]settlement.Amount{},
		moved: map[string]settlement.Amount{}, kept: map[string]settlement.Amount{}, divided: map[string]settlement.Amount{},
		purses: map[overview.PurseDay]*purseSums{}, sources: map[string]map[account]bool{}}
	v.again = c
	if err := c.read(); err != nil {
		return err
	}
	if c.err != nil {
		return fmt.Errorf("%s: %w", v.dir, c.err)
	}
	if err := c.tieManifest(); err != nil {
		return err
	}
	c.tieBalances()
	if err := c.tieSummary(); err != nil {
		return err
	}
	return v.tieControlTotals()
}

// tieManifest holds run.json against what the tables add up to.
func (c *recount) tieManifest() error {
	c.tie()
	c.tieTotals()
	c.tieInputs()
	return c.tieFigures()
}

// tieInputs holds what run.json says of each file that was used against the proof and against
// the rows that come from it.
func (c *recount) tieInputs() {
	for _, in := range c.v.m.Inputs {
		if in.DuplicateOf != "" || in.Superseded != "" {
			continue
		}
		source := settlement.Position{File: in.Name, Member: in.Member}.String()
		if read, ok := checkNamed(c.v.m, "rows read of "+source); ok {
			c.v.equal(output.ManifestName, "rows of "+source, read.Actual, in.Rows)
		}
		told := account{in.Wallet, in.Account}
		if of := c.sources[source]; len(of) > 0 && !of[told] {
			c.v.fault(output.ManifestName, "%s is said to be of %s, its rows are of %s", source, told, sortedAccounts(of)[0])
		}
	}
}

// read adds up the rows of all tables. Matches are read before the events of their part, which
// are those of the same bucket: so no more than the matches of one bucket are remembered.
func (c *recount) read() error {
	dir := c.v.dir
	read := func(table string, parts []string, row func(output.Row) error) error {
		for _, path := range parts {
			if err := output.ReadFile(path, output.Until(c.v.ctx, func(r output.Row) error {
				c.rows[table]++
				return row(r)
			})); err != nil {
				return err
			}
		}
		return nil
	}
	for _, t := range []struct {
		name string
		row  func(output.Row) error
	}{
		{"statement_lines", c.line}, {"fund_lines", c.fund}, {"breaks", c.finding}, {"open_items", c.item}, {"charges", c.charge},
		{"withdrawals", c.withdrawal}, {"quotas", c.quota}, {"proceeds", c.left}, {"cross_wallet", c.cross}, {"balances", c.balance},
	} {
		parts, err := output.Parts(dir, t.name)
		if err != nil {
			return err
		}
		c.rows[t.name] = 0
		if err := read(t.name, parts, t.row); err != nil {
			return err
		}
	}
	c.rows["matches"], c.rows["order_events"] = 0, 0
	buckets, err := c.buckets()
	if err != nil {
		return err
	}
	for _, b := range buckets {
		c.claimed = map[string]*figures{}
		if err := read("matches", b.matches, c.match); err != nil {
			return err
		}
		if err := read("order_events", b.events, c.event); err != nil {
			return err
		}
	}
	return nil
}

// bucketParts is the parts of one bucket, one of each table or none.
type bucketParts struct{ matches, events []string }

// buckets pairs the parts of matches and order_events.
func (c *recount) buckets() ([]*bucketParts, error) {
	matches, err := output.Parts(c.v.dir, "matches")
	if err != nil {
		return nil, err
	}
	events, err := output.Parts(c.v.dir, "order_events")
	if err != nil {
		return nil, err
	}
	var list []*bucketParts
	named := map[string]*bucketParts{}
	at := func(path string) *bucketParts {
		name := filepath.Base(path)
		if named[name] == nil {
			named[name] = &bucketParts{}
			list = append(list, named[name])
		}
		return named[name]
	}
	for _, path := range matches {
		b := at(path)
		b.matches = append(b.matches, path)
	}
	for _, path := range events {
		b := at(path)
		b.events = append(b.events, path)
	}
	return list, nil
}

// broken is a row that contradicts itself.
func broken(table, id, format string, args ...any) error {
	return fmt.Errorf("table %s, row %s: %s", table, id, fmt.Sprintf(format, args...))
}

// tie holds the tables against run.json and against each other.
func (c *recount) tie() {
	v := c.v
	for _, t := range v.m.Tables {
		if rows, ok := c.rows[t.Name]; ok {
			v.equal(t.Name, "rows", t.Rows, rows)
		}
	}
	names := map[string]bool{}
	for name := range v.m.Counts {
		names[name] = true
	}
	for name := range c.counts {
		names[name] = true
	}
	for _, name := range sorted(names) {
		table, _, _ := strings.Cut(name, ".")
		v.equal(table, "count "+name+" of run.json", v.m.Counts[name], c.counts[name])
	}
	v.equal("matches", "rows = events with a line", v.proved("events with a line = rows of matches"), c.rows["matches"])
	v.equal("matches", "Σ line_amount = Σ gross of claimed lines", v.proved("Σ gross of claimed lines = Σ line_amount of matches"), c.paired)
	for _, key := range c.accounts() {
		v.equal("charges", "Σ charged_fee, where the fund flow says another the bill's, = −Σ fee_amount of "+key.String(), c.of(key).Billed, c.stated[key])
	}
	wallets := map[string]bool{}
	for _, sums := range []map[string]settlement.Amount{c.moved, c.kept} {
		for wallet := range sums {
			wallets[wallet] = true
		}
	}
	paidOut := map[string]settlement.Amount{}
	for key, f := range c.by {
		addTo(c, paidOut, key.wallet, f.Withdrawal)
		wallets[key.wallet] = true
	}
	for _, wallet := range sorted(wallets) {
		v.equal("cross_wallet", "Σ repatriation_fee = Σ charged_fee of withdrawals of "+wallet, paidOut[wallet], c.divided[wallet])
		v.equal("charges", "Σ moved_fee = −Σ fee rows of fund_lines of "+wallet, c.moved[wallet], c.kept[wallet])
	}
}

func (a account) String() string { return strings.TrimSpace(a.wallet + " " + a.number) }

func (c *recount) accounts() []account { return sortedAccounts(c.by) }

func sortedAccounts[T any](of map[account]T) (keys []account) {
	for key := range of {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b account) int { return strings.Compare(a.String(), b.String()) })
	return keys
}

func sorted(names map[string]bool) (list []string) {
	for name := range names {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// proved is what the run's own proof found under a name.
func (v *verification) proved(name string) string {
	if c, ok := checkNamed(v.m, name); ok {
		return c.Actual
	}
	return "a check of that name in run.json"
}

// tieSummary holds the table summary and the totals of run.json against the tables
// they summarise.
func (c *recount) tieSummary() error {
	told := &recount{v: c.v, by: map[account]*figures{}}
	err := output.ReadTable(c.v.dir, "summary", func(r output.Row) error {
		f := told.at(r)
		for column, to := range map[string]*int64{"events": &f.Events, "lines": &f.Lines, "matched": &f.Matched, "breaks": &f.Breaks, "open_items": &f.Open} {
			n, err := parseWhole(r.Text(column))
			if err != nil {
				return err
			}
			*to += n
		}
		for column, to := range map[string]*settlement.Amount{"gross": &f.Gross, "refunds": &f.Refunds, "net": &f.Net,
			"expected_fees": &f.Expected, "charged_fees": &f.Charged, "fee_variance": &f.Variance, "platform_fees": &f.Platform,
			"withdrawal_fees": &f.Withdrawal, "cross_wallet_fees": &f.Cross} {
			told.add(to, amountOrZero(r, column))
		}
		return told.err
	})
	if err != nil {
		return err
	}
	for _, key := range told.accounts() {
		c.v.equal("summary", "figures of "+key.String(), c.of(key), told.by[key])
	}
	for _, key := range c.accounts() {
		if told.by[key] == nil {
			c.v.fault("summary", "it has no row of %s", key)
		}
	}
	return nil
}

// String prints the figures for a message.
func (f *figures) String() string {
	return fmt.Sprintf("%d lines, %d matched, %d breaks, %d open, %d order events, gross %s, refunds %s, net %s, fees expected %s, charged %s, variance %s, of the platform %s, of withdrawals %s, across wallets %s",
		f.Lines, f.Matched, f.Breaks, f.Open, f.Events, f.Gross, f.Refunds, f.Net, f.Expected, f.Charged, f.Variance, f.Platform, f.Withdrawal, f.Cross)
}

// of is the figures of an account, zero where the tables have no row of it.
func (c *recount) of(key account) *figures {
	if f := c.by[key]; f != nil {
		return f
	}
	return &figures{}
}

// tieTotals holds the totals of run.json against the tables: each once, and none missing.
func (c *recount) tieTotals() {
	v := c.v
	told := map[string]string{}
	for _, t := range v.m.Totals {
		name := fmt.Sprintf("total %s of %s", t.Name, account{t.Wallet, t.Account})
		if t.Currency != settlement.CNY.String() {
			name += " in " + strconv.Quote(t.Currency)
		}
		if told[name] != "" {
			v.fault(output.ManifestName, "it has the %s twice", name)
		}
		told[name] = settlement.Amount(t.Amount).String()
	}
	for _, key := range c.accounts() {
		f := c.by[key]
		for of, sum := range map[string]settlement.Amount{"gross": f.Gross, "refunds": f.Refunds, "expected_fees": f.Expected,
			"charged_fees": f.Charged, "fee_variance": f.Variance, "charged_fees_without_rule": f.Unpriced, "net": f.Net,
			"platform_fees": f.Platform, "withdrawal_fees": f.Withdrawal, "cross_wallet_fees": f.Cross} {
			name := fmt.Sprintf("total %s of %s", of, key)
			v.equal(output.ManifestName, name, sum, told[name])
			delete(told, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(told)) {
		v.fault(output.ManifestName, "it has a %s, which the tables do not give", name)
	}
}
