// Package opening reads the opening file: what stood open when reconcile went live,
// which no statement or extract of the first day tells.
package opening

import (
	"fmt"
	"slices"

	"reconcile/settlement"
)

// State is what an opening file says: how things stood at the end of Day. Batches are
// read and not changed; their rows have no file number.
type State struct {
	Source string // the file
	SHA256 string // of its content, lower-case hex
	// Day is the day at whose end things stood so: the first day that is run comes after.
	Day settlement.Day

	// Open are orders and refunds whose money no statement has shown yet.
	Open *settlement.Events
	// Paid and Payments are payments that were settled, of which refunds may still come:
	// row i of the one is the order of row i of the other.
	Paid     *settlement.Events
	Payments *settlement.Lines
	// Fee is what each of Payments was charged, NoAmount where that is not known.
	Fee []settlement.Amount
	// Refunded is what of each of Payments was refunded already, and FeeReturned what of
	// the fee came back with it; not negative.
	Refunded, FeeReturned []settlement.Amount

	Balances []Balance
	Quotas   []Quota

	byKey map[uint64][]int32 // rows of Payments
}

// PaymentsOf are the rows of Payments with a key.
func (s *State) PaymentsOf(key uint64) []int32 { return s.byKey[key] }

// Balance is what lay in an account, or one of its purses, at the end of the day. Of an
// account of a wallet that it names the file says everything that stood open.
type Balance struct {
	Wallet     settlement.Wallet
	Account    string
	SubAccount string
	Amount     settlement.Amount
	At         settlement.Position
}

// Quota is how much of a free withdrawal quota was used up.
type Quota struct {
	Wallet        settlement.Wallet
	Owner         string // the identity or the account whose quota it is
	RuleID        string
	Period        string
	Start         settlement.Instant // NoInstant where it is not stated
	Granted, Used settlement.Amount  // Granted is NoAmount where the rule says it
	At            settlement.Position
}

// The words of the column kind.
const (
	kindDay     = "day"     // the day at whose end things stood so; one row
	kindOrder   = "order"   // an order that was paid and that no statement has shown
	kindRefund  = "refund"  // a refund that no statement has shown
	kindPayment = "payment" // a payment that was settled, of which refunds may come
	kindBalance = "balance" // what lay in an account
	kindQuota   = "quota"   // what of a free withdrawal quota was used
)

var kinds = []string{kindDay, kindOrder, kindRefund, kindPayment, kindBalance, kindQuota}

// The columns, in any order; kind must be there.
const (
	colKind        = "kind"
	colWallet      = "wallet"
	colAccount     = "account"
	colOrderNo     = "order_no"
	colPaymentNo   = "payment_no"
	colRefundNo    = "refund_no"
	colTxnID       = "provider_txn_id"
	colAmount      = "amount"
	colTime        = "time"
	colFee         = "fee"
	colFeeRate     = "fee_rate"
	colRefunded    = "refunded"
	colFeeReturned = "fee_returned"
	colShop        = "shop"
	colPlatform    = "platform"
	colHome        = "home_wallet"
	colRuleID      = "rule_id"
	colPeriod      = "period"
	colGranted     = "granted"
	colSub         = "sub_account"
)

var columns = []string{colKind, colWallet, colAccount, colOrderNo, colPaymentNo, colRefundNo, colTxnID, colAmount, colTime,
	colFee, colFeeRate, colRefunded, colFeeReturned, colShop, colPlatform, colHome, colRuleID, colPeriod, colGranted, colSub}

// takes is which columns the rows of a kind fill, beside kind; needs is which they must.
var takes = map[string][]string{
	kindDay:   {colTime},
	kindOrder: {colWallet, colAccount, colOrderNo, colPaymentNo, colTxnID, colAmount, colTime, colShop, colPlatform, colHome},
	kindRefund: {colWallet, colAccount, colOrderNo, colPaymentNo, colRefundNo, colTxnID, colAmount, colTime, colShop,
		colPlatform},
	kindPayment: {colWallet, colAccount, colOrderNo, colPaymentNo, colTxnID, colAmount, colTime, colFee, colFeeRate, colRefunded,
		colFeeReturned, colShop, colPlatform, colHome},
	kindBalance: {colWallet, colAccount, colSub, colAmount},
	kindQuota:   {colWallet, colAccount, colRuleID, colPeriod, colTime, colGranted, colAmount},
}

var needs = map[string][]string{
	kindDay:     {colTime},
	kindOrder:   {colOrderNo, colAmount, colTime},
	kindRefund:  {colOrderNo, colAmount, colTime},
	kindPayment: {colWallet, colAccount, colOrderNo, colTxnID, colAmount, colTime},
	kindBalance: {colWallet, colAccount, colAmount},
	kindQuota:   {colWallet, colAccount, colRuleID, colPeriod, colAmount},
}

// Account is an account that a configuration knows.
type Account struct {
	Wallet  settlement.Wallet
	Account string
}

// Unknown refuses rows of accounts that are not configured; where none is configured,
// no account is unknown. Quotas belong to identities, which the fees check.
func (s *State) Unknown(known []Account) *settlement.Refusal {
	if len(known) == 0 {
		return nil
	}
	r := &settlement.Refusal{Source: s.Source}
	check := func(wallet settlement.Wallet, account string, line int64) {
		if account != "" && !slices.Contains(known, Account{wallet, account}) &&
			(wallet != settlement.NoWallet || !slices.ContainsFunc(known, func(a Account) bool { return a.Account == account })) {
			r.Add(&settlement.InputError{Position: settlement.Position{File: s.Source, Line: line}, ColumnName: colAccount,
				What: fmt.Sprintf("%.40q is none of the configured accounts of %s", account, wallet),
				Do:   "correct it, or add the account to accounts in the configuration"})
		}
	}
	for _, e := range [...]*settlement.Events{s.Open, s.Paid} {
		for i := range e.Len() {
			check(e.Wallet[i], e.Account.StringAt(i), e.Line[i])
		}
	}
	for _, b := range s.Balances {
		check(b.Wallet, b.Account, b.At.Line)
	}
	if len(r.Errors) == 0 {
		return nil
	}
	return r
}
