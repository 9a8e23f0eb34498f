// Package generate writes realistic synthetic days of a merchant: the wallets'
// statements, the merchant's orders and refunds, and the answer key of the
// breaks planted in them.
//
// A day is a sequence of purchases. Everything about purchase i follows from the
// seed and i alone, so each file is written by a pass of its own over the
// indexes, and no pass remembers a purchase: memory grows with the number of
// planted breaks and of shops, never with the size of the day.
package generate

import (
	"errors"
	"fmt"
	"slices"

	"reconcile/settlement"
)

// Options says what to write. Start from Defaults.
type Options struct {
	// Seed decides everything that is drawn: equal options give equal bytes.
	Seed uint64
	// Day is the settlement day of the bills.
	Day settlement.Day
	// Nth counts the days of one merchant from 0. Days of equal options but for Day
	// and Nth, both one higher than the day before, share no number; from the second
	// on some refunds are of payments of the day before.
	Nth int
	// Orders is the number of purchases. A purchase is one order, except that a
	// combined payment is two or three and a pair of identical payments two, so
	// orders.csv has slightly more rows.
	Orders int
	// Shops is the number of shops; the first few take most of the sales.
	Shops int
	// Cases says how many purchases are planted as each case; those left over
	// are plain.
	Cases map[Case]Frequency
	// RefundShare is the share of plain purchases with refunds.
	RefundShare settlement.Rate

	// Lag is how many days a line, order or refund may come late in days that follow
	// each other, 0 where nothing does.
	Lag int

	// FundFlow also writes what moved on the accounts: Alipay's 账务明细 and WeChat
	// Pay's 资金账单, with the balance after each row.
	FundFlow bool
	// OpeningOff is by how much the accounts' balances with which the day begins are off
	// from those with which the day before ended. It needs FundFlow.
	OpeningOff settlement.Amount

	// Bank also writes a bank's statement, which shows what the wallets paid out on the
	// day before; it needs FundFlow. See bank.go.
	Bank bool

	Alipay  AlipayBill
	WeChat  WeChatBill
	Extract Extract
}

// Frequency is how many purchases are planted as a case: Count where it is
// positive, else Rate of Options.Orders, rounded down.
type Frequency struct {
	Count int
	Rate  settlement.Rate
}

// Count is a fixed number of purchases.
func Count(n int) Frequency { return Frequency{Count: n} }

// PerMillion is a share of the purchases.
func PerMillion(r settlement.Rate) Frequency { return Frequency{Rate: r} }

func (f Frequency) of(orders int) int {
	if f.Count > 0 {
		return f.Count
	}
	return int(int64(orders)/1_000_000*int64(f.Rate)) +
		int(int64(orders)%1_000_000*int64(f.Rate)/1_000_000)
}

// AlipayBill shapes Alipay's trade bill (业务明细) and its ZIP.
type AlipayBill struct {
	// PID is the merchant's partner id: 16 digits starting 2088. The bill prints
	// it followed by 0156.
	PID string
	// Rate is what Alipay charges on 商家实收 of a payment.
	Rate settlement.Rate
	// FeePositive prints 服务费 of payments without a minus.
	FeePositive bool
	// FeeReturned gives the fee back on refunds, pro rata; otherwise refund rows
	// print 0.00.
	FeeReturned bool
	// SummaryFirst puts the 汇总 member before the details.
	SummaryFirst bool
	// PartRows is the most rows a member may have; beyond it the bill comes in
	// parts _1.csv, _2.csv, each with footers of its own. 0 means one member.
	PartRows int
	// NamesFlaggedUTF8 sets the UTF-8 flag on the GBK member names, as some
	// deliveries wrongly do.
	NamesFlaggedUTF8 bool
}

// WeChatBill shapes WeChat Pay's trade bills (交易账单).
type WeChatBill struct {
	MchID string // 商户号
	AppID string // 公众账号ID
	// Rate is the merchant's 费率; CampaignShare of the payments are charged a
	// lower one and name the campaign in 费率备注.
	Rate          settlement.Rate
	CampaignShare settlement.Rate
	// Bills are the files to write: ALL, or SUCCESS and REFUND, or all three.
	Bills []BillType
	// Legacy writes the layouts of before 免充值券: 24, 18 and 26 columns.
	Legacy bool
	// DocumentedTrailer gives SUCCESS the four-column trailer of the documents
	// instead of the seven columns that real files have.
	DocumentedTrailer bool
	BOM               bool
	Gzip              bool
}

