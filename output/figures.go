package output

import "reconcile/settlement"

// Figures is what a run adds up while it has every row in hand, for those who look at
// its result: reading it from run.json costs nothing, reading millions of rows again
// does. Every figure is a sum over the tables named with it.
type Figures struct {
	Day settlement.Day `json:"day"` // of the run, "" where it is of files of several days
	// Bills and Orders count the statements of wallets and the extracts of orders that
	// were used: without both nothing was compared.
	Bills    int              `json:"bills"`
	Orders   int              `json:"order_extracts"`
	Accounts []AccountFigures `json:"accounts"`
	Breaks   []BreakFigures   `json:"breaks"`
	Fees     []FeeFigures     `json:"fees"`
	Cross    []CrossFigures   `json:"cross_wallet"`
}

// AccountFigures adds up the table summary of one wallet and account, over days and
// shops. Signs are those of that table.
type AccountFigures struct {
	Wallet  settlement.Wallet `json:"wallet"`
	Account string            `json:"account"`

	Events  int64 `json:"events"`
	Lines   int64 `json:"lines"`
	Matched int64 `json:"matched"` // lines
	Breaks  int64 `json:"breaks"`
	Open    int64 `json:"open"`

	// How much of what is to be held against the other side agreed: all but what is not
	// expected, awaits release, or is a copy. Amounts are magnitudes.
	LinesRate  MatchFigures `json:"lines_matched"`
	EventsRate MatchFigures `json:"events_matched"`

	Gross    settlement.Amount `json:"gross"`
	Refunds  settlement.Amount `json:"refunds"`
	Expected settlement.Amount `json:"expected_fees"`
	Charged  settlement.Amount `json:"charged_fees"`
	Variance settlement.Amount `json:"fee_variance"`
	Net      settlement.Amount `json:"net"`
	// Unpriced is the part of Charged for which no rule gives an expectation.
	Unpriced settlement.Amount `json:"charged_fees_without_rule"`
	// Billed is what the bills state as fees, which a fund flow may contradict; Platform
	// what the platform took.
	Billed   settlement.Amount `json:"billed_fees"`
	Platform settlement.Amount `json:"platform_fees"`
	// Withdrawal is the fees of the withdrawals; Cross what orders cost that were paid
	// across wallets, where it is known. CrossOrders of them were paid, of which
	// CrossUnknown are not priced.
	Withdrawal   settlement.Amount `json:"withdrawal_fees"`
	Withdrawals  int64             `json:"withdrawals"`
	Cross        settlement.Amount `json:"cross_wallet_fees"`
	CrossOrders  int64             `json:"cross_wallet_orders"`
	CrossUnknown int64             `json:"cross_wallet_not_priced"`
}

// MatchFigures counts rows that must be held against the other side, and those of them
// that agree in full.
type MatchFigures struct {
	Rows          int64             `json:"rows"`
	Matched       int64             `json:"matched"`
	Amount        settlement.Amount `json:"amount"` // Σ of magnitudes
	MatchedAmount settlement.Amount `json:"matched_amount"`
}

// BreakFigures counts the open breaks of one kind in one wallet.
type BreakFigures struct {
	Wallet     settlement.Wallet    `json:"wallet"`
	Kind       settlement.BreakKind `json:"kind"`
	Count      int64                `json:"count"`
	Difference settlement.Amount    `json:"difference"` // Short + Over
	Short      settlement.Amount    `json:"short"`      // Σ of the negative differences
	Over       settlement.Amount    `json:"over"`       // Σ of the positive ones
}

// FeeFigures adds up the charges, and the withdrawals, that one version of a rule
// prices: of one wallet, component and event.
type FeeFigures struct {
	Wallet    settlement.Wallet `json:"wallet"`
	Component string            `json:"component"` // as in charges; "withdrawal" of withdrawals
	Event     string            `json:"event"`     // payment, refund, revoke, withdrawal
	RuleID    string            `json:"rule_id"`   // "" where no rule gives an expectation
	Version   string            `json:"rule_version"`
	Assumed   bool              `json:"assumed"`
	Lines     int64             `json:"lines"`
	Base      settlement.Amount `json:"base"`     // Σ base_amount; of withdrawals Σ amount
	Expected  settlement.Amount `json:"expected"` // Σ expected_fee, as far as known
	Charged   settlement.Amount `json:"charged"`  // Σ charged_fee, as far as known
	Variance  settlement.Amount `json:"variance"` // Σ variance, of rows of which both are known
	// Overcharged rows have a negative variance; Over is −Σ of it.
	Overcharged int64             `json:"overcharged_lines"`
	Over        settlement.Amount `json:"overcharged"`
}

// CrossFigures adds up cross_wallet by the two wallets and the platform. Home and
// residual rows stand with CostOf alone. Fees are sums of what is known.
type CrossFigures struct {
	CostOf       string            `json:"cost_of"`
	Home         settlement.Wallet `json:"home_wallet"`
	Paying       settlement.Wallet `json:"paying_wallet"`
	Platform     string            `json:"platform"`
	Orders       int64             `json:"orders"`     // that were paid on the day
	Unpriced     int64             `json:"not_priced"` // of them, whose cost is not known
	Paid         settlement.Amount `json:"paid"`
	Refunded     settlement.Amount `json:"refunded"`
	ChannelFee   settlement.Amount `json:"channel_fee"`
	HomeFee      settlement.Amount `json:"home_fee"`
	Incremental  settlement.Amount `json:"incremental_fee"`
	Repatriation settlement.Amount `json:"repatriation_fee"`
	Deposit      settlement.Amount `json:"deposit_fee"`
	Cost         settlement.Amount `json:"cross_wallet_fee"`
}

// Priced says that of some of the orders the cost is known.
func (c *CrossFigures) Priced() bool { return c.Unpriced < c.Orders || c.Orders == 0 }

// CostBps is the blended cost of acceptance in basis points: the fees charged and those
// of withdrawals over what was kept; settlement.NoCount where nothing was.
func (a *AccountFigures) CostBps() int64 {
	return settlement.PartsOf(a.Charged+a.Withdrawal, a.Gross+a.Refunds, 10_000)
}

// BreakCount is the number of open breaks.
func (f *Figures) BreakCount() (n int64) {
	for _, b := range f.Breaks {
		n += b.Count
	}
	return n
}

// OwnRateRule is the rule_id of fees that are priced by the rate that their row prints.
const OwnRateRule = "own_rate"

// Rank orders fees by how much their expectation is worth: a contract's, that of the
// row's own rate, a shipped preset's, none.
func (f *FeeFigures) Rank() int {
	switch {
	case f.RuleID == "":
		return 3
	case f.Assumed:
		return 2
	case f.RuleID == OwnRateRule:
		return 1
	}
	return 0
}
