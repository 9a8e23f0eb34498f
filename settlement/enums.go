package settlement

import (
	"fmt"
	"slices"
)

// Enumerations travel in batches as one byte, the index into a dictionary that
// is the same for all batches of the program; the tables hold the words. Code 0
// is always "not stated", which the tables show as null.

// Wallet is where money arrives.
type Wallet uint8

const (
	NoWallet Wallet = iota
	Alipay
	WeChat
	TaobaoAggregated // 聚合结算账户
	Bank
)

// Rank orders wallets for people: what states none is last.
func (w Wallet) Rank() int {
	if w == NoWallet {
		return len(WalletWords)
	}
	return int(w)
}

// WalletWords is the dictionary of Wallet.
var WalletWords = []string{"", "alipay", "wechat", "taobao_aggregated", "bank"}

// Kind is what a line or an order event is; of a fund line, which way its money goes.
type Kind uint8

const (
	NoKind  Kind = iota
	Payment      // 收款
	Refund       // 退款
	Revoke       // 撤销: a code payment taken back at the till
	// of fund lines: which way the money goes
	Income  // 收入
	Expense // 支出
)

// KindWords is the dictionary of Kind.
var KindWords = []string{"", "payment", "refund", "revoke", "income", "expense"}

// Status of a line is whether it settles; of an event, what the merchant's
// system says of it.
type Status uint8

const (
	NoStatus Status = iota
	// of events that are payments
	Paid
	Unpaid
	Closed
	Cancelled
	Refunded
	// of refunds, in events and lines
	Success
	Processing
	Failed
	Changed // WeChat Pay's CHANGE: the refund could not be delivered
)

// StatusWords is the dictionary of Status.
var StatusWords = []string{"", "paid", "unpaid", "closed", "cancelled", "refunded", "success", "processing", "failed", "changed"}

// TimeBasis says which time of a line occurred_at is.
type TimeBasis uint8

const (
	NoBasis TimeBasis = iota
	BasisSuccess
	BasisAccepted
	BasisAsStated
)

// BasisWords is the dictionary of TimeBasis.
var BasisWords = []string{"", "success", "accepted", "as_stated"}

// MatchState is the one state in which a line or an event ends.
type MatchState uint8

const (
	NoState MatchState = iota
	Matched
	Broken
	Open
	AwaitingRelease
	NotExpected
	Copy
)

// StateWords is the dictionary of MatchState.
var StateWords = []string{"", "matched", "broken", "open", "awaiting_release", "not_expected", "copy"}

// Verdict is what a claimed pair says.
type Verdict uint8

const (
	NoVerdict Verdict = iota
	VerdictEqual
	VerdictAmount
	VerdictStatus
	VerdictWallet
)

// VerdictWords is the dictionary of Verdict.
var VerdictWords = []string{"", "equal", "amount", "status", "wallet"}

// BreakKind is a kind of finding.
type BreakKind uint8

const (
	NoBreak                  BreakKind = iota
	MissingInStatement                 // 短款
	MissingInOrders                    // 长款
	AmountMismatch                     // 金额不符
	StatusMismatch                     // 状态不符
	WalletMismatch                     // 渠道不符
	DuplicatePayment                   // 重复支付
	RefundMissingInStatement           // 退款短款
	RefundMissingInOrders              // 退款长款
	RefundExceedsPayment               // 超额退款
	FeeVariance                        // 手续费差异
	SettlementMismatch                 // 账实不符
	BalanceGap                         // 余额不连续
	PayoutMissing                      // 提现未到账
	PayoutMismatch                     // 提现不符
)

// BreakWords is the dictionary of BreakKind.
var BreakWords = []string{"", "missing_in_statement", "missing_in_orders", "amount_mismatch",
	"status_mismatch", "wallet_mismatch", "duplicate_payment", "refund_missing_in_statement",
	"refund_missing_in_orders", "refund_exceeds_payment", "fee_variance", "settlement_mismatch",
	"balance_gap", "payout_missing", "payout_mismatch"}

// VarianceClass says why an expected and a charged fee differ.
type VarianceClass uint8

const (
	NoClass VarianceClass = iota
	ClassMatch
	ClassRateMismatch
	ClassBaseMismatch
	ClassRoundingResidual
	ClassFeeNotReturned
	ClassQuotaUnknown
	ClassRuleMissing
	ClassUnbilled
	ClassDoubleBilled
)

// ClassWords is the dictionary of VarianceClass.
var ClassWords = []string{"", "match", "rate_mismatch", "base_mismatch", "rounding_residual",
	"fee_not_returned", "quota_unknown", "rule_missing", "unbilled", "double_billed"}

func word(words []string, code uint8) string {
	if int(code) < len(words) {
		return words[code]
	}
	return ""
}

func (w Wallet) String() string        { return word(WalletWords, uint8(w)) }
func (k Kind) String() string          { return word(KindWords, uint8(k)) }
func (s Status) String() string        { return word(StatusWords, uint8(s)) }
func (b TimeBasis) String() string     { return word(BasisWords, uint8(b)) }
func (m MatchState) String() string    { return word(StateWords, uint8(m)) }
func (v Verdict) String() string       { return word(VerdictWords, uint8(v)) }
func (b BreakKind) String() string     { return word(BreakWords, uint8(b)) }
func (c VarianceClass) String() string { return word(ClassWords, uint8(c)) }

// MarshalText implements encoding.TextMarshaler.
func (w Wallet) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (w *Wallet) UnmarshalText(text []byte) error {
	known, ok := ParseWallet(string(text))
	if !ok && len(text) > 0 {
		return fmt.Errorf("%q is no wallet", text)
	}
	*w = known
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (b BreakKind) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *BreakKind) UnmarshalText(text []byte) error {
	code := slices.Index(BreakWords, string(text))
	if code < 0 {
		return fmt.Errorf("%q is no kind of break", text)
	}
	*b = BreakKind(code)
	return nil
}

// ParseWallet returns the wallet of a word of WalletWords; ok is false for any
// other word, and for "".
func ParseWallet(text string) (w Wallet, ok bool) {
	for code, known := range WalletWords {
		if code > 0 && known == text {
			return Wallet(code), true
		}
	}
	return NoWallet, false
}
