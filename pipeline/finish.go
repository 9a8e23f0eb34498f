package pipeline

import (
	"context"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"reconcile/funds"
	"reconcile/output"
	"reconcile/settlement"
)

// provingGC is how much garbage there may be while a run is proved, in hundredths of
// what is in use.
const provingGC = 400

// finish proves the run, writes its manifest and commits it.
func (r *run) finish(ctx context.Context, staging *output.Staging) (*output.Manifest, error) {
	// Little is left in memory, and the second library makes a value at a time: at twice
	// that little, garbage would be collected all the time. The memory limit stands.
	defer debug.SetGCPercent(debug.SetGCPercent(provingGC))
	var checks []output.Check
	err := r.costs.time(StageProve, func() error {
		checks = append(r.totalChecks(), r.conserve()...)
		for _, part := range r.parts {
			r.costs.count(StageProve, int(part.Rows), part.Bytes)
		}
		read, err := r.readBack(ctx)
		checks = append(checks, read...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("the written tables do not read back as they were written, nothing was committed: %w", err)
	}
	for _, c := range checks {
		if !c.Holds {
			return nil, fmt.Errorf("the proof does not hold, nothing was committed: %s: expected %s, found %s (this is a fault of the program; please report it with this message)",
				c.Name, c.Expected, c.Actual)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(r.budget.dir); err != nil {
		return nil, err
	}
	manifest := r.manifest(checks)
	synced := staging.SyncBehind() // the tables, while the page is made
	err = r.show(staging.Dir(), manifest)
	if fault := synced(); err == nil {
		err = fault
	}
	if err != nil {
		return nil, err
	}
	r.job.Progress(StageCommit, 0, 1)
	if err := manifest.Write(staging.Dir()); err != nil {
		return nil, err
	}
	if err := staging.Commit(manifest.Complete); err != nil {
		return nil, err
	}
	r.job.Progress(StageCommit, 1, 1)
	return manifest, nil
}

// show writes what people look at beside the tables, and notes it in the manifest.
func (r *run) show(dir string, m *output.Manifest) error {
	if r.job.Show == nil {
		return nil
	}
	r.job.Progress(StageReport, 0, 1)
	err := r.costs.time(StageReport, func() error {
		files, err := r.job.Show(dir, m)
		if err != nil {
			return err
		}
		for _, name := range files {
			if err := m.AddFile(dir, name); err != nil {
				return err
			}
		}
		for _, file := range m.Files {
			r.costs.count(StageReport, 0, file.Bytes)
		}
		return nil
	})
	m.Stages = r.costs.manifest()
	return err
}

// totalChecks repeats, for the record, that the control totals of every file tie.
func (r *run) totalChecks() []output.Check {
	var checks []output.Check
	for _, i := range r.inNameOrder() {
		s := r.intake.Statements[i]
		for _, t := range s.Totals {
			if !t.Ties() && s.Part > 0 {
				continue // ties together with the other parts, which ingest has checked
			}
			checks = append(checks, check(fmt.Sprintf("%s of %s, stated = computed", t.Name, r.files[i]), t.StatedText(), t.ComputedText()))
		}
	}
	return checks
}

func (r *run) manifest(checks []output.Check) *output.Manifest {
	r.proof.funds.ties.note(r.intake)
	m := &output.Manifest{
		Complete:            len(r.intake.Refusals) == 0,
		Versions:            versions(r.job.Version),
		StartedAt:           r.started.In(settlement.Shanghai).Format(time.RFC3339),
		FinishedAt:          time.Now().In(settlement.Shanghai).Format(time.RFC3339),
		ConfigurationSHA256: r.job.ConfigHash,
		Buckets:             r.buckets,
		Proof:               checks,
		Notes:               r.notes(),
		Stages:              r.costs.manifest(),
		SpilledBytes:        r.budget.spilled,
		Day:                 r.dayState(),
	}
	for i, s := range r.intake.Statements {
		if s == nil {
			continue
		}
		in := output.InputOf(s)
		switch of := r.intake.CopyOf[i]; {
		case of >= 0 && s.Superseded:
			in.Superseded = r.files[of]
		case of >= 0:
			in.DuplicateOf = r.files[of]
		}
		in.Copies = r.proof.funds.ties.copiesOf(int32(i))
		m.Inputs = append(m.Inputs, in)
	}
	for _, refusal := range r.intake.Refusals {
		m.Refused = append(m.Refused, output.RefusedOf(refusal))
	}
	for _, part := range r.parts {
		m.AddPart(part)
	}
	overview := r.overview()
	if first, last := m.Period(); m.Day == nil && first != last {
		overview.Day = settlement.NoDay // what is added up is of several days, and not of the last
	}
	m.Totals, m.Counts, m.Figures = overview.totals(), overview.counts(), &overview.Figures
	return m
}

// notes is what a reader of the run should know beside its numbers.
func (r *run) notes() []string {
	var notes []string
	rules := r.rules.Match
	copies := int64(0)
	for _, d := range r.proof.dropped {
		copies += d.rows
	}
	if copies > 0 {
		notes = append(notes, fmt.Sprintf("%d lines stand in more than one file: each is counted once", copies))
	}
	var others int64
	for _, sums := range r.other.kinds {
		others += sums.rows
	}
	if others+r.otherEvents() > 0 {
		notes = append(notes, fmt.Sprintf("%d lines and %d order events of the files are of other days: they belong to the runs of those", others, r.otherEvents()))
	}
	if r.proof.droppedEvents > 0 {
		notes = append(notes, fmt.Sprintf("%d order events stand in the extracts more than once: the one that has come furthest counts", r.proof.droppedEvents))
	}
	if n := r.proof.settled.GivenUp; n > 0 {
		notes = append(notes, fmt.Sprintf("%d lines waited for %d days for a fund flow or trade bill that never came: they are not compared any more", n, funds.WaitsAtMost))
	}
	notes = append(notes, r.payoutNotes...)
	notes = append(notes, r.balanced.Notes...)
	if note := r.proof.funds.othersNote(); note != "" {
		notes = append(notes, note)
	}
	notes = append(notes, r.oneSided()...)
	if note := r.suggestions.note(); note != "" {
		notes = append(notes, note)
	}
	notes = append(notes, r.job.Decisions.Notes()...)
	switch {
	case rules.OrdersIncomplete && len(r.intake.Refusals) > 0:
		notes = append(notes, "a refused file was or may have been an extract of orders: lines without an order, and refunds whose order is not there, stay open")
	case rules.OrdersIncomplete:
		notes = append(notes, "no orders were delivered: lines stay open")
	case rules.Watermark == settlement.NoInstant:
		notes = append(notes, "the orders have no event: lines stay open")
	case !rules.RefundsListed:
		notes = append(notes, "no list of refunds was delivered: refund lines without one stay open")
	}
	if !rules.Coverage.Any() {
		notes = append(notes, "no statement with a known period was delivered: orders without a line stay open")
	}
	return notes
}

// oneSided names the statements of accounts of which only the trade bill, or only the fund
// flow, is there, where others have both: they cannot be held against each other.
func (r *run) oneSided() (notes []string) {
	if len(r.rules.Flows) == 0 {
		return nil
	}
	for _, i := range r.inNameOrder() {
		s := r.intake.Statements[i]
		account := []byte(s.Account)
		switch {
		case s.Wallet != settlement.Alipay && s.Wallet != settlement.WeChat:
		case showsPayments(s) && !r.rules.Match.Coverage.Knows(s.Wallet, account):
			notes = append(notes, fmt.Sprintf("%s is the fund flow of %s %s, of which there is no trade bill: its payments are held against nothing (is it another account's?)", r.files[i], s.Wallet, s.Account))
		case !s.Kind.IsFunds() && !s.Kind.IsSummary() && s.Kind.ShowsTrades() && !r.rules.Funds.FundFlows.Knows(s.Wallet, account):
			notes = append(notes, fmt.Sprintf("%s is the trade bill of %s %s, of which there is no fund flow: whether its money arrived is not known", r.files[i], s.Wallet, s.Account))
		}
	}
	return notes
}

// versions is the program's version and those of the libraries that decide what it
// writes.
func versions(own string) map[string]string {
	v := map[string]string{"reconcile": own}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v["go"] = info.GoVersion
	for _, m := range info.Deps {
		switch m.Path {
		case "github.com/apache/arrow/go/v17", "github.com/xitongsys/parquet-go", "github.com/klauspost/compress":
			v[m.Path] = m.Version
		}
	}
	return v
}

// Overview is what a run found, for people.
type Overview struct {
	output.Figures
	Lines     map[string]int64 // by match state
	Events    map[string]int64 // by match state
	Funds     []FundOverview   // a row an account
	FundLines map[string]int64 // by state
}

// AccountOverview and BreakOverview are rows of the figures.
type (
	AccountOverview = output.AccountFigures
	BreakOverview   = output.BreakFigures
)

func (r *run) overview() Overview {
	o := Overview{Figures: output.Figures{Day: r.rules.Match.Day, Fees: r.tally.feeFigures(), Cross: r.tally.crossFigures(),
		Accounts: []AccountOverview{}, Breaks: []BreakOverview{}}, Lines: map[string]int64{}, Events: map[string]int64{}, Funds: r.proof.funds.overview(), FundLines: map[string]int64{}}
	for i, s := range r.intake.Statements {
		switch {
		case !r.intake.Accepted(int32(i)) || s.Kind == settlement.RefundExtract:
		case s.Kind == settlement.OrderExtract:
			o.Orders++
		case s.Kind.ShowsTrades():
			o.Bills++
		}
	}
	type place struct {
		wallet  settlement.Wallet
		account string
	}
	byPlace := map[place]*AccountOverview{}
	for key, row := range r.tally.rows {
		at := place{key.wallet, key.account}
		a := byPlace[at]
		if a == nil {
			a = &AccountOverview{Wallet: key.wallet, Account: key.account}
			byPlace[at] = a
		}
		a.Events += row.events
		a.Lines += row.lines
		a.Matched += row.matched
		a.Breaks += row.breaks
		a.Open += row.open
		a.Gross += row.gross
		a.Refunds += row.refunds
		a.Expected += row.expected
		a.Charged += row.charged
		a.Variance += row.variance
		a.Net += row.net
		a.Unpriced += row.unpriced
		a.Billed += row.billed
		a.Platform += row.platform
		a.Withdrawal += row.withdrawal
		a.Withdrawals += row.withdrawals
		a.Cross += row.cross
		a.CrossOrders += row.crossOrders
		a.CrossUnknown += row.uncrossed
		r.tally.mergeRate(&a.LinesRate, row.linesRate)
		r.tally.mergeRate(&a.EventsRate, row.eventsRate)
	}
	for _, a := range byPlace {
		o.Accounts = append(o.Accounts, *a)
	}
	slices.SortFunc(o.Accounts, func(a, b AccountOverview) int {
		if a.Wallet != b.Wallet {
			return int(a.Wallet) - int(b.Wallet)
		}
		return slices.Compare([]byte(a.Account), []byte(b.Account))
	})
	for key, b := range r.tally.breaks {
		o.Breaks = append(o.Breaks, BreakOverview{Wallet: key.wallet, Kind: key.kind, Count: b.count, Difference: b.short + b.over, Short: b.short, Over: b.over})
	}
	slices.SortFunc(o.Breaks, func(a, b BreakOverview) int {
		if a.Kind != b.Kind {
			return int(a.Kind) - int(b.Kind)
		}
		return int(a.Wallet) - int(b.Wallet)
	})
	for state := settlement.Matched; int(state) < states; state++ {
		if n := r.proof.lineStates[state]; n > 0 {
			o.Lines[state.String()] = n
		}
		if n := r.proof.eventStates[state]; n > 0 {
			o.Events[state.String()] = n
		}
	}
	for _, state := range fundStates {
		if n := r.proof.funds.states[state]; n > 0 {
			o.FundLines[state.String()] = n
		}
	}
	return o
}

// totals is the money of the overview as the manifest holds it.
func (o Overview) totals() []output.Total {
	var totals []output.Total
	for _, a := range o.Accounts {
		for _, t := range []struct {
			name   string
			amount settlement.Amount
		}{
			{"gross", a.Gross}, {"refunds", a.Refunds}, {"expected_fees", a.Expected}, {"charged_fees", a.Charged},
			{"fee_variance", a.Variance}, {"charged_fees_without_rule", a.Unpriced}, {"net", a.Net},
			{"platform_fees", a.Platform}, {"withdrawal_fees", a.Withdrawal}, {"cross_wallet_fees", a.Cross},
		} {
			totals = append(totals, output.Total{
				Name: t.name, Wallet: a.Wallet.String(), Account: a.Account,
				Currency: settlement.CNY.String(), Amount: output.Money(t.amount),
			})
		}
	}
	return totals
}

// counts is the counts of the overview as the manifest holds them.
func (o Overview) counts() map[string]int64 {
	counts := map[string]int64{"breaks": o.BreakCount()}
	for _, b := range o.Breaks {
		counts["breaks."+b.Kind.String()] += b.Count
	}
	for state, n := range o.Lines {
		counts["statement_lines."+state] = n
	}
	for state, n := range o.Events {
		counts["order_events."+state] = n
	}
	for state, n := range o.FundLines {
		counts["fund_lines."+state] = n
	}
	maps.DeleteFunc(counts, func(name string, n int64) bool { return n == 0 && name != "breaks" })
	return counts
}
