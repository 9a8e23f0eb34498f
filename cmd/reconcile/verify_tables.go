package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// figures are the sums of one wallet and account, from the tables or from the
// summary of them. Signs are those of the table summary.
type figures struct {
	lines, matched, breaks, open                     int64
	gross, refunds, expected, charged, variance, net settlement.Amount
	// unpriced is the part of charged without an expectation; the summary does not
	// tell it.
	unpriced settlement.Amount
	platform settlement.Amount
	// withdrawal is what getting the money out cost, cross what orders paid across
	// wallets cost.
	withdrawal, cross settlement.Amount
}

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
	billed map[account]settlement.Amount // fees of the lines, as cost
	stated map[account]settlement.Amount // the same, as the charges hold it
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
}

func (c *recount) at(r output.Row) *figures {
	key := account{r.Text("wallet"), r.Text("account")}
	if c.by[key] == nil {
		c.by[key] = &figures{}
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
		by: map[account]*figures{}, billed: map[account]settlement.Amount{}, stated: map[account]settlement.Amount{},
		moved: map[string]settlement.Amount{}, kept: map[string]settlement.Amount{}, divided: map[string]settlement.Amount{},
		purses: map[overview.PurseDay]*purseSums{}}
	for _, t := range []struct {
		name string
		row  func(output.Row) error
	}{
		{"statement_lines", c.line}, {"fund_lines", c.fund}, {"order_events", c.event}, {"matches", c.match},
		{"breaks", c.finding}, {"open_items", c.item}, {"charges", c.charge},
		{"withdrawals", c.withdrawal}, {"quotas", c.quota}, {"proceeds", c.left}, {"cross_wallet", c.cross}, {"balances", c.balance},
	} {
		err := output.ReadTable(v.dir, t.name, func(r output.Row) error {
			if c.rows[t.name]++; c.rows[t.name]%4096 == 0 && v.ctx.Err() != nil {
				return v.ctx.Err()
			}
			return t.row(r)
		})
		if err != nil {
			return err
		}
	}
	if c.err != nil {
		return fmt.Errorf("%s: %w", v.dir, c.err)
	}
	c.tie()
	c.tieBalances()
	if err := c.tieSummary(); err != nil {
		return err
	}
	if err := c.tieFigures(); err != nil {
		return err
	}
	return v.tieControlTotals()
}

// broken is a row that contradicts itself.
func broken(table, id, format string, args ...any) error {
	return fmt.Errorf("table %s, row %s: %s", table, id, fmt.Sprintf(format, args...))
}

// state counts the one state of a line or event.
func (c *recount) state(table, id string, r output.Row) error {
	state := r.Text("match_state")
	if state == "" || !slices.Contains(settlement.StateWords, state) {
		return broken(table, id, "match_state %q is no state", state)
	}
	c.counts[table+"."+state]++
	return nil
}

func (c *recount) fund(r output.Row) error {
	id, amount := r.Text("line_id"), amountOrZero(r, "amount")
	direction, state := r.Text("direction"), r.Text("state")
	if direction == settlement.Income.String() && amount < 0 || direction == settlement.Expense.String() && amount > 0 {
		return broken("fund_lines", id, "amount %s goes against direction %q", amount, direction)
	}
	if !slices.Contains(settlement.FundStateWords[1:], state) {
		return broken("fund_lines", id, "state %q is no state", state)
	}
	c.counts["fund_lines."+state]++
	if state == settlement.Booked.String() {
		c.booked(r, amount)
	}
	wallet := r.Text("wallet")
	switch r.Text("category") {
	case settlement.FundFee.String(), settlement.FundFeeReturn.String(), settlement.FundPlatformFee.String():
		if state == settlement.Booked.String() && wallet != settlement.Bank.String() {
			addTo(c, c.moved, wallet, -amount)
		}
	}
	return nil
}

