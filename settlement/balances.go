package settlement

// KnownBy says how the balance is known with which a day begins.
type KnownBy uint8

const (
	NoKnownBy        KnownBy = iota
	KnownDayBefore           // the day before ended with it
	KnownRows                // the first row's balance less its amount
	KnownStatement           // the statement states it (OPBD, PRCD of a bank)
	KnownOpeningFile         // a file of opening balances
	KnownUnknown             // nothing tells it
)

// KnownByWords is the dictionary of KnownBy.
var KnownByWords = []string{"", "day_before", "first_row", "statement", "opening_file", "unknown"}

func (k KnownBy) String() string { return word(KnownByWords, uint8(k)) }

// Balances is a batch of how the balance of each account moved on a day: the table
// balances. Opening + Income − Expense is Computed; Closing is what the files say.
type Balances struct {
	Wallet      []Wallet
	Account     Text
	SubAccount  Text
	SettledOn   []Day
	Currency    []Currency
	Opening     []Amount // NoAmount where nothing tells it
	Income      []Amount // a magnitude
	Expense     []Amount // a magnitude
	Closing     []Amount // NoAmount where no file says it
	Computed    []Amount // NoAmount where Opening is
	Unexplained []Amount // Closing − Computed, NoAmount where either is
	// By is income less expense of each category, but NoCategory.
	By     [FundOther + 1][]Amount
	Opens  []KnownBy
	Lines  []int64
	Breaks []int64 // places at which the balance does not follow
	File   []int32 // of the first of them, −1 where there is none
	Line   []int64 // NoCount where there is none
	// Missing is how many days before lack their fund flow.
	Missing []int64
}

// Columns implements Batch.
func (b *Balances) Columns() []Column {
	columns := []Column{
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("sub_account", &b.SubAccount),
		dayColumn("settled_on", &b.SettledOn),
		wordColumn("currency", &b.Currency),
		moneyColumn("opening", &b.Opening),
		moneyColumn("income", &b.Income),
		moneyColumn("expense", &b.Expense),
		moneyColumn("fees", &b.By[FundFee]),
		moneyColumn("withdrawals", &b.By[FundWithdrawal]),
		moneyColumn("closing", &b.Closing),
		moneyColumn("computed_closing", &b.Computed),
		moneyColumn("unexplained", &b.Unexplained),
	}
	for _, c := range BalanceCategories {
		if c != FundFee && c != FundWithdrawal {
			columns = append(columns, moneyColumn(BalanceColumn(c), &b.By[c]))
		}
	}
	return append(columns,
		wordColumn("opening_known_by", &b.Opens),
		countColumn("lines", &b.Lines),
		countColumn("chain_breaks", &b.Breaks),
		fileColumn("chain_break_file", &b.File),
		countColumn("chain_break_line", &b.Line),
		countColumn("missing_days", &b.Missing),
	)
}

// Len implements Batch.
func (b *Balances) Len() int { return len(b.Wallet) }

// BalanceCategories are the categories by which balances are split, in the order in
// which people read them.
var BalanceCategories = [...]Category{FundPayment, FundRefund, FundFee, FundFeeReturn, FundPlatformFee, FundProfitShare, FundTransfer,
	FundWithdrawal, FundWithdrawalFee, FundCoupon, FundTopUp, FundFreeze, FundOther}

// balanceColumns are the columns of the table balances by category.
var balanceColumns = [...]string{
	FundPayment: "payments", FundRefund: "refunds", FundFee: "fees", FundFeeReturn: "fee_returns", FundPlatformFee: "platform_fees",
	FundWithdrawal: "withdrawals", FundWithdrawalFee: "withdrawal_fees", FundTransfer: "transfers", FundProfitShare: "profit_sharing",
	FundCoupon: "coupons", FundTopUp: "top_ups", FundFreeze: "freezes", FundOther: "other",
}

// BalanceColumn is the column of the table balances that holds a category.
func BalanceColumn(c Category) string { return balanceColumns[c] }
