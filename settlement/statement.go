package settlement

import "fmt"

// StatementKind is a kind of file a wallet delivers. Kinds that show the same
// rows in different selections (ALL, SUCCESS, REFUND) share a Family: their
// lines have the same identity.
type StatementKind string

const (
	TradeBill        StatementKind = "trade_bill"         // 交易账单 ALL, 业务明细
	TradeBillSuccess StatementKind = "trade_bill_success" // WeChat Pay SUCCESS
	TradeBillRefund  StatementKind = "trade_bill_refund"  // WeChat Pay REFUND
	TradeSummary     StatementKind = "trade_summary"      // 业务明细(汇总)
	FundBill         StatementKind = "fund_bill"          // 资金账单
	AccountLog       StatementKind = "account_log"        // 账务明细
	AccountSummary   StatementKind = "account_summary"    // 账务明细(汇总)
	PortalFunds      StatementKind = "portal_funds"       // 账务组合查询
	PortalTrades     StatementKind = "portal_trades"      // the portal's list of trades
	AggregatedFunds  StatementKind = "aggregated_funds"   // 聚合结算账户 收支明细, 动账
	ProfitShareBill  StatementKind = "profit_share_bill"  // 分账账单
	BankStatement    StatementKind = "bank_statement"     // a bank's statement of account
	OrderExtract     StatementKind = "orders"
	RefundExtract    StatementKind = "refunds"
)

// IsSummary says that a statement of kind k has no rows of its own: it is a second
// control total of others.
func (k StatementKind) IsSummary() bool { return k == TradeSummary || k == AccountSummary }

// IsFunds says that a statement of kind k shows how an account's money moved: its rows
// are fund lines.
func (k StatementKind) IsFunds() bool {
	switch k {
	case FundBill, AccountLog, PortalFunds, AggregatedFunds, ProfitShareBill, BankStatement:
		return true
	}
	return false
}

// ShowsTrades says that a statement of kind k shows payments and refunds that can be
// held against orders. An aggregated account (聚合结算账户) has no trade bill: its
// payments and refunds are statement lines beside being fund lines.
func (k StatementKind) ShowsTrades() bool {
	switch k {
	case TradeBill, TradeBillSuccess, TradeBillRefund, PortalTrades, AggregatedFunds:
		return true
	}
	return false
}

// Family is the kind under which a line's identity is formed.
func (k StatementKind) Family() string {
	switch k {
	case TradeBill, TradeBillSuccess, TradeBillRefund, PortalTrades:
		return "trade_bill"
	case AccountLog, PortalFunds:
		return "account_log"
	}
	return string(k)
}

// Covers says whether a statement of kind k shows lines of kind line.
func (k StatementKind) Covers(line Kind) bool {
	switch k {
	case TradeBill, PortalTrades, AggregatedFunds:
		return true
	case TradeBillSuccess:
		return line == Payment
	case TradeBillRefund:
		return line != Payment
	}
	return false
}

// Statement is one decoded delivery: a file, or one member of an archive, or an
// extract of the merchant's orders.
type Statement struct {
	File   string // path as given
	Member string // name inside the archive, "" where there is none
	SHA256 string // of the decoded content, lower-case hex
	Bytes  int64  // of the decoded content
	// TextBytes is the text of the cells where the content is packed: of Parquet, Arrow and
	// spreadsheets. Else 0.
	TextBytes int64
	Layout    string // a name for the header's wording, for people ("current, 27 columns")

	Kind    StatementKind
	Wallet  Wallet
	Account string // merchant number, "" where neither content, name nor configuration gives it
	// SubAccount is which of the account's purses the statement is of, "" where there
	// is one or it is not known.
	SubAccount string
	Currency   string

	// The period [From, Until) in days of Asia/Shanghai; NoDay where unknown.
	From, Until Day
	Part        int // number of a bill delivered in parts, 0 where it is whole

	Rows     int64
	KindSums [6]KindSum // what the rows add up to, by Kind; of a summary, nothing
	Totals   []ControlTotal
	Notes    []string
	Drift    []Drift // how the header differs from the layout known

	// Balances are what a bank's statement states beside its rows.
	Balances []StatedBalance

	// Of extracts: the latest instant the extract speaks of (its watermark), and
	// whether its source has the column confirmed_at (escrow platforms).
	Watermark Instant
	// Superseded: another statement for the same period was named to take its place.
	Superseded bool
}

// StatedBalance is a balance that a statement states: at the beginning of a day, at its
// end, or both; NoAmount where it does not.
type StatedBalance struct {
	Day              Day
	Opening, Closing Amount
	Line             int64
}

// KindSum is what the lines of one kind add up to, with the signs of Lines.
type KindSum struct {
	Rows                        int64
	Gross, Settled, Fee, Coupon Amount
}

// Source is the name under which tables and messages know the statement.
func (s *Statement) Source() string { return Position{File: s.File, Member: s.Member}.String() }

// IsExtract says that the statement is the merchant's own, not a wallet's.
func (s *Statement) IsExtract() bool { return s.Kind == OrderExtract || s.Kind == RefundExtract }

// Notef records something the reader of the run should know.
func (s *Statement) Notef(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

// ControlTotal is a sum or count that the wallet printed beside the one that was
// computed from the rows. Counts are held in whole rows, sums in fen.
type ControlTotal struct {
	Name     string // the file's own wording
	Stated   int64
	Computed int64
	Measure  Measure
}

// Ties says that both are equal, exactly.
func (t ControlTotal) Ties() bool { return t.Stated == t.Computed }

// StatedText and ComputedText print counts as integers and sums as yuan.
func (t ControlTotal) StatedText() string   { return t.Measure.text(t.Stated) }
func (t ControlTotal) ComputedText() string { return t.Measure.text(t.Computed) }

// DifferenceText prints computed − stated.
func (t ControlTotal) DifferenceText() string { return t.Measure.text(t.Computed - t.Stated) }

// Measure says what a control total adds up, so that the proof can compute it
// again from the written table.
type Measure struct {
	// Column is what is added: "rows" counts, the others are money columns of
	// statement_lines: gross_amount, settled_amount, fee_amount, coupon_amount; or
	// amount, of fund_lines.
	Column string
	// Kinds are the kinds of line that count, as bits 1<<Kind; 0 means all of
	// statement_lines.
	// Of fund lines they are Income and Expense.
	Kinds uint8
	// Negate says that the wallet prints the opposite sign of the table's column.
	Negate bool
}

// KindSet is the Kinds of a Measure.
func KindSet(kinds ...Kind) (set uint8) {
	for _, k := range kinds {
		set |= 1 << k
	}
	return set
}

// Has says whether lines of kind k count.
func (m Measure) Has(k Kind) bool { return m.Kinds == 0 && k < Income || m.Kinds&(1<<k) != 0 }

func (m Measure) text(v int64) string {
	if m.Column == "rows" {
		return fmt.Sprint(v)
	}
	return Amount(v).String()
}