// addTo adds an amount to one of several sums.
func addTo[K comparable](c *recount, sums map[K]settlement.Amount, key K, amount settlement.Amount) {
	sum := sums[key]
	c.add(&sum, amount)
	sums[key] = sum
}

func (c *recount) line(r output.Row) error {
	id := r.Text("line_id")
	settled, fee, net := amountOrZero(r, "settled_amount"), amountOrZero(r, "fee_amount"), amountOrZero(r, "net_amount")
	if net != settled+fee {
		return broken("statement_lines", id, "net_amount %s is not settled_amount %s + fee_amount %s", net, settled, fee)
	}
	f := c.at(r)
	f.lines++
	if r.Text("match_state") == settlement.Matched.String() {
		f.matched++
	}
	addTo(c, c.billed, account{r.Text("wallet"), r.Text("account")}, -fee)
	if status := r.Text("status"); status != settlement.Failed.String() && status != settlement.Changed.String() {
		if r.Text("kind") == settlement.Payment.String() {
			c.add(&f.gross, amountOrZero(r, "gross_amount"))
		} else {
			c.add(&f.refunds, amountOrZero(r, "gross_amount"))
		}
		c.add(&f.net, net)
	}
	c.matched(&c.again.lines, r, "gross_amount")
	return c.state("statement_lines", id, r)
}

func (c *recount) event(r output.Row) error {
	c.matched(&c.again.events, r, "amount")
	return c.state("order_events", r.Text("event_id"), r)
}

func (c *recount) match(r output.Row) error {
	ordered, came, difference := amountOrZero(r, "order_amount"), amountOrZero(r, "line_amount"), amountOrZero(r, "difference")
	if difference != came-ordered {
		return broken("matches", r.Text("match_id"), "difference %s is not line_amount %s − order_amount %s", difference, came, ordered)
	}
	if r.Text("verdict") == settlement.VerdictEqual.String() && difference != 0 {
		return broken("matches", r.Text("match_id"), "the verdict is equal, the difference %s", difference)
	}
	c.add(&c.paired, came)
	return nil
}

func (c *recount) finding(r output.Row) error {
	expected, actual, difference := amountOrZero(r, "expected_amount"), amountOrZero(r, "actual_amount"), amountOrZero(r, "difference")
	if !r.IsNull("difference") && difference != actual-expected {
		return broken("breaks", r.Text("break_id"), "difference %s is not actual_amount %s − expected_amount %s", difference, actual, expected)
	}
	if r.Text("status") != settlement.BreakOpen.String() {
		return nil
	}
	c.at(r).breaks++
	c.counts["breaks"]++
	c.counts["breaks."+r.Text("kind")]++
	c.broke(r)
	return nil
}

func (c *recount) item(r output.Row) error {
	c.at(r).open++
	return nil
}

func (c *recount) charge(r output.Row) error {
	expected, charged, variance := amountOrZero(r, "expected_fee"), amountOrZero(r, "charged_fee"), amountOrZero(r, "variance")
	if known := !r.IsNull("expected_fee") && !r.IsNull("charged_fee"); known != !r.IsNull("variance") || known && variance != expected-charged {
		return broken("charges", r.Text("line_id"), "variance %s is not expected_fee %s − charged_fee %s",
			r.Text("variance"), r.Text("expected_fee"), r.Text("charged_fee"))
	}
	c.priced(r, r.Text("component"), r.Text("event"), "base_amount")
	f := c.at(r)
	if err := c.chargedBy(r, charged); err != nil {
		return err
	}
	if r.Text("component") == settlement.PlatformFee.String() {
		c.add(&f.platform, charged)
		return nil
	}
	c.add(&f.expected, expected)
	c.add(&f.charged, charged)
	c.add(&f.variance, variance)
	if r.IsNull("expected_fee") {
		c.add(&f.unpriced, charged)
	}
	return nil
}

