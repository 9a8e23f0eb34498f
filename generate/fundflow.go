package generate

import (
	"compress/gzip"
	"io"
	"strconv"

	"reconcile/settlement"
)

// Fund-flow bills show what moved on an account, a row a movement, each with the
// balance after it. They hold the same money as the trade bills of the day. Rows
// stand in the order of booking, which is that of the purchases and not of their
// times; the payout stands last.

// reserve is what an account holds at the end of every day, and so at the start
// of the next: the rest is paid out (提现), what lacks is paid in.
const reserve settlement.Amount = 200_000_000

// bookedOut is when the payout is booked.
const bookedOut = daySeconds - 30

const (
	wechatFundHeader  = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号"
	wechatFundTrailer = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
)

// What a movement is, the digit that tells the flow numbers of one line apart.
const (
	flowTrade = iota
	flowFee
	flowClosed // 退款关闭: a refund that failed comes back
	flowPayout
	flowFeeAgain
	flowTradeAgain
)

// flowSums counts and adds movements of one direction.
type flowSums struct {
	rows int64
	sum  settlement.Amount // a magnitude
}

func (s *flowSums) add(amount settlement.Amount) {
	s.rows++
	s.sum += amount.Abs()
}

// account is a wallet's account while its day is written.
type account struct {
	balance         settlement.Amount
	income, expense flowSums
}

// book moves amount, positive towards the merchant. A movement of nothing is a
// row all the same, of what is taken.
func (a *account) book(amount settlement.Amount) {
	a.balance += amount
	if amount > 0 {
		a.income.add(amount)
	} else {
		a.expense.add(amount)
	}
}

// payout is the last movement of a day: what takes the balance back to reserve.
func (a *account) payout() settlement.Amount { return reserve - a.balance }

// flowNo is 资金流水单号 or 账务流水号 of a line's movement.
func (n *numbering) flowNo(prefix string, what, index, slot int) (out number) {
	out.add(prefix).add(n.date).digits(uint64(what), 1).digits(n.flow.at(serialOf(index, slot)), serialDigits)
	return out
}

// payoutNo is the number of a day's payout, unlike those of lines.
func (p *plan) payoutNo(prefix string) number {
	return p.numbers.flowNo(prefix, flowPayout, p.options.Nth, slotEarlier)
}

func (p *plan) wechatFundFile() string {
	name := p.options.WeChat.MchID + "_fundflow_BASIC_" + p.options.Day.String() + ".csv"
	if p.options.WeChat.Gzip {
		name += ".gz"
	}
	return name
}

// wechatFund writes 资金账单 of the account BASIC.
type wechatFund struct {
	*plan
	account
	out *sink
	off settlement.Amount // of the balance from the next row on
	// planted are the rows whose balance does not follow from the row before.
	planted []Planted
}

func (p *plan) newWeChatFund(to io.Writer) *wechatFund {
	return &wechatFund{plan: p, account: account{balance: reserve + p.options.OpeningOff}, out: newSink(to)}
}

// lines books the lines of a sale.
func (w *wechatFund) lines(s *sale) {
	if s.wallet == settlement.WeChat {
		for i := range s.lines[:s.nLines] {
			w.line(s.index, i, &s.lines[i])
		}
	}
}

