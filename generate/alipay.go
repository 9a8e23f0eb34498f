package generate

import (
	"archive/zip"
	"compress/flate"
	"fmt"
	"io"
	"time"

	"reconcile/settlement"
)

const (
	alipayHeader = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户," +
		"订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称," +
		"商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
	alipaySummaryHeader = "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）," +
		"商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）"

	detailsFence = "#-----------------------------------------业务明细列表----------------------------------------\r\n"
	detailsEnd   = "#-----------------------------------------业务明细列表结束------------------------------------\r\n"
	summaryFence = "#-----------------------------------------业务汇总列表----------------------------------------\r\n"
	summaryEnd   = "#----------------------------------------业务汇总列表结束-------------------------------------\r\n"

	// exportedAt is when the bill was made, after the end of its day: 导出时间.
	exportedAt = 5*time.Hour + 46*time.Minute + 49*time.Second
)

// alipayWriter writes the members of Alipay's ZIP.
type alipayWriter struct {
	*plan
	payment, refunded []byte // 交易, 退款 in GB18030, with the tab
}

// alipaySums is what the footers and the 汇总 state, as the columns add up.
type alipaySums struct {
	payments, refunds                                  int64
	order, paid, refunded, merchant, merchantBack, fee settlement.Amount
}

func (p *plan) alipayAccount() string { return p.options.Alipay.PID + "0156" }

// alipayFile is the name of the ZIP without .csv.zip.
func (p *plan) alipayFile() string { return p.alipayAccount() + "_" + p.numbers.date }

func newAlipayWriter(p *plan) (*alipayWriter, error) {
	w := &alipayWriter{plan: p}
	for text, to := range map[string]*[]byte{"交易\t": &w.payment, "退款\t": &w.refunded} {
		encoded, err := gb18030(text)
		if err != nil {
			return nil, err
		}
		*to = encoded
	}
	return w, nil
}

func newZip(out io.Writer) *zip.Writer {
	archive := zip.NewWriter(out)
	archive.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestSpeed)
	})
	return archive
}

func (p *plan) writeAlipay(out io.Writer, total alipayShops) error {
	w, err := newAlipayWriter(p)
	if err != nil {
		return err
	}
	archive := newZip(out)
	members := []func(*zip.Writer) error{w.details, func(z *zip.Writer) error { return w.summary(z, total) }}
	if p.options.Alipay.SummaryFirst {
		members[0], members[1] = members[1], members[0]
	}
	for _, member := range members {
		if err := member(archive); err != nil {
			return err
		}
	}
	return archive.Close()
}

// member starts a member whose name is in GBK, as Alipay writes it.
func (w *alipayWriter) member(archive *zip.Writer, name string) (*sink, error) {
	encoded, err := gb18030(w.alipayFile() + "_" + name)
	if err != nil {
		return nil, err
	}
	header := &zip.FileHeader{Name: string(encoded), Method: zip.Deflate, NonUTF8: true,
		Modified: (w.options.Day + 1).Start().Time().Add(exportedAt)}
	if w.options.Alipay.NamesFlaggedUTF8 {
		header.NonUTF8 = false
		header.Flags |= 0x800
	}
	out, err := archive.CreateHeader(header)
	if err != nil {
		return nil, err
	}
	return newSink(out), nil
}

// preamble is what stands above the first fence; the end of the period is
// exclusive.
func (w *alipayWriter) preamble(title string) string {
	const day = "2006年01月02日 15:04:05"
	from := w.options.Day
	return fmt.Sprintf("#支付宝%s\r\n#账号：[%s]\r\n#起始日期：[%s]   终止日期：[%s]\r\n", title, w.alipayAccount(),
		from.Start().Time().Format(day), (from + 1).Start().Time().Format(day))
}

func (w *alipayWriter) exported() string {
	at := (w.options.Day + 1).Start().Time().Add(exportedAt)
	return "#导出时间：[" + at.Format("2006年01月02日 15:04:05") + "]\r\n"
}

// details writes 业务明细, in parts where the options ask for it.
func (w *alipayWriter) details(archive *zip.Writer) error {
	var out *sink
	var sums alipaySums
	part, rows := 0, 0
	start := func() (err error) {
		name := "业务明细.csv"
		if part++; w.options.Alipay.PartRows > 0 {
			name = fmt.Sprintf("业务明细_%d.csv", part)
		}
		rows, sums = 0, alipaySums{}
		if out, err = w.member(archive, name); err != nil {
			return err
		}
		return out.gb18030(w.preamble("业务明细查询") + detailsFence + alipayHeader + "\r\n")
	}
	end := func() error {
		if err := out.gb18030(detailsEnd + sums.footer() + w.exported()); err != nil {
			return err
		}
		return out.flush()
	}
	if err := start(); err != nil {
		return err
	}
	err := w.each(func(s *sale) error {
		if s.wallet != settlement.Alipay {
			return nil
		}
		for i := range s.lines[:s.nLines] {
			if limit := w.options.Alipay.PartRows; limit > 0 && rows == limit {
				if err := end(); err != nil {
					return err
				}
				if err := start(); err != nil {
					return err
				}
			}
			l := &s.lines[i]
			out.buf = w.row(out.buf, s.shop, l)
			rows++
			sums.add(l, w.printedFee(l))
		}
		return out.spill()
	})
	if err != nil {
		return err
	}
	return end()
}