// chargedBy holds what was charged against the file that says it: the fund flow where
// that does, else the bill.
func (c *recount) chargedBy(r output.Row, charged settlement.Amount) error {
	key := account{r.Text("wallet"), r.Text("account")}
	if r.IsNull("moved_fee") {
		addTo(c, c.stated, key, charged)
		return nil
	}
	moved := amountOrZero(r, "moved_fee")
	if moved != charged {
		return broken("charges", r.Text("line_id"), "charged_fee %s is not moved_fee %s", charged, moved)
	}
	addTo(c, c.kept, key.wallet, moved)
	addTo(c, c.stated, key, amountOrZero(r, "billed_fee"))
	return nil
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
		v.equal("charges", "Σ charged_fee, where the fund flow says another the bill's, = −Σ fee_amount of "+key.String(), c.billed[key], c.stated[key])
	}
	wallets := map[string]bool{}
	for _, sums := range []map[string]settlement.Amount{c.moved, c.kept} {
		for wallet := range sums {
			wallets[wallet] = true
		}
	}
	paidOut := map[string]settlement.Amount{}
	for key, f := range c.by {
		addTo(c, paidOut, key.wallet, f.withdrawal)
		wallets[key.wallet] = true
	}
	for _, wallet := range sorted(wallets) {
		v.equal("cross_wallet", "Σ repatriation_fee = Σ charged_fee of withdrawals of "+wallet, paidOut[wallet], c.divided[wallet])
		v.equal("charges", "Σ moved_fee = −Σ fee rows of fund_lines of "+wallet, c.moved[wallet], c.kept[wallet])
	}
}

func (a account) String() string { return strings.TrimSpace(a.wallet + " " + a.number) }

