// Package journal makes double-entry vouchers of a day (记账凭证): of what the trade bills
// settled, what the accounts booked, what was charged, and what went to the bank. It is
// a pure function of sums by account, each of which the tables of the day give.
//
// Between the trade bill and the account stands a clearing account: the bill debits it
// with what was sold, the account's line credits it. What is left in it is what the two
// do not say alike yet.
package journal

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/settlement"
)

// Role is what an account of the books is for. The configuration maps roles to accounts.
type Role string

// The roles.
const (
	Wallet         Role = "wallet"          // money in an account of a wallet
	Clearing       Role = "clearing"        // billed by the wallet, not booked yet
	Receivable     Role = "receivable"      // what buyers owe for orders
	Discounts      Role = "discounts"       // coupons that the merchant gives (免充值券)
	InTransit      Role = "in_transit"      // withdrawn, not in the bank yet
	BankAccount    Role = "bank"            // money in the bank
	ChannelFees    Role = "channel_fees"    // 手续费
	PlatformFees   Role = "platform_fees"   // fees of the platform
	WithdrawalFees Role = "withdrawal_fees" // 提现手续费
	Transfers      Role = "transfers"
	ProfitShares   Role = "profit_shares"
	Coupons        Role = "coupons"
	TopUps         Role = "top_ups"
	Frozen         Role = "frozen"
	Suspense       Role = "suspense" // what nothing names, and what nothing explains
)

// Roles lists them in the order in which they are shown.
var Roles = []Role{Wallet, Clearing, Receivable, Discounts, InTransit, BankAccount, ChannelFees, PlatformFees, WithdrawalFees,
	Transfers, ProfitShares, Coupons, TopUps, Frozen, Suspense}

// Defaults are the accounts of who configures none, in the form that beancount asks for.
var Defaults = map[Role]string{
	Wallet: "Assets:Wallet:{wallet}:{account}", Clearing: "Assets:Clearing:{wallet}:{account}", Receivable: "Assets:Receivable:Orders",
	Discounts: "Expenses:Discounts", InTransit: "Assets:InTransit:{wallet}:{account}", BankAccount: "Assets:Bank:{account}",
	ChannelFees: "Expenses:Fees:Channel:{wallet}", PlatformFees: "Expenses:Fees:Platform:{wallet}", WithdrawalFees: "Expenses:Fees:Withdrawal:{wallet}",
	Transfers: "Assets:Transfers:{wallet}", ProfitShares: "Expenses:ProfitShares:{wallet}", Coupons: "Expenses:Coupons:{wallet}",
	TopUps: "Assets:TopUps:{wallet}", Frozen: "Assets:Frozen:{wallet}:{account}", Suspense: "Assets:Suspense:{wallet}",
}

// Account is an account of a wallet on a day, by its sums. Signs are towards the
// merchant, fees of Charged are costs.
type Account struct {
	Wallet  settlement.Wallet
	Account string
	On      settlement.Day

	// What the trade bill says: payments +, refunds and revokes −.
	PaidGross, PaidSettled, BackGross, BackSettled settlement.Amount
	// Charged is what was charged, by component, and Moved what fee rows of the fund flow
	// took. What no row took was kept back of the money itself.
	Charged, Moved [settlement.PlatformFee + 1]settlement.Amount
	// By is what the account booked, by category, and Unexplained what nothing does.
	By          [settlement.FundOther + 1]settlement.Amount
	Unexplained settlement.Amount
	// Opening and Closing are what the account held; NoAmount where it is not known.
	Opening, Closing settlement.Amount
}

// Payout is money of a withdrawal that arrived in a bank account. Short is what was kept
// back of it on the way, beside the fee that the account paid: nothing explains it.
type Payout struct {
	Wallet        settlement.Wallet
	Account       string
	BankAccount   string
	PayoutNo      string
	On            settlement.Day
	Amount, Short settlement.Amount
}