// printedFee is 服务费 as the bill prints it: negative on payments, unless the
// options ask for the other sign.
func (p *plan) printedFee(l *line) settlement.Amount {
	if p.options.Alipay.FeePositive {
		return -l.fee
	}
	return l.fee
}

// row appends a row of 25 columns; where the real files have a tab behind the
// value, an empty value is a lone tab.
func (w *alipayWriter) row(dst []byte, s *shop, l *line) []byte {
	dst = append(append(dst, l.providerNo.bytes()...), "\t,"...)
	if s.platform == taobao || s.platform == tmall {
		dst = append(dst, "T200P"...)
	}
	dst = append(append(dst, l.merchantNo.bytes()...), "\t,"...)
	if l.kind == settlement.Payment {
		dst = append(dst, w.payment...)
	} else {
		dst = append(dst, w.refunded...)
	}
	product := &w.products[l.flavour>>32%uint64(len(w.products))]
	dst = append(append(append(dst, ','), product.alipay...), ',')
	dst = append(w.clock.append(dst, l.created), ',')
	if l.kind == settlement.Payment {
		dst = append(w.clock.append(dst, l.at), ',')
	} else {
		dst = append(w.clock.append(dst, l.succeededAt), ',')
	}
	dst = append(append(dst, s.store...), "\t,"...)
	if len(s.store) > 0 {
		dst = append(dst, s.alipay...)
	}
	dst = append(dst, "\t,\t,\t,"...)
	dst = w.buyer(dst, l.flavour)
	dst = append(dst, "\t,"...)
	for _, a := range [...]settlement.Amount{l.gross, l.settled, l.redPacket, 0, 0, l.discount, 0} {
		dst = append(a.Append(dst), ',')
	}
	dst = append(dst, ",0.00\t,0.00,"...)
	dst = append(append(dst, l.refundNo.bytes()...), "\t,"...)
	dst = append(w.printedFee(l).Append(dst), ",0.00,\r\n"...)
	return dst
}

// buyer is 对方账户, masked as Alipay masks it.
func (w *alipayWriter) buyer(dst []byte, flavour uint64) []byte {
	dst = append(append(dst, '*'), w.surnames[flavour>>8%uint64(len(w.surnames))]...)
	dst = appendPair(append(dst, "(1"...), 30+int(flavour>>16%60))
	dst = append(dst, "****"...)
	dst = appendPair(appendPair(dst, int(flavour>>24%100)), int(flavour>>28%100))
	return append(dst, ')')
}

func (s *alipaySums) add(l *line, printedFee settlement.Amount) {
	s.fee += printedFee
	s.order += l.gross
	if l.kind == settlement.Payment {
		s.payments++
		s.paid += l.settled
		s.merchant += l.discount
	} else {
		s.refunds++
		s.refunded += l.settled
		s.merchantBack += l.discount
	}
}

func (s *alipaySums) footer() string {
	return fmt.Sprintf("#交易合计：%d笔，商家实收共%s元，商家优惠共%s元\r\n#退款合计：%d笔，商家实收退款共%s元，商家优惠退款共%s元\r\n",
		s.payments, s.paid, s.merchant, s.refunds, s.refunded, s.merchantBack)
}

// alipayShops adds up Alipay's lines by shop, for the 汇总.
type alipayShops []alipaySums

// add adds the lines of a sale.
func (t alipayShops) add(p *plan, s *sale) {
	if s.wallet != settlement.Alipay {
		return
	}
	for i := range s.lines[:s.nLines] {
		t[s.shop.number].add(&s.lines[i], p.printedFee(&s.lines[i]))
	}
}

// summary writes the 汇总: a row per store, one for all that was sold online,
// and 合计. Every column is the sum of the same column of the details.
func (w *alipayWriter) summary(archive *zip.Writer, total alipayShops) error {
	out, err := w.member(archive, "业务明细(汇总).csv")
	if err != nil {
		return err
	}
	if err := out.gb18030(w.preamble("业务汇总查询") + summaryFence + alipaySummaryHeader + "\r\n"); err != nil {
		return err
	}
	var online, all alipaySums
	for i := range total {
		sums, shop := &total[i], &w.shops[i]
		all.merge(sums)
		if len(shop.store) == 0 {
			online.merge(sums)
		} else if sums.payments+sums.refunds > 0 {
			out.buf = append(append(out.buf, shop.store...), ',')
			out.buf = append(append(out.buf, shop.alipay...), sums.columns(w.options.Alipay.FeePositive)...)
		}
	}
	if online.payments+online.refunds > 0 {
		out.buf = append(append(out.buf, ','), online.columns(w.options.Alipay.FeePositive)...)
	}
	if err := out.gb18030("合计," + all.columns(w.options.Alipay.FeePositive) + summaryEnd + w.exported()); err != nil {
		return err
	}
	return out.flush()
}

func (s *alipaySums) merge(o *alipaySums) {
	s.payments += o.payments
	s.refunds += o.refunds
	s.order += o.order
	s.paid += o.paid
	s.refunded += o.refunded
	s.merchant += o.merchant
	s.merchantBack += o.merchantBack
	s.fee += o.fee
}

// columns are those of the 汇总 after the store's name, ASCII throughout.
func (s *alipaySums) columns(feePositive bool) string {
	received := s.paid + s.refunded
	net := received + s.fee
	if feePositive {
		net = received - s.fee
	}
	return fmt.Sprintf(",%d,%d,%s,%s,0.00,%s,0.00,%s,0.00,%s\r\n",
		s.payments, s.refunds, s.order, received, s.merchant+s.merchantBack, s.fee, net)
}