// BillType is bill_type of WeChat Pay's trade bill.
type BillType string

const (
	BillAll     BillType = "ALL"
	BillSuccess BillType = "SUCCESS"
	BillRefund  BillType = "REFUND"
)

// Extract says which optional columns orders.csv and refunds.csv have.
type Extract struct {
	Account       bool // account
	PaymentNo     bool // payment_no
	ProviderTxnID bool // provider_txn_id
	HomeWallet    bool // home_wallet
	// Escrow adds confirmed_at and payout_amount: the buyer paid days ago, the
	// money arrives on confirmation, and paid_at says nothing of the statement.
	Escrow bool
	// SucceededAt adds succeeded_at to refunds.csv.
	SucceededAt bool
}

// RefundsOfDefaults is the share of plain purchases with refunds in Defaults.
const RefundsOfDefaults settlement.Rate = 60_000

// campaignRate is 费率 of the payments that a campaign favours.
const campaignRate settlement.Rate = 3800

// maxOrders keeps the serial numbers of a day within 40 bits, see numbers.go.
const maxOrders = 1 << (serialBits - slotBits)

// The wallets' times are read for the years 2000 to 2099. An escrow order was
// paid before the day, so the first days of 2000 are left out.
const (
	firstDay settlement.Day = 10_957 + 31
	lastDay  settlement.Day = 47_481 - 1
)

// Defaults is a day of 10,000 purchases with every case in it, in the layouts
// that the wallets deliver today.
func Defaults() Options {
	day, err := settlement.CivilDay(2024, 9, 12)
	if err != nil {
		panic("generate: 2024-09-12 is not in the calendar: " + err.Error())
	}
	cases := map[Case]Frequency{
		Combined:      PerMillion(20_000),
		TwoPayments:   PerMillion(15_000),
		NotPaid:       PerMillion(40_000),
		ImpliedRefund: PerMillion(2_000),
		ProviderNo:    PerMillion(2_000),
	}
	for c := MissingInStatement; c <= lastFault; c++ {
		if !c.NeedsFundFlow() {
			cases[c] = PerMillion(500)
		}
	}
	for c := lastFault + 1; c <= lastNearMiss; c++ {
		cases[c] = PerMillion(1_000)
	}
	return Options{
		Seed: 1, Day: day, Orders: 10_000, Shops: 24, Cases: cases, RefundShare: RefundsOfDefaults,
		Alipay: AlipayBill{PID: "2088601234567890", Rate: 6000},
		WeChat: WeChatBill{MchID: "1600123456", AppID: "wx3f5a0c9d1e7b2468", Rate: 6000,
			CampaignShare: 50_000, Bills: []BillType{BillAll}},
		Extract: Extract{Account: true, PaymentNo: true, ProviderTxnID: true, HomeWallet: true},
	}
}