// Entry is one line of a voucher: a debit is +, a credit −.
type Entry struct {
	Role    Role
	Account string
	Amount  settlement.Amount
}

// Voucher is one voucher. Its number is the same whenever the day is worked out again.
type Voucher struct {
	No      string
	On      settlement.Day
	Wallet  settlement.Wallet
	Of      string // the wallet's account
	Kind    string
	Summary string // 摘要
	Entries []Entry
}

// Map says which account of the books a role has for an account of a wallet.
type Map map[Role]string

// Of fills in the account of a role. Signs that an account cannot have become hyphens.
func (m Map) Of(role Role, wallet settlement.Wallet, account string) string {
	pattern, ok := m[role]
	if !ok {
		pattern = Defaults[role]
	}
	return strings.NewReplacer("{wallet}", walletNames[wallet], "{account}", component(account)).Replace(pattern)
}

var walletNames = map[settlement.Wallet]string{settlement.Alipay: "Alipay", settlement.WeChat: "WeChatPay",
	settlement.TaobaoAggregated: "TaobaoAggregated", settlement.Bank: "Bank", settlement.NoWallet: "Unknown"}

// component is a merchant number as a part of an account's name.
func component(account string) string {
	if account == "" {
		return "Unknown"
	}
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, account)
	if first := name[0]; first >= 'a' && first <= 'z' || first == '-' {
		name = "A" + name
	}
	return name
}

// voucher collects the entries of one voucher.
type voucher struct {
	Voucher
	m   Map
	err error
}

func (v *voucher) add(role Role, account string, amount settlement.Amount) {
	if amount == 0 {
		return
	}
	wallet := v.Wallet
	name := v.m.Of(role, wallet, account)
	for i := range v.Entries {
		if v.Entries[i].Account == name {
			sum, err := v.Entries[i].Amount.Add(amount)
			if err != nil {
				v.err = err
			}
			v.Entries[i].Amount = sum
			return
		}
	}
	v.Entries = append(v.Entries, Entry{role, name, amount})
}

// move debits one role and credits another.
func (v *voucher) move(debit, credit Role, amount settlement.Amount) {
	v.add(debit, v.Of, amount)
	v.add(credit, v.Of, -amount)
}

// ErrUnbalanced marks a voucher whose entries do not add up to nothing.
var ErrUnbalanced = fmt.Errorf("a voucher does not balance")

// balanced asserts what holds by construction.
func (v *Voucher) balanced() error {
	var sum settlement.Amount
	for _, e := range v.Entries {
		var err error
		if sum, err = sum.Add(e.Amount); err != nil {
			return fmt.Errorf("voucher %s: %w", v.No, err)
		}
	}
	if sum != 0 {
		return fmt.Errorf("%w: %s is off by %s", ErrUnbalanced, v.No, sum)
	}
	return nil
}

// ofCategory is the role that stands against the wallet for a category; fees and
// withdrawals are looked at apart.
var ofCategory = map[settlement.Category]Role{
	settlement.FundTransfer: Transfers, settlement.FundProfitShare: ProfitShares, settlement.FundCoupon: Coupons,
	settlement.FundTopUp: TopUps, settlement.FundFreeze: Frozen, settlement.FundOther: Suspense,
}

