package settlement

// WithdrawalStatus says what became of a withdrawal.
type WithdrawalStatus uint8

const (
	NoWithdrawalStatus WithdrawalStatus = iota
	InTransit                           // left the wallet; no bank statement has shown it yet
	Received                            // a bank statement shows it
	Returned                            // 提现退回: the bank sent it back
	FeeAlone                            // a fee of withdrawing that names no withdrawal of the run
)

// WithdrawalStatusWords is the dictionary of WithdrawalStatus.
var WithdrawalStatusWords = []string{"", "in_transit", "received", "returned", "fee_alone"}

func (s WithdrawalStatus) String() string { return word(WithdrawalStatusWords, uint8(s)) }

// Withdrawals is a batch of payouts to a bank (提现) and of their returns: the table
// withdrawals, carried while they may come back. Fees are costs.
type Withdrawals struct {
	Wallet      []Wallet
	Account     Text
	PayoutNo    Text // the wallet's number of the movement
	WithdrawnAt []Instant
	Amount      []Amount // sent to the bank +, sent back −
	Expected    []Amount // NoAmount where a quota or a rule is not known
	Charged     []Amount
	Variance    []Amount
	QuotaUsed   []Amount // negative of a return
	BankRef     Text
	Status      []WithdrawalStatus
	RuleID      Text
	RuleVer     Text
	Class       []VarianceClass
	Assumed     []uint8
	SettledOn   []Day
	LineID      []ID
	// Uses is how QuotaUsed splits over quotas, as fees.WriteUses writes it: what a
	// return gives back.
	Uses Text
	// Of is the payout number of the withdrawal that a return is of.
	Of   Text
	File []int32
	Line []int64
	// What a bank statement of the run says of it, as in Payouts.
	DueOn       []Day
	Arrival     []Arrival
	ArrivedOn   []Day
	BankAccount Text
	BankLine    []ID
	LegOf       Text
}

// Columns implements Batch.
func (b *Withdrawals) Columns() []Column {
	return []Column{
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("payout_no", &b.PayoutNo),
		instantColumn("withdrawn_at", &b.WithdrawnAt),
		moneyColumn("amount", &b.Amount),
		moneyColumn("expected_fee", &b.Expected),
		moneyColumn("charged_fee", &b.Charged),
		moneyColumn("variance", &b.Variance),
		moneyColumn("quota_used", &b.QuotaUsed),
		textColumn("bank_reference", &b.BankRef),
		wordColumn("status", &b.Status),
		textColumn("rule_id", &b.RuleID),
		textColumn("rule_version", &b.RuleVer),
		wordColumn("variance_class", &b.Class),
		wordColumn("assumed", &b.Assumed),
		dayColumn("settled_on", &b.SettledOn),
		idColumn("line_id", &b.LineID),
		textColumn("quota_uses", &b.Uses),
		textColumn("return_of", &b.Of),
		fileColumn("source_file", &b.File),
		countColumn("source_line", &b.Line),
		dayColumn("due_on", &b.DueOn),
		wordColumn("arrival", &b.Arrival),
		dayColumn("arrived_on", &b.ArrivedOn),
		textColumn("bank_account", &b.BankAccount),
		idColumn("bank_line_id", &b.BankLine),
		textColumn("leg_of", &b.LegOf),
	}
}

// Len implements Batch.
func (b *Withdrawals) Len() int { return len(b.Wallet) }

// Quotas is a batch of free quotas and what was used of them: the table quotas, carried.
type Quotas struct {
	Wallet  []Wallet
	Owner   Text
	RuleID  Text
	Period  Text
	Start   []Instant // NoInstant of a lifetime
	Expiry  []Instant // NoInstant where it does not expire
	Granted []Amount
	Used    []Amount
}

