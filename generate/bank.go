package generate

import (
	"fmt"
	"io"
	"strings"

	"reconcile/settlement"
)

// With Options.Bank a merchant's bank account shows, on the day after, what the wallets
// paid out. What becomes of the payouts of a day follows from Nth, so that among six days
// there is one of each fate.

// payoutFate is what becomes of the payouts of a day.
type payoutFate int

const (
	payoutPlain   payoutFate = iota
	payoutLost               // Alipay's never arrives
	payoutBounced            // WeChat Pay's comes back on the next day
	payoutJoined             // WeChat Pay pays out twice, the bank books one credit
	payoutMoved              // WeChat Pay's is sent on into Alipay
	payoutShort              // WeChat Pay's arrives a fen short
	payoutFates
)

// payoutFateWords are what the key calls them.
var payoutFateWords = [payoutFates]string{"plain", "payout_lost", "payout_bounced", "payouts_in_one_credit", "payout_moved", "payout_short"}

// More flow numbers of a day, beside those of fundflow.go.
const (
	flowPayoutAgain = iota + 6
	flowReturn
	flowDeposit
)

// bankAccount is the bank account that receives all payouts.
const bankAccount = "6222021001112223334"

// depositedAt is when money of the bank arrives in Alipay: 10:31.
const depositedAt = 10*3600 + 31*60

// shownInterest is what the bank pays every day, so that its statement shows the day.
const shownInterest settlement.Amount = 1_23

// Payout is a payout of the day, and what a run over the days until it is due must find.
type Payout struct {
	No     string
	Wallet settlement.Wallet
	Amount settlement.Amount
	Fate   string
	Kind   settlement.BreakKind // NoBreak where nothing is wrong
	Actual settlement.Amount    // what the bank shows, NoAmount for nothing
}

// WritePayouts writes payouts as payout_no, wallet, amount, planted_as, kind,
// actual_amount.
func WritePayouts(w io.Writer, payouts []Payout) error {
	out := keyCSV(w)
	out.Record("payout_no", "wallet", "amount", "planted_as", "kind", "actual_amount")
	for _, p := range payouts {
		out.Record(p.No, p.Wallet.String(), p.Amount.String(), p.Fate, p.Kind.String(), amountOrEmpty(p.Actual))
	}
	return out.Flush()
}

func (p *plan) fate() payoutFate { return payoutFate(p.options.Nth) % payoutFates }

// yesterday is the plan of the day before, nil on the first day.
func (p *plan) yesterday() (*plan, error) {
	if p.options.Nth == 0 {
		return nil, nil
	}
	o := p.options
	o.Day, o.Nth, o.OpeningOff = o.Day-1, o.Nth-1, 0 // only the last day opens wrongly
	return newPlan(o)
}

// paidOut is what the two wallets pay out at the end of the day; negative is paid in.
type paidOut struct{ alipay, wechat settlement.Amount }

// carriedIn is what came into the wallets of the payouts of the day before.
type carriedIn struct {
	back, moved settlement.Amount // into WeChat Pay, into Alipay
	of          *plan             // the day before
}

// carriedIn works out what came back, or was sent on, of the payouts of the day before.
func (p *plan) carriedIn() (in carriedIn, err error) {
	if !p.options.Bank {
		return in, nil
	}
	before, err := p.yesterday()
	if err != nil || before == nil || before.fate() != payoutBounced && before.fate() != payoutMoved {
		return in, err
	}
	out, err := before.paidOut()
	in.of = before
	switch {
	case out.wechat <= 0:
	case before.fate() == payoutBounced:
		in.back = out.wechat
	default:
		in.moved = out.wechat
	}
	return in, err
}

// paidOut adds up what the day's fund flows book, and by how much their balances are off:
// a wallet pays out what its account shows.
func (p *plan) paidOut() (out paidOut, err error) {
	p, err = newPlan(p.options) // whose pass nobody is told of
	if err != nil {
		return out, err
	}
	in, err := p.carriedIn()
	if err != nil {
		return out, err
	}
	out = paidOut{alipay: p.options.OpeningOff + in.moved, wechat: p.options.OpeningOff + in.back}
	err = p.each(func(s *sale) error {
		for i := range s.lines[:s.nLines] {
			l := &s.lines[i]
			rows, fees := settlement.Amount(l.moneyRows+1), settlement.Amount(l.feeRows+1)
			switch {
			case s.wallet == settlement.Alipay:
				out.alipay += (l.settled+l.moneyOff)*rows + l.fee*fees
			case l.kind == settlement.Payment:
				out.wechat += (l.settled+l.moneyOff)*rows + l.fee*fees + l.balanceOff
			case l.status != settlement.Failed && l.status != settlement.Changed:
				out.wechat += l.settled + l.fee
			}
		}
		return nil
	})
	return out, err
}

