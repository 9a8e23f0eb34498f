package main

var statuses = map[string]string{"PROCESSING": "processing", "FAIL": "failed", "CHANGE": "changed"}

func (m *matcher) lineRows(on int32, write func(any) error) error {
	for _, l := range m.lines {
		basis, status := "success", "success"
		if l.refund && l.wallet == "wechat" {
			basis = "as_stated"
		}
		if word, ok := statuses[l.refundState]; ok {
			status = word
		}
		if err := write(lineRow{LineID: l.id, Wallet: l.wallet, Account: l.account, Kind: l.kind, OrderNo: l.orderNo, OrderNoRaw: l.orderNoRaw, RefundNo: orNull(l.refundNo), Txn: l.txn,
			RefundID: orNull(l.refundID), OccurredAt: l.moment, TimeBasis: basis, SettledOn: on, Gross: l.gross, Settled: l.settled, Fee: l.fee, Net: l.settled + l.fee,
			FeeRate: given(l.rate > 0, int32(l.rate)), Currency: "CNY", State: l.state, RawType: l.rawType, SourceFile: l.source, Status: status, Coupon: l.coupon}); err != nil {
			return err
		}
	}
	return nil
}

func (m *matcher) matchRows(on int32, write func(any) error) error {
	for _, e := range m.pairs {
		l := e.line
		if err := write(matchRow{MatchID: identity("match", l.id, e.id), Wallet: l.wallet, Account: l.account, Kind: l.kind, OrderNo: e.orderNo, RefundNo: orNull(l.refundNo), LineID: l.id, EventID: e.id,
			OrderAmount: e.amount, LineAmount: e.claimedAmount, Difference: e.claimedAmount - e.amount, Rule: e.rule, Verdict: e.verdict, SettledOn: on, PaymentNo: orNull(e.paymentNo)}); err != nil {
			return err
		}
	}
	return nil
}

func (m *matcher) breakRows(on int32, write func(any) error) error {
	for _, f := range m.findings {
		row := breakRow{BreakID: identity("break", f.kind, f.wallet, f.account, f.orderNo, f.paymentNo, f.refundNo, f.txn), Kind: f.kind, Wallet: orNull(f.wallet), Account: orNull(f.account),
			OrderNo: f.orderNo, RefundNo: orNull(f.refundNo), Expected: given(!f.noExpected, f.expected), Actual: given(!f.noActual, f.actual), Difference: f.actual - f.expected, Currency: "CNY",
			FirstSeenOn: on, Status: "open", Reason: f.kind, SourceFile: orNull(f.source), PaymentNo: orNull(f.paymentNo), Txn: orNull(f.txn), Shop: orNull(f.shop)}
		if f.line != nil {
			row.LineID = &f.line.id
		}
		if f.event != nil {
			row.EventID = &f.event.id
		}
		if err := write(row); err != nil {
			return err
		}
	}
	return nil
}

func (m *matcher) chargeRows(on int32, write func(any) error) error {
	for _, l := range m.lines {
		row := chargeRow{LineID: l.id, Wallet: l.wallet, Account: l.account, OrderNo: l.orderNo, Event: l.kind, Component: "channel", RuleID: orNull(l.rule), Base: l.base,
			Rate: given(l.priced, int32(l.usedRate)), Expected: given(l.priced, l.expected), Charged: l.charged, Variance: given(l.priced, l.variance), Class: l.class,
			Assumed: l.priced && l.rate == 0, SettledOn: on}
		if l.priced {
			row.RuleVersion = orNull("1")
		}
		if err := write(row); err != nil {
			return err
		}
	}
	return nil
}

type grain struct {
	on                    int32 // 0 for none
	wallet, account, shop string
}

func (m *matcher) summaryRows(on int32, write func(any) error) error {
	sums := map[grain]*summaryRow{}
	at := func(g grain) *summaryRow {
		if sums[g] == nil {
			sums[g] = &summaryRow{}
		}
		return sums[g]
	}
	dayOf := func(moment int64) int32 {
		if moment == 0 {
			return 0
		}
		return int32((moment + shanghai*1e6) / 86400e6)
	}
	for _, l := range m.lines {
		s := at(grain{on, l.wallet, l.account, l.shop})
		s.Lines++
		s.Events += l.events
		if l.state == "matched" {
			s.Matched++
		}
		switch {
		case l.unsettled:
		case l.refund:
			s.Refunds += l.gross
		default:
			s.Gross += l.gross
		}
		s.Expected += l.expected
		s.Charged += l.charged
		s.Variance += l.variance
		if !l.unsettled {
			s.Net += l.settled + l.fee
		}
	}
	for _, f := range m.findings {
		at(grain{on, f.wallet, f.account, f.shop}).Breaks++
		if e := f.event; e != nil && e.line == nil { // missing: it counts where it states
			at(grain{dayOf(e.moment), e.wallet, e.account, e.shop}).Events++
		}
	}
	for _, e := range m.openAt {
		at(grain{dayOf(e.moment), e.wallet, e.account, e.shop}).Events++
		wallet, account := e.wallet, e.account
		if e.refundNo != "" {
			wallet, account = e.expectedWallet, e.expectAccount
		}
		at(grain{dayOf(e.moment), wallet, account, e.shop}).Open++
	}
	for _, l := range m.open {
		at(grain{on, l.wallet, l.account, ""}).Open++
	}
	for g, s := range sums {
		s.SettledOn, s.Wallet, s.Account, s.Shop, s.Currency = given(g.on != 0, g.on), orNull(g.wallet), orNull(g.account), g.shop, "CNY"
		if base := s.Gross + s.Refunds; base > 0 {
			bps := (positive(s.Charged)*20_000 + base) / (2 * base)
			if s.Charged < 0 {
				bps = -bps
			}
			s.CostBps = &bps
		}
		if err := write(*s); err != nil {
			return err
		}
	}
	return nil
}