// Vouchers are those of accounts and payouts, in the order of day, wallet, account and
// kind. Vouchers without entries are left out. An error means that one does not balance,
// or that a sum does not fit.
func Vouchers(m Map, accounts []Account, payouts []Payout) ([]Voucher, error) {
	var all []Voucher
	add := func(wallet settlement.Wallet, account string, on settlement.Day, kind, suffix, summary string, fill func(*voucher)) error {
		v := &voucher{m: m, Voucher: Voucher{On: on, Wallet: wallet, Of: account, Kind: kind, Summary: summary,
			No: strings.ReplaceAll(on.String(), "-", "") + "-" + walletCodes[wallet] + "-" + component(account) + "-" + kindCodes[kind] + suffix}}
		fill(v)
		v.Entries = slices.DeleteFunc(v.Entries, func(e Entry) bool { return e.Amount == 0 })
		if v.err != nil {
			return fmt.Errorf("voucher %s: %w", v.No, v.err)
		}
		if len(v.Entries) == 0 {
			return nil
		}
		all = append(all, v.Voucher)
		return v.balanced()
	}
	for i := range accounts {
		a := &accounts[i]
		for _, one := range [...]struct {
			kind, summary string
			fill          func(*voucher)
		}{
			{"receipts", "sold by the trade bill (收款)", func(v *voucher) {
				v.move(Clearing, Receivable, a.PaidSettled)
				v.move(Discounts, Receivable, a.PaidGross-a.PaidSettled)
			}},
			{"refunds", "refunded by the trade bill (退款)", func(v *voucher) {
				v.move(Clearing, Receivable, a.BackSettled)
				v.move(Discounts, Receivable, a.BackGross-a.BackSettled)
			}},
			{"settlement", "booked in the account (入账)", func(v *voucher) {
				v.move(Wallet, Clearing, a.By[settlement.FundPayment]+a.By[settlement.FundRefund])
			}},
			{"fees", "fees (手续费)", func(v *voucher) { a.fees(v) }},
			{"withdrawals", "withdrawn to the bank (提现)", func(v *voucher) {
				v.move(Wallet, InTransit, a.By[settlement.FundWithdrawal])
				v.move(Wallet, WithdrawalFees, a.By[settlement.FundWithdrawalFee])
			}},
			{"other", "other movements", func(v *voucher) {
				for c := settlement.FundPayment; c <= settlement.FundOther; c++ {
					if role, ok := ofCategory[c]; ok {
						v.move(Wallet, role, a.By[c])
					}
				}
			}},
			{"unexplained", "not explained by any line (未解释差额)", func(v *voucher) {
				if a.Unexplained != settlement.NoAmount {
					v.move(Wallet, Suspense, a.Unexplained)
				}
			}},
		} {
			if err := add(a.Wallet, a.Account, a.On, one.kind, "", one.summary, one.fill); err != nil {
				return nil, err
			}
		}
	}
	for i := range payouts {
		p := &payouts[i]
		err := add(p.Wallet, p.Account, p.On, "payout", "-"+p.PayoutNo, "arrived in the bank (提现到账)", func(v *voucher) {
			v.add(BankAccount, p.BankAccount, p.Amount)
			v.add(Suspense, p.Account, p.Short)
			v.add(InTransit, p.Account, -p.Amount-p.Short)
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b Voucher) int {
		if a.On != b.On {
			return int(a.On) - int(b.On)
		}
		return strings.Compare(a.No, b.No)
	})
	return all, nil
}

var walletCodes = map[settlement.Wallet]string{settlement.Alipay: "AP", settlement.WeChat: "WX", settlement.TaobaoAggregated: "TB", settlement.Bank: "BK", settlement.NoWallet: "XX"}

var kindCodes = map[string]string{"receipts": "1RC", "refunds": "2RF", "settlement": "3ST", "fees": "4FE", "withdrawals": "5WD", "other": "6OT", "unexplained": "7UX", "payout": "8PO"}

// fees debits what was charged. Fee rows credit the account; what was kept back of the
// money itself credits the clearing account, and so does the fee of a line of a day
// before, which that day has charged.
func (a *Account) fees(v *voucher) {
	for component, role := range map[settlement.Component]Role{settlement.ChannelFee: ChannelFees, settlement.InstalmentFee: ChannelFees, settlement.PlatformFee: PlatformFees} {
		charged, moved := a.Charged[component], a.Moved[component]
		v.add(role, v.Of, charged)
		v.add(Wallet, v.Of, -moved)
		v.add(Clearing, v.Of, moved-charged)
	}
	slices.SortFunc(v.Entries, func(x, y Entry) int { return strings.Compare(x.Account, y.Account) })
}