// payouts are the payouts of the day, amount by amount, in the order of the fund flow.
func (p *plan) payouts() (list []Payout, err error) {
	out, err := p.paidOut()
	if err != nil {
		return nil, err
	}
	fate := p.fate()
	if out.alipay > 0 {
		no := p.payoutNo("")
		one := Payout{No: no.String(), Wallet: settlement.Alipay, Amount: out.alipay, Fate: payoutFateWords[payoutPlain], Actual: out.alipay}
		if fate == payoutLost {
			one.Fate, one.Kind, one.Actual = payoutFateWords[fate], settlement.PayoutMissing, settlement.NoAmount
		}
		list = append(list, one)
	}
	for n, amount := range p.parts(out.wechat) {
		if amount <= 0 {
			continue
		}
		no := p.payoutPart(n)
		one := Payout{No: no.String(), Wallet: settlement.WeChat, Amount: amount, Fate: payoutFateWords[payoutPlain], Actual: amount}
		if fate != payoutLost {
			one.Fate = payoutFateWords[fate]
		}
		switch fate {
		case payoutBounced:
			one.Actual = settlement.NoAmount
		case payoutShort:
			one.Kind, one.Actual = settlement.PayoutMismatch, amount-1
		}
		list = append(list, one)
	}
	return list, nil
}

// parts is how WeChat Pay pays out an amount: of a joined payout in two.
func (p *plan) parts(amount settlement.Amount) []settlement.Amount {
	if p.options.Bank && p.fate() == payoutJoined && amount > 100 {
		first := amount*3/5 + 7
		return []settlement.Amount{first, amount - first}
	}
	return []settlement.Amount{amount}
}

// payoutPart is the number of the n-th of these.
func (p *plan) payoutPart(n int) number {
	if n > 0 {
		return p.numbers.flowNo(p.options.WeChat.MchID, flowPayoutAgain, p.options.Nth, slotEarlier)
	}
	return p.payoutNo(p.options.WeChat.MchID)
}

func (p *plan) bankFile() string { return "bank_" + p.options.Day.String() + ".csv" }

// writeBank writes the bank's statement of the day in the plain layout: the payouts of
// the day before that arrive.
func (p *plan) writeBank(to io.Writer) error {
	var b strings.Builder
	b.WriteString("account,booked_at,amount,reference,counterparty,purpose\n")
	day := p.options.Day.String()
	row := func(clock string, amount settlement.Amount, counterparty, purpose string) {
		fmt.Fprintf(&b, "%s,%s %s,%s,B%s%s,%s,%s\n", bankAccount, day, clock, amount,
			strings.ReplaceAll(day, "-", ""), strings.ReplaceAll(clock, ":", ""), counterparty, purpose)
	}
	row("03:00:00", shownInterest, "", "结息")
	before, err := p.yesterday()
	if err != nil {
		return err
	}
	if before != nil {
		payouts, err := before.payouts()
		if err != nil {
			return err
		}
		before.arrivals(payouts, row)
	}
	row("16:20:00", -88_00, "", "账户管理费")
	_, err = io.WriteString(to, b.String())
	return err
}

const (
	tenpayName = "财付通支付科技有限公司"
	alipayName = "支付宝（中国）网络技术有限公司"
)

// arrivals books what the bank receives of the day's payouts.
func (p *plan) arrivals(payouts []Payout, row func(clock string, amount settlement.Amount, counterparty, purpose string)) {
	joined := settlement.Amount(0)
	for _, one := range payouts {
		switch {
		case one.Actual == settlement.NoAmount:
		case one.Fate == payoutFateWords[payoutJoined]:
			joined += one.Actual
		case one.Wallet == settlement.Alipay:
			row("09:10:00", one.Actual, alipayName, "提现")
		case one.Fate == payoutFateWords[payoutShort]:
			row("09:30:00", one.Actual, tenpayName, "商户提现 "+one.No)
		default:
			row("09:30:00", one.Actual, tenpayName, "商户提现")
		}
		if one.Fate == payoutFateWords[payoutMoved] && one.Wallet == settlement.WeChat {
			row("10:30:00", -one.Actual, alipayName, "充值")
		}
	}
	if joined > 0 {
		row("09:40:00", joined, tenpayName, "商户提现")
	}
}