func (c *recount) accounts() (keys []account) {
	for key := range c.by {
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
		for column, to := range map[string]*int64{"lines": &f.lines, "matched": &f.matched, "breaks": &f.breaks, "open_items": &f.open} {
			n, err := parseWhole(r.Text(column))
			if err != nil {
				return err
			}
			*to += n
		}
		for column, to := range map[string]*settlement.Amount{"gross": &f.gross, "refunds": &f.refunds, "net": &f.net,
			"expected_fees": &f.expected, "charged_fees": &f.charged, "fee_variance": &f.variance, "platform_fees": &f.platform,
			"withdrawal_fees": &f.withdrawal, "cross_wallet_fees": &f.cross} {
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
	c.tieTotals()
	return nil
}

// String prints the figures for a message.
func (f *figures) String() string {
	return fmt.Sprintf("%d lines, %d matched, %d breaks, %d open, gross %s, refunds %s, net %s, fees expected %s, charged %s, variance %s, of the platform %s, of withdrawals %s, across wallets %s",
		f.lines, f.matched, f.breaks, f.open, f.gross, f.refunds, f.net, f.expected, f.charged, f.variance, f.platform, f.withdrawal, f.cross)
}

// of is the figures of an account, zero where the tables have no row of it.
func (c *recount) of(key account) *figures {
	if f := c.by[key]; f != nil {
		return f
	}
	return &figures{}
}

// tieTotals holds the totals of run.json against the tables.
func (c *recount) tieTotals() {
	v := c.v
	for _, t := range v.m.Totals {
		key := account{t.Wallet, t.Account}
		f := c.of(key)
		sum, known := map[string]settlement.Amount{"gross": f.gross, "refunds": f.refunds, "expected_fees": f.expected,
			"charged_fees": f.charged, "fee_variance": f.variance, "charged_fees_without_rule": f.unpriced, "net": f.net,
			"platform_fees": f.platform, "withdrawal_fees": f.withdrawal, "cross_wallet_fees": f.cross}[t.Name]
		if !known {
			v.fault(output.ManifestName, "it has a total %q, which the tables do not give", t.Name)
			continue
		}
		v.equal(output.ManifestName, fmt.Sprintf("total %s of %s", t.Name, key), sum, settlement.Amount(t.Amount))
	}
}

// tieControlTotals computes the control totals of every bill again from the tables
// statement_lines and fund_lines, with the second Parquet implementation, and ties them
// with the table control_totals and with what run.json says of the inputs.
func (v *verification) tieControlTotals() error {
	lines := map[output.FileKind]output.LineTotals{}
	for _, table := range []string{"statement_lines", "fund_lines"} {
		parts, err := output.Parts(v.dir, table)
		if err != nil {
			return err
		}
		totals, err := output.FileTotals(table, parts)
		if err != nil {
			return err
		}
		maps.Copy(lines, totals) // of other kinds
	}
	notes := map[string]string{}
	for _, c := range v.m.Proof {
		notes[c.Name] = c.Note
	}
	var told []string
	for _, in := range v.m.Inputs {
		if in.DuplicateOf != "" || in.Superseded != "" {
			continue
		}
		source := settlement.Position{File: in.Name, Member: in.Member}.String()
		of := func(kind settlement.Kind) output.LineTotals {
			return lines[output.FileKind{File: source, Kind: kind}]
		}
		for _, t := range in.Totals {
			told = append(told, totalText(source, in.SHA256, t.Name, t.Stated, t.Computed, t.Difference))
			if in.Part == 0 && t.Stated != t.Computed {
				v.fault(output.ManifestName, "%s of %s: stated %s, computed %s", t.Name, source, t.Stated, t.Computed)
			}
			if isBill(in.Kind) || settlement.StatementKind(in.Kind).IsFunds() {
				v.tieOne(source, t, notes, of)
			}
		}
		written, moved := int64(0), of(settlement.Income).Rows+of(settlement.Expense).Rows
		for kind := settlement.Payment; kind <= settlement.Expense; kind++ {
			if kind <= settlement.Revoke {
				written += of(kind).Rows
			}
			delete(lines, output.FileKind{File: source, Kind: kind})
		}
		if isBill(in.Kind) && written > in.Rows {
			v.fault("statement_lines", "%d rows of %s, which has %d", written, source, in.Rows)
		}
		if moved > in.Rows {
			v.fault("fund_lines", "%d rows of %s, which has %d", moved, source, in.Rows)
		}
	}
	for key := range lines {
		v.fault("statement_lines, fund_lines", "rows of %s, which is no input of the run", key.File)
	}
	return v.tieTotalsTable(told)
}

// tieOne computes one control total again.
func (v *verification) tieOne(source string, t output.InputTotal, notes map[string]string, of func(settlement.Kind) output.LineTotals) {
	name := fmt.Sprintf("%s of %s, from Parquet", t.Name, source)
	recount, err := pipeline.ParseRecount(notes[name])
	if err != nil {
		v.fault(output.ManifestName, "%s: %v", name, err)
		return
	}
	again := settlement.ControlTotal{Computed: recount.Of(of), Measure: recount.Measure}
	v.equal("statement_lines", name, t.Computed, again.ComputedText())
}

// tieTotalsTable holds the table control_totals against run.json.
func (v *verification) tieTotalsTable(told []string) error {
	var written []string
	err := output.ReadTable(v.dir, "control_totals", func(r output.Row) error {
		written = append(written, totalText(r.Text("source_file"), r.Text("sha256"), r.Text("name"), r.Text("stated"), r.Text("computed"), r.Text("difference")))
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(told)
	slices.Sort(written)
	v.equal("control_totals", "rows", len(told), len(written))
	for i := range min(len(told), len(written)) {
		v.equal("control_totals", "row", told[i], written[i])
	}
	return nil
}

// totalText is a control total as text that is the same from run.json and from the
// table, where counts stand as 45.00.
func totalText(source, sha, name string, values ...string) string {
	for i, value := range values {
		if !strings.Contains(value, ".") {
			values[i] = value + ".00"
		}
	}
	return fmt.Sprintf("%s %s %s: %s", source, sha, name, strings.Join(values, " "))
}
