package settlement

import "github.com/cespare/xxhash/v2"

// FundLines is a batch of lines of a fund-flow bill (资金账单), an account log (账务明细)
// or an aggregated account (收支明细, 动账): every movement of an account's money.
//
// Amounts are signed towards the merchant: income is positive, expense negative.
// Balance is the account's after the line, NoAmount where the file has none. A line
// that nothing names keeps its words in RawType and RawNote.
type FundLines struct {
	ID            []ID
	Wallet        []Wallet
	Account       Text
	SubAccount    Text   // BASIC, OPERATION, FEES of WeChat Pay
	Direction     []Kind // Income, Expense: also of a line of 0.00
	Category      []Category
	OrderNo       Text // the merchant's, without the prefix T…P
	RefundNo      Text
	ProviderTxnID Text // of the transaction that the line belongs to
	FlowNo        Text // the wallet's own number of the line (资金流水单号, 账务流水号)
	OccurredAt    []Instant
	SettledOn     []Day
	Amount        []Amount
	Balance       []Amount
	Currency      []Currency
	State         []FundState
	RawType       Text
	RawNote       Text
	File          []int32
	Line          []int64

	// Key is the hash of the number under which the wallet knows the payment, as in
	// Lines, so that a payment's money lies in the bucket of its trade line; of a line
	// without one, of its flow number.
	Key []uint64
}

// FundState says whether a fund line moves the account's money.
type FundState uint8

const (
	NoFundState FundState = iota
	// Booked lines move money.
	Booked
	// CopiedLine is a second view of another account's line (聚合结算渠道): it moves
	// nothing here.
	CopiedLine
)

// FundStateWords is the dictionary of FundState.
var FundStateWords = []string{"", "booked", "copy"}

func (s FundState) String() string { return word(FundStateWords, uint8(s)) }

// Category is what a fund line is about.
type Category uint8

const (
	NoCategory        Category = iota
	FundPayment                // 交易, 在线支付, 交易收款
	FundRefund                 // 退款, 交易退款; 退款关闭 brings it back
	FundFee                    // 扣除交易手续费, 收费, 服务费
	FundFeeReturn              // 退还交易手续费, 服务费退回
	FundPlatformFee            // 基础软件服务费 and other fees of the platform
	FundWithdrawal             // 提现
	FundWithdrawalFee          // 提现手续费
	FundTransfer               // 转账, 企业付款
	FundProfitShare            // 分账
	FundCoupon                 // 代金券/立减/折扣, 红包
	FundTopUp                  // 充值
	FundFreeze                 // 冻结, 解冻, 保证金
	FundOther                  // what the file itself does not name
)

// CategoryWords is the dictionary of Category.
var CategoryWords = []string{"", "payment", "refund", "fee", "fee_return", "platform_fee", "withdrawal", "withdrawal_fee",
	"transfer", "profit_share", "coupon", "top_up", "freeze", "other"}

func (c Category) String() string { return word(CategoryWords, uint8(c)) }

// Columns implements Batch.
func (b *FundLines) Columns() []Column {
	return []Column{
		idColumn("line_id", &b.ID),
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("sub_account", &b.SubAccount),
		wordColumn("direction", &b.Direction),
		wordColumn("category", &b.Category),
		textColumn("order_no", &b.OrderNo),
		textColumn("refund_no", &b.RefundNo),
		textColumn("provider_txn_id", &b.ProviderTxnID),
		textColumn("flow_no", &b.FlowNo),
		instantColumn("occurred_at", &b.OccurredAt),
		dayColumn("settled_on", &b.SettledOn),
		moneyColumn("amount", &b.Amount),
		moneyColumn("balance", &b.Balance),
		wordColumn("currency", &b.Currency),
		wordColumn("state", &b.State),
		textColumn("raw_type", &b.RawType),
		textColumn("raw_note", &b.RawNote),
		fileColumn("source_file", &b.File),
		countColumn("source_line", &b.Line),
		hashColumn("key", &b.Key),
	}
}

// Len is the number of lines.
func (b *FundLines) Len() int { return len(b.ID) }

// FundKey is the Key of a fund line.
func FundKey(orderNo, providerTxnID, flowNo []byte) uint64 {
	if len(orderNo) == 0 && len(providerTxnID) == 0 {
		return xxhash.Sum64(flowNo)
	}
	return PaymentKey(orderNo, providerTxnID)
}

// FundLineID is the identity of a fund line: its wallet, its account and the wallet's
// number of the line. The direction tells a payment from the fee under its number.
// Further lines of one number and direction are told apart by whoever sees all files.
func FundLineID(h *IDHasher, kind StatementKind, wallet Wallet, account, subAccount, flowNo []byte, direction Kind) ID {
	return h.Start("fund").Text([]byte(kind.Family())).Code(uint64(wallet)).Text(account).Text(subAccount).Text(flowNo).Code(uint64(direction)).ID()
}
