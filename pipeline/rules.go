package pipeline

import (
	"cmp"
	"slices"

	"reconcile/fees"
	"reconcile/funds"
	"reconcile/match"
	"reconcile/settlement"
)

// buildRules works out what the files that were accepted allow to conclude.
func (r *run) buildRules() (*Rules, error) {
	terms := r.job.Terms
	if terms == nil {
		var err error
		if terms, err = fees.PresetTerms(); err != nil {
			return nil, err
		}
	}
	rules := &match.Rules{
		Day: settlement.NoDay, Watermark: settlement.NoInstant, RefundWatermark: settlement.NoInstant,
		Window: r.job.Window, SuccessWindow: match.DefaultSuccessWindow,
		FileRank: r.fileRank(), OrdersIncomplete: true,
	}
	for i, s := range r.intake.Statements {
		if !r.intake.Accepted(int32(i)) {
			continue
		}
		switch {
		case s.Kind.IsSummary():
		case s.IsExtract():
			// Orders and refunds are taken at one time as a rule, and refunds are few: the
			// later of both says how far the list of refunds speaks.
			rules.RefundWatermark = max(rules.RefundWatermark, s.Watermark)
			if s.Kind == settlement.OrderExtract {
				rules.OrdersIncomplete = false
				rules.Watermark = max(rules.Watermark, s.Watermark)
			}
			rules.RefundsListed = rules.RefundsListed || s.Kind == settlement.RefundExtract
		default:
			if s.Kind.ShowsTrades() {
				rules.Coverage.AddStatement(s)
			}
			if s.Kind == settlement.AggregatedFunds {
				rules.AggregatedPlatforms = aggregatedPlatforms
			}
			if s.Until != settlement.NoDay {
				rules.Day = max(rules.Day, s.Until-1)
			}
		}
	}
	if rules.Day == settlement.NoDay {
		rules.Day = r.latestDay(rules.RefundWatermark)
	}
	flows := r.fundFlows()
	r.distrustRefused(rules, flows)
	if err := r.applyState(rules, flows); err != nil {
		return nil, err
	}
	return &Rules{Match: rules, Terms: terms, Shown: r.shownFees(), Flows: r.flows(),
		Funds: &funds.Rules{TradeBills: &rules.Coverage, FundFlows: flows, Window: rules.Window, Day: rules.Day, Names: slices.Clone(r.files)}}, nil
}

// fundFlows is the periods of which fund flows were delivered that show the money of
// payments, of WeChat Pay's purses that is the basic account (基本账户); and of which
// bank statements were.
func (r *run) fundFlows() *settlement.Coverage {
	c := &settlement.Coverage{}
	for i, s := range r.intake.Statements {
		if r.intake.Accepted(int32(i)) && (showsPayments(s) || s.Kind == settlement.BankStatement) && s.From != settlement.NoDay && s.Until != settlement.NoDay {
			c.AddSpan(s.Wallet, s.Account, false, s.From, s.Until)
		}
	}
	return c
}

func showsPayments(s *settlement.Statement) bool {
	switch s.Kind {
	case settlement.FundBill:
		return s.SubAccount == "" || s.SubAccount == "basic"
	case settlement.AccountLog, settlement.PortalFunds:
		return true
	}
	return false
}

// aggregatedPlatforms are those whose orders may settle in an aggregated account.
var aggregatedPlatforms = map[string]bool{"taobao": true, "tmall": true}

// shownFees is up to when each file shows the fees of the payments that it shows. A fee
// may be booked later than its payment by as much as the cut-off window, and so in
// the next file.
func (r *run) shownFees() fees.Shown {
	shown := make(fees.Shown, len(r.intake.Statements))
	for i, s := range r.intake.Statements {
		shown[i] = settlement.NoInstant
		if s != nil && s.Until != settlement.NoDay && r.read[i].fundFees.Load() > 0 {
			shown[i] = s.Until.Start() - r.job.Window
		}
	}
	return shown
}

// latestDay is the settlement day of a run of which no statement tells one.
func (r *run) latestDay(watermark settlement.Instant) settlement.Day {
	if latest := settlement.Instant(r.latest.Load()); latest != settlement.NoInstant {
		return settlement.DayOf(latest)
	}
	if watermark != settlement.NoInstant {
		return settlement.DayOf(watermark)
	}
	return settlement.NoDay
}

// distrustRefused takes back what can no longer be concluded when a file was
// refused: a refused statement counts as not delivered, and without all extracts
// nothing can be said to be missing in the orders.
func (r *run) distrustRefused(rules *match.Rules, flows *settlement.Coverage) {
	for _, refusal := range r.intake.Refusals {
		s := refusal.Statement
		switch {
		case refusal.NotAStatement || s != nil && s.Kind.IsSummary():
		case s == nil || s.Kind == "":
			rules.Coverage.AddRefused(settlement.NoWallet, "")
			flows.AddRefused(settlement.NoWallet, "")
			rules.Watermark, rules.RefundWatermark, rules.RefundsListed = settlement.NoInstant, settlement.NoInstant, false
			rules.OrdersIncomplete = true
		case s.Kind == settlement.OrderExtract:
			rules.Watermark, rules.RefundWatermark = settlement.NoInstant, settlement.NoInstant
			rules.OrdersIncomplete = true
		case s.Kind == settlement.RefundExtract:
			rules.RefundsListed = false
		case showsPayments(s) || s.Kind == settlement.BankStatement:
			flows.AddRefused(s.Wallet, s.Account)
		case !s.Kind.ShowsTrades():
		default:
			rules.Coverage.AddRefused(s.Wallet, s.Account)
		}
	}
}

// fileRank orders the statements for choosing among copies of a line: ALL before
// SUCCESS and REFUND, then by content, then by name.
func (r *run) fileRank() []int32 {
	order := make([]int32, len(r.intake.Statements))
	for i := range order {
		order[i] = int32(i)
	}
	selection := func(s *settlement.Statement) int {
		if s.Kind == settlement.TradeBillSuccess || s.Kind == settlement.TradeBillRefund {
			return 1
		}
		return 0
	}
	slices.SortFunc(order, func(x, y int32) int {
		a, b := r.intake.Statements[x], r.intake.Statements[y]
		if a == nil || b == nil {
			return cmp.Or(cmp.Compare(boolRank(a == nil), boolRank(b == nil)), cmp.Compare(x, y))
		}
		return cmp.Or(cmp.Compare(selection(a), selection(b)), cmp.Compare(a.SHA256, b.SHA256), cmp.Compare(a.Source(), b.Source()))
	})
	rank := make([]int32, len(r.files))
	for n, i := range order {
		rank[i] = int32(n)
	}
	for i := len(order); i < len(rank); i++ {
		rank[i] = int32(i - len(rank)) // earlier days before all others, the settled last of these
	}
	return rank
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}