// Columns implements Batch.
func (b *Quotas) Columns() []Column {
	return []Column{
		wordColumn("wallet", &b.Wallet),
		textColumn("owner", &b.Owner),
		textColumn("rule_id", &b.RuleID),
		textColumn("period", &b.Period),
		instantColumn("starts_at", &b.Start),
		instantColumn("expires_at", &b.Expiry),
		moneyColumn("granted_amount", &b.Granted),
		moneyColumn("used_amount", &b.Used),
	}
}

// Len implements Batch.
func (b *Quotas) Len() int { return len(b.Wallet) }

// Proceeds is a batch of what orders left in an account and was not withdrawn yet: the
// table proceeds, carried.
type Proceeds struct {
	Wallet    []Wallet
	Account   Text
	OrderNo   Text // under which the wallet knows the payment
	SettledAt []Instant
	Net       []Amount // negative where a refund took more than the order had there
	Shop      Text
	Platform  Text
	Home      []Wallet // NoWallet where it is not known
	Paying    []Wallet

	// Key is that of the payment's line.
	Key []uint64
}

// Columns implements Batch.
func (b *Proceeds) Columns() []Column {
	return []Column{
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("order_no", &b.OrderNo),
		instantColumn("settled_at", &b.SettledAt),
		moneyColumn("net_amount", &b.Net),
		textColumn("shop", &b.Shop),
		textColumn("platform", &b.Platform),
		wordColumn("home_wallet", &b.Home),
		wordColumn("paying_wallet", &b.Paying),
		hashColumn("key", &b.Key),
	}
}

// Len implements Batch.
func (b *Proceeds) Len() int { return len(b.Wallet) }

// CostOf says what a row of the table cross_wallet is about.
type CostOf uint8

const (
	NoCost       CostOf = iota
	CostOrder           // an order paid with another wallet than its home wallet
	CostHome            // all other orders of an account: what withdrawing their money cost
	CostResidual        // what was withdrawn beside the proceeds of orders: top-ups, an opening balance
	CostMovement        // money that was withdrawn from one wallet and put into the other: what putting it in cost
)

// CostWords is the dictionary of CostOf.
var CostWords = []string{"", "order", "home", "residual", "movement"}

func (c CostOf) String() string { return word(CostWords, uint8(c)) }

// CrossWallet is a batch of what it cost that buyers used another wallet, as increments:
// the table cross_wallet. Fees are costs.
type CrossWallet struct {
	OrderNo      Text
	Shop         Text
	Platform     Text
	Home         []Wallet
	Paying       []Wallet
	Paid         []Amount
	Refunded     []Amount // a magnitude
	ChannelFee   []Amount // NoAmount where not known; so are the others
	HomeFee      []Amount
	Incremental  []Amount
	Repatriation []Amount
	Deposit      []Amount
	Cost         []Amount
	Of           []CostOf
	Wallet       []Wallet // of the account that holds the money
	Account      Text
	SettledOn    []Day

	// Key is that of the payment's line.
	Key []uint64
}

// Columns implements Batch.
func (b *CrossWallet) Columns() []Column {
	return []Column{
		textColumn("order_no", &b.OrderNo),
		textColumn("shop", &b.Shop),
		textColumn("platform", &b.Platform),
		wordColumn("home_wallet", &b.Home),
		wordColumn("paying_wallet", &b.Paying),
		moneyColumn("paid_amount", &b.Paid),
		moneyColumn("refunded_amount", &b.Refunded),
		moneyColumn("channel_fee", &b.ChannelFee),
		moneyColumn("home_fee", &b.HomeFee),
		moneyColumn("incremental_fee", &b.Incremental),
		moneyColumn("repatriation_fee", &b.Repatriation),
		moneyColumn("deposit_fee", &b.Deposit),
		moneyColumn("cross_wallet_fee", &b.Cost),
		wordColumn("cost_of", &b.Of),
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		dayColumn("settled_on", &b.SettledOn),
		hashColumn("key", &b.Key),
	}
}

// Len implements Batch.
func (b *CrossWallet) Len() int { return len(b.Of) }