// Validate reports every fault of the options at once.
func (o Options) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("generate: "+format, args...))
		}
	}
	check(o.Day >= firstDay && o.Day <= lastDay, "Day: not in the years 2000 to 2099, or not given")
	check(o.Orders >= 0 && o.Orders <= maxOrders, "Orders: %d is not between 0 and %d", o.Orders, maxOrders)
	check(o.Nth >= 0 && (o.Orders == 0 || o.Nth < maxOrders/max(o.Orders, 1)), "Nth: %d days of %d purchases have too many numbers", o.Nth, o.Orders)
	check(o.Shops >= 1 && o.Shops <= 10_000, "Shops: %d is not between 1 and 10000", o.Shops)
	check(isRate(o.RefundShare), "RefundShare: not between 0 and 1000000")
	check(len(o.Alipay.PID) == 16 && isDigits(o.Alipay.PID), "Alipay.PID: %q is not 16 digits", o.Alipay.PID)
	check(isRate(o.Alipay.Rate), "Alipay.Rate: not between 0 and 1000000")
	check(o.Alipay.PartRows >= 0, "Alipay.PartRows: negative")
	check(o.WeChat.MchID != "" && isDigits(o.WeChat.MchID), "WeChat.MchID: %q is not a number", o.WeChat.MchID)
	check(o.WeChat.Rate >= 0 && o.WeChat.Rate <= 10_000, "WeChat.Rate: not between 0%% and 1%%")
	check(isRate(o.WeChat.CampaignShare), "WeChat.CampaignShare: not between 0 and 1000000")
	check(!o.Bank || o.FundFlow, "Bank: needs FundFlow, which shows what is paid out")
	check(o.Lag >= 0 && o.Lag <= longestLag, "Lag: %d is not between 0 and %d", o.Lag, longestLag)
	check(o.Lag == 0 || !o.FundFlow && !o.Extract.Escrow, "Lag: not together with fund flows or escrow orders")
	faults = append(faults, o.checkBills(), o.checkCases())
	return errors.Join(faults...)
}

// checkBills refuses deliveries that leave rows of the day out, for which no
// answer key would hold.
func (o Options) checkBills() error {
	seen := map[BillType]bool{}
	for _, b := range o.WeChat.Bills {
		if !slices.Contains([]BillType{BillAll, BillSuccess, BillRefund}, b) {
			return fmt.Errorf("generate: WeChat.Bills: %q is none of ALL, SUCCESS, REFUND", b)
		}
		if seen[b] {
			return fmt.Errorf("generate: WeChat.Bills: %s twice", b)
		}
		seen[b] = true
	}
	if !seen[BillAll] && !(seen[BillSuccess] && seen[BillRefund]) {
		return errors.New("generate: WeChat.Bills: needs ALL, or both SUCCESS and REFUND")
	}
	return nil
}

func (o Options) checkCases() error {
	var faults []error
	total := 0
	for c := Case(0); c < numCases; c++ {
		f, asked := o.Cases[c]
		if !asked {
			continue
		}
		if f.Count < 0 || f.Count > maxOrders || !isRate(f.Rate) {
			faults = append(faults, fmt.Errorf("generate: Cases: %s: a count or rate out of range", c))
			continue
		}
		n := f.of(o.Orders)
		total += n
		switch {
		case n == 0:
		case c == Plain || c == lastOfDay:
			faults = append(faults, fmt.Errorf("generate: Cases: %s is what is left over and cannot be asked for", c))
		case (c == Combined || c == TwoPayments) && !o.Extract.PaymentNo:
			faults = append(faults, fmt.Errorf("generate: Cases: %s needs the column payment_no", c))
		case c == ProviderNo && !o.Extract.ProviderTxnID:
			faults = append(faults, fmt.Errorf("generate: Cases: %s needs the column provider_txn_id", c))
		case c.NeedsFundFlow() && !o.FundFlow:
			faults = append(faults, fmt.Errorf("generate: Cases: %s needs the fund flows", c))
		case c.ComesLate() && o.Lag == 0:
			faults = append(faults, fmt.Errorf("generate: Cases: %s needs days that are delivered night by night", c))
		case c == AfterExtract && o.Lag > 0:
			faults = append(faults, fmt.Errorf("generate: Cases: of %s no history is known among days that are delivered night by night", c))
		case c.NeedsEscrow() && !o.Extract.Escrow:
			faults = append(faults, fmt.Errorf("generate: Cases: %s needs the escrow columns", c))
		}
	}
	if o.OpeningOff != 0 && !o.FundFlow {
		faults = append(faults, errors.New("generate: OpeningOff needs the fund flows"))
	}
	for c := range o.Cases {
		if c >= numCases {
			faults = append(faults, fmt.Errorf("generate: Cases: no case %d", c))
		}
	}
	if total > 0 && total >= o.Orders {
		faults = append(faults, fmt.Errorf("generate: Cases: %d are planted, but one of the %d purchases must stay plain", total, o.Orders))
	}
	return errors.Join(faults...)
}

func isRate(r settlement.Rate) bool { return r >= 0 && r <= 1_000_000 }

func isDigits(text string) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
