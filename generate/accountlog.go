package generate

import (
	"archive/zip"
	"fmt"
	"io"

	"reconcile/settlement"
)

const (
	alipayLogHeader        = "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注"
	alipayLogSummaryHeader = "类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）"

	logFence    = "#-----------------------------------------账务明细列表----------------------------------------\r\n"
	logEnd      = "#-----------------------------------------账务明细列表结束------------------------------------\r\n"
	logSumFence = "#-----------------------------------------账务汇总列表----------------------------------------\r\n"
	logSumEnd   = "#-----------------------------------------账务汇总列表结束------------------------------------\r\n"
)

// alipayLog writes 账务明细 and its 汇总.
type alipayLog struct {
	*alipayWriter
	account
	out    *sink
	texts  [len(logTypes)][]byte // in GB18030
	notes  [2][]byte             // before the trade number: fee, fee returned
	totals [len(logTypes)]struct{ income, expense flowSums }
}

// logType is 业务类型 of the account log.
type logType uint8

const (
	logOnline logType = iota
	logEscrow
	logRefund
	logFee
	logPayout
	logTransfer
	logDeposit
)

var logTypes = [...]string{"在线支付", "交易付款", "交易退款", "收费", "提现", "转账", "充值"}

func (p *plan) alipayLogFile() string { return p.alipayFile() + "_账务明细.csv.zip" }

func (p *plan) writeAlipayLog(to io.Writer) error {
	inner, err := newAlipayWriter(p)
	if err != nil {
		return err
	}
	w := &alipayLog{alipayWriter: inner, account: account{balance: reserve + p.options.OpeningOff}}
	encode := func(text string) (out []byte) {
		if err == nil {
			out, err = gb18030(text)
		}
		return out
	}
	for i, text := range logTypes {
		w.texts[i] = encode(text)
	}
	w.notes = [2][]byte{encode("服务费["), encode("服务费退回(")}
	channel := encode("支付宝")
	if err != nil {
		return err
	}
	archive := newZip(to)
	if err := w.details(archive, channel); err != nil {
		return err
	}
	if err := w.summary(archive); err != nil {
		return err
	}
	return archive.Close()
}

func (w *alipayLog) details(archive *zip.Writer, channel []byte) (err error) {
	if w.out, err = w.member(archive, "账务明细.csv"); err != nil {
		return err
	}
	if err := w.out.gb18030(w.preamble("账务明细查询") + logFence + alipayLogHeader + "\r\n"); err != nil {
		return err
	}
	in, err := w.carriedIn()
	if err != nil {
		return err
	}
	if in.moved > 0 {
		w.row(alipayMovement{flow: w.numbers.flowNo("", flowDeposit, w.options.Nth, slotEarlier), at: depositedAt, kind: logDeposit, amount: in.moved}, channel)
	}
	err = w.each(func(s *sale) error {
		if s.wallet == settlement.Alipay {
			for i := range s.lines[:s.nLines] {
				w.line(s, i, channel)
			}
		}
		return w.out.spill()
	})
	if err != nil {
		return err
	}
	if amount := w.payout(); amount != 0 {
		kind := logPayout
		if amount > 0 {
			kind = logTransfer
		}
		no := w.payoutNo("")
		w.row(alipayMovement{flow: no, at: bookedOut, kind: kind, amount: amount}, channel)
	}
	footer := fmt.Sprintf("#支出合计：%d笔，共%s元\r\n#收入合计：%d笔，共%s元\r\n",
		w.expense.rows, -w.expense.sum, w.income.rows, w.income.sum)
	if err := w.out.gb18030(logEnd + footer + w.exported()); err != nil {
		return err
	}
	return w.out.flush()
}

// alipayMovement is a row of the log but for the balance. sale and line are nil
// where it belongs to no trade.
type alipayMovement struct {
	flow   number
	at     int
	kind   logType
	amount settlement.Amount
	sale   *sale
	line   *line
	note   []byte // before the trade's number, empty for no note
	close  byte
}

// line books a line of the trade bill and its fee, each with a number of its own.
func (w *alipayLog) line(s *sale, slot int, channel []byte) {
	l := &s.lines[slot]
	m := alipayMovement{w.numbers.flowNo("", flowTrade, s.index, slot), l.succeededAt, logOnline, l.settled, s, l, nil, 0}
	switch {
	case l.kind != settlement.Payment:
		m.kind = logRefund
	case s.shop.platform == taobao || s.shop.platform == tmall:
		m.kind = logEscrow
	}
	m.amount += l.moneyOff
	for n := 0; n <= l.moneyRows; n++ {
		m.flow = w.numbers.flowNo("", flowTrade+n*flowTradeAgain, s.index, slot)
		w.row(m, channel)
	}
	if l.fee == 0 {
		return
	}
	m.kind, m.amount = logFee, l.fee
	m.note, m.close = w.notes[0], ']'
	if l.fee > 0 {
		m.note, m.close = w.notes[1], ')'
	}
	for n := 0; n <= l.feeRows; n++ {
		m.flow = w.numbers.flowNo("", flowFee+n*(flowFeeAgain-flowFee), s.index, slot)
		w.row(m, channel)
	}
}

func (w *alipayLog) row(m alipayMovement, channel []byte) {
	w.book(m.amount)
	dst := append(append(w.out.buf, m.flow.bytes()...), "\t,"...)
	if m.line != nil {
		dst = append(append(dst, m.line.providerNo.bytes()...), "\t,"...)
		if m.sale.shop.platform == taobao || m.sale.shop.platform == tmall {
			dst = append(dst, "T200P"...)
		}
		dst = append(append(dst, m.line.merchantNo.bytes()...), "\t,"...)
		dst = append(dst, w.products[m.line.flavour>>32%uint64(len(w.products))].alipay...)
		dst = append(w.clock.append(append(dst, "\t,"...), m.at), ',')
		dst = append(w.buyer(dst, m.line.flavour), "\t,"...)
	} else {
		dst = append(append(dst, m.flow.bytes()...), "\t,\t,\t,"...)
		dst = append(w.clock.append(dst, m.at), ",\t,"...)
	}
	total := &w.totals[m.kind]
	if m.amount > 0 {
		total.income.add(m.amount)
		dst = append(m.amount.Append(dst), ",0.00,"...)
	} else {
		total.expense.add(m.amount)
		dst = append(m.amount.Append(append(dst, "0.00,"...)), ',')
	}
	dst = append(append(append(w.balance.Append(dst), ','), channel...), ',')
	dst = append(append(dst, w.texts[m.kind]...), ',')
	if len(m.note) > 0 {
		dst = append(append(append(dst, m.note...), m.line.providerNo.bytes()...), m.close)
	}
	w.out.buf = append(dst, "\r\n"...)
}

// summary writes the 汇总 by 业务类型.
func (w *alipayLog) summary(archive *zip.Writer) error {
	out, err := w.member(archive, "账务明细(汇总).csv")
	if err != nil {
		return err
	}
	text := w.preamble("账务汇总查询") + logSumFence + alipayLogSummaryHeader + "\r\n"
	row := func(kind string, in, out flowSums) {
		text += fmt.Sprintf("%s,%d,%s,%d,%s,%s\r\n", kind, in.rows, in.sum, out.rows, -out.sum, in.sum-out.sum)
	}
	for i, t := range w.totals {
		if t.income.rows+t.expense.rows > 0 {
			row(logTypes[i], t.income, t.expense)
		}
	}
	row("合计", w.income, w.expense)
	if err := out.gb18030(text + logSumEnd + w.exported()); err != nil {
		return err
	}
	return out.flush()
}