func (p *plan) writeWeChatFund(to io.Writer) error {
	if !p.options.WeChat.Gzip {
		return p.writeWeChatFundText(to)
	}
	z, err := gzip.NewWriterLevel(to, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if err := p.writeWeChatFundText(z); err != nil {
		return err
	}
	return z.Close()
}

func (p *plan) writeWeChatFundText(to io.Writer) error {
	w := p.newWeChatFund(to)
	if p.options.WeChat.BOM {
		w.out.buf = append(w.out.buf, "\uFEFF"...)
	}
	w.out.buf = append(w.out.buf, wechatFundHeader+"\r\n"...)
	if err := w.cameBack(); err != nil {
		return err
	}
	err := w.each(func(s *sale) error {
		w.lines(s)
		return w.out.spill()
	})
	if err != nil {
		return err
	}
	for n, amount := range w.parts(-w.payout()) {
		if amount == 0 {
			continue
		}
		kind := "提现"
		if amount < 0 {
			kind = "充值"
		}
		no := w.payoutPart(n)
		w.row(wechatMovement{bookedOut + n, &no, no, "充值/提现", kind, -amount, "system", &number{}}, nil)
	}
	dst := append(w.out.buf, wechatFundTrailer+"\r\n`"...)
	dst = append(strconv.AppendInt(dst, w.income.rows+w.expense.rows, 10), ",`"...)
	dst = append(strconv.AppendInt(dst, w.income.rows, 10), ',')
	dst = append(money(dst, w.income.sum), '`')
	dst = append(strconv.AppendInt(dst, w.expense.rows, 10), ",`"...)
	w.out.buf = append(w.expense.sum.Append(dst), "\r\n"...)
	return w.out.flush()
}

// cameBack books the payout of the day before that the bank sent back.
func (w *wechatFund) cameBack() error {
	in, err := w.carriedIn()
	if err == nil && in.back > 0 {
		of := in.of.payoutNo(w.options.WeChat.MchID)
		w.row(wechatMovement{1, &of, w.numbers.flowNo(w.options.WeChat.MchID, flowReturn, w.options.Nth, slotEarlier), "充值/提现", "提现退回", in.back, "system", &number{}}, nil)
	}
	return err
}

// wechatMovement is a row of the bill but for its note and the balance.
type wechatMovement struct {
	at         int
	business   *number // 微信支付业务单号
	flow       number  // 资金流水单号
	name, kind string  // 业务名称, 业务类型
	amount     settlement.Amount
	asked      string  // 资金变更提交申请人
	voucher    *number // 业务凭证号
}

// line books a line of the trade bill: a payment and its fee apart, a refund net of
// the fee that comes back with it.
func (w *wechatFund) line(index, slot int, l *line) {
	flow := func(what int) number { return w.numbers.flowNo(w.options.WeChat.MchID, what, index, slot) }
	if l.kind == settlement.Payment {
		w.off = l.balanceOff
		for n := 0; n <= l.moneyRows; n++ {
			w.row(wechatMovement{l.at, &l.providerNo, flow(flowTrade + n*flowTradeAgain), "交易", "交易", l.settled + l.moneyOff, "system", &l.merchantNo}, nil)
		}
		for n := 0; l.fee != 0 && n <= l.feeRows; n++ {
			w.row(wechatMovement{l.at, &l.providerNo, flow(flowFee + n*(flowFeeAgain-flowFee)), "交易", "扣除交易手续费", l.fee, "system", &l.merchantNo}, nil)
		}
		return
	}
	if l.status == settlement.Failed {
		return // refused before any money moved
	}
	back := wechatMovement{l.at, &l.refundID, flow(flowTrade), "退款", "退款", l.settled + l.fee, w.options.WeChat.MchID + "API", &l.refundNo}
	if l.kind == settlement.Revoke { // it has no numbers of its own
		back.business, back.voucher = &l.providerNo, &l.merchantNo
	}
	w.row(back, l)
	if l.status == settlement.Changed {
		back.flow, back.kind, back.amount, back.asked = flow(flowClosed), "退款关闭", -back.amount, "system"
		w.row(back, nil)
	}
}

// row appends a movement; its note tells of refund, where that is not nil.
func (w *wechatFund) row(m wechatMovement, refund *line) {
	w.book(m.amount)
	if w.off != 0 {
		w.planted = append(w.planted, Planted{Kind: settlement.BalanceGap, Expected: w.balance, Actual: w.balance + w.off, Case: BalanceOff})
		w.balance, w.off = w.balance+w.off, 0
	}
	dst := append(w.clock.append(append(w.out.buf, '`'), m.at), ',')
	dst = field(field(field(field(dst, m.business.bytes()), m.flow.bytes()), m.name), m.kind)
	if m.amount > 0 {
		dst = field(dst, "收入")
	} else {
		dst = field(dst, "支出")
	}
	dst = field(money(money(dst, m.amount.Abs()), w.balance), m.asked)
	dst = append(dst, '`')
	if refund != nil {
		dst = (-refund.settled).Append(append(dst, "退款总金额"...))
		dst = append(refund.fee.Append(append(dst, "元;含手续费"...)), "元"...)
	}
	dst = append(append(dst, ",`"...), m.voucher.bytes()...)
	w.out.buf = append(dst, "\r\n"...)
}
