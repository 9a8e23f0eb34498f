package generate_test

import (
	"regexp"
	"slices"
	"strings"

	"reconcile/generate"
	"reconcile/settlement"
)

// The oracle reconciles the written files again, with maps and without mercy:
// what it finds must be what the key says.

type billLine struct {
	wallet, kind, orderNo, provider, refundNo string
	gross, base, fee                          settlement.Amount
	rate                                      settlement.Rate
	at                                        string
	failed                                    bool // FAIL, CHANGE
	claimed                                   bool
}

type orderEvent struct {
	orderNo, number, wallet, provider, status string
	amount                                    settlement.Amount
	at                                        string // expected; "" where no money is
	escrow                                    bool
	claimed                                   bool
}

type oracle struct {
	t      reporter
	lines  []*billLine
	events []*orderEvent
	found  []generate.Planted
	pairs  int64
	// latest is the last instant that the merchant's files speak of.
	latest string
}

// oracleDay is the day of all generated days of these tests.
const oracleDay = "2024-09-12"

var taobaoPrefix = regexp.MustCompile(`^T\d+N?P`)

// reconcileFiles returns the breaks of a day's files, sorted, and the number of
// events that have a line.
func reconcileFiles(t reporter, files []string) ([]generate.Planted, int64) {
	t.Helper()
	o := &oracle{t: t}
	o.readAlipay(filesNamed(files, ".zip")[0])
	bills := slices.Concat(filesNamed(files, ".csv"), filesNamed(files, ".csv.gz"))
	all := slices.ContainsFunc(bills, func(f string) bool { return strings.Contains(f, "_ALL_") })
	for _, path := range bills {
		if strings.Contains(path, "_ALL_") || !all && (strings.Contains(path, "_SUCCESS_") || strings.Contains(path, "_REFUND_")) {
			o.readWeChat(path)
		}
	}
	refunds := parseExtract(t, filesNamed(files, "refunds.csv")[0])
	o.readOrders(filesNamed(files, "orders.csv")[0], refunds)
	o.matchPayments()
	o.matchRefunds(refunds)
	o.checkFees()
	for _, l := range o.lines {
		switch {
		case l.claimed || l.failed || l.at >= o.latest:
		case l.kind == "payment":
			o.add(settlement.MissingInOrders, l.orderNo, "", settlement.NoAmount, l.gross)
		default:
			o.add(settlement.RefundMissingInOrders, l.orderNo, l.refundNo, settlement.NoAmount, l.gross)
		}
	}
	slices.SortFunc(o.found, comparePlanted)
	return o.found, o.pairs
}

func comparePlanted(a, b generate.Planted) int {
	if c := strings.Compare(a.OrderNo+"/"+a.RefundNo, b.OrderNo+"/"+b.RefundNo); c != 0 {
		return c
	}
	return int(a.Kind) - int(b.Kind)
}

func (o *oracle) add(kind settlement.BreakKind, orderNo, refundNo string, expected, actual settlement.Amount) {
	o.found = append(o.found, generate.Planted{Kind: kind, OrderNo: orderNo, RefundNo: refundNo, Expected: expected, Actual: actual})
}

func (o *oracle) readAlipay(path string) {
	for _, m := range readZIP(o.t, path) {
		if !strings.Contains(decoded(o.t, m.content), "#支付宝业务明细查询") {
			continue
		}
		for _, row := range parseAlipay(o.t, m.content).rows {
			l := &billLine{wallet: "alipay", kind: "payment", at: row["完成时间"],
				provider: strings.TrimRight(row["支付宝交易号"], "\t"),
				orderNo:  taobaoPrefix.ReplaceAllString(strings.TrimRight(row["商户订单号"], "\t"), ""),
				refundNo: strings.TrimRight(row["退款批次号/请求号"], "\t"),
				gross:    fen(o.t, row["订单金额（元）"])}
			if row["业务类型"] == "退款\t" {
				l.kind = "refund"
			}
			o.lines = append(o.lines, l)
		}
	}
}

func (o *oracle) readWeChat(path string) {
	f, _ := parseWeChat(o.t, path)
	amount := func(row map[string]string, names ...string) settlement.Amount {
		for _, name := range names {
			if text, there := row[name]; there {
				return fen(o.t, text)
			}
		}
		o.t.Fatalf("%s: none of the columns %q", path, names)
		return 0
	}
	for _, row := range f.rows {
		l := &billLine{wallet: "wechat", kind: "payment", at: row["交易时间"], provider: row["微信订单号"],
			orderNo: row["商户订单号"], fee: -amount(row, "手续费")}
		l.rate = must[settlement.Rate](o.t)(settlement.ParseRate([]byte(row["费率"])))
		switch row["交易状态"] {
		case "REVOKED":
			l.kind = "revoke"
			fallthrough
		case "REFUND":
			if l.kind == "payment" {
				l.kind, l.refundNo = "refund", row["商户退款单号"]
			}
			l.failed = row["退款状态"] == "FAIL" || row["退款状态"] == "CHANGE"
			l.gross, l.base = -amount(row, "申请退款金额", "退款金额"), -amount(row, "退款金额")
			if at, there := row["退款申请时间"]; there {
				l.at = at
			}
		default:
			l.gross, l.base = amount(row, "订单金额", "总金额"), amount(row, "应结订单金额", "总金额")
		}
		o.lines = append(o.lines, l)
	}
}

// beforeRelease says that a refund was paid out of what the escrow platform holds.
func (e *orderEvent) beforeRelease(refund map[string]string) bool {
	return e.escrow && e.orderNo == refund["order_no"] && refund["status"] == "success" &&
		(e.at == "" || refund["refunded_at"] < e.at)
}

func (o *oracle) readOrders(path string, refunds *table) {
	f := parseExtract(o.t, path)
	escrow := slices.Contains(f.header, "confirmed_at")
	for _, row := range f.rows {
		e := &orderEvent{orderNo: row["order_no"], number: row["payment_no"], wallet: row["wallet"],
			provider: row["provider_txn_id"], status: row["status"], amount: fen(o.t, row["amount"]), at: row["paid_at"]}
		if e.number == "" {
			e.number = e.orderNo
		}
		if escrow {
			e.at, e.escrow = row["confirmed_at"], true
			if payout := row["payout_amount"]; payout != "" {
				e.amount = fen(o.t, payout)
			} else {
				for _, r := range refunds.rows {
					if e.beforeRelease(r) {
						e.amount -= fen(o.t, r["amount"])
					}
				}
			}
		}
		o.latest = max(o.latest, row["paid_at"], row["confirmed_at"])
		o.events = append(o.events, e)
	}
}

// claim pairs the events of a key with the lines of the same key.
func (o *oracle) claim(eventKey func(*orderEvent) string, lineKey func(*billLine) string, verdict settlement.BreakKind) {
	lines, events := map[string][]*billLine{}, map[string][]*orderEvent{}
	for _, l := range o.lines {
		if key := lineKey(l); l.kind == "payment" && !l.claimed && key != "" {
			lines[key] = append(lines[key], l)
		}
	}
	for _, e := range o.events {
		if key := eventKey(e); !e.claimed && key != "" && lines[key] != nil {
			events[key] = append(events[key], e)
		}
	}
	for key, shares := range events {
		found := lines[key]
		slices.SortFunc(found, func(a, b *billLine) int { return strings.Compare(a.at, b.at) })
		sum := settlement.Amount(0)
		for _, e := range shares {
			sum += e.amount
			e.claimed = true
		}
		o.pairs += int64(len(shares))
		first := shares[0]
		if first.status != "paid" && first.status != "refunded" {
			if o.revoked(found[0]) {
				o.pairs--
				continue
			}
			o.add(settlement.StatusMismatch, first.orderNo, "", 0, found[0].gross)
		} else {
			if sum != found[0].gross {
				o.add(settlement.AmountMismatch, first.orderNo, "", sum, found[0].gross)
			}
			if verdict != settlement.NoBreak {
				o.add(verdict, first.orderNo, "", sum, found[0].gross)
			}
		}
		for i, l := range found {
			l.claimed = true
			if i > 0 {
				o.add(settlement.DuplicatePayment, l.orderNo, "", 0, l.gross)
			}
		}
	}
}

// revoked says that a revoke takes the whole payment back, and settles both.
func (o *oracle) revoked(payment *billLine) bool {
	for _, l := range o.lines {
		if l.kind == "revoke" && l.provider == payment.provider && l.gross == -payment.gross {
			l.claimed, payment.claimed = true, true
			return true
		}
	}
	return false
}

func (o *oracle) matchPayments() {
	lineNo := func(l *billLine) string { return l.orderNo }
	for _, wallet := range []string{"alipay", "wechat"} {
		o.claim(func(e *orderEvent) string {
			if e.wallet != wallet && e.wallet != "" {
				return ""
			}
			return e.number
		}, func(l *billLine) string {
			if l.wallet != wallet {
				return ""
			}
			return l.orderNo
		}, settlement.NoBreak)
	}
	o.claim(func(e *orderEvent) string {
		if e.wallet == "" || e.provider != "" {
			return ""
		}
		return e.number
	}, lineNo, settlement.WalletMismatch)
	o.claim(func(e *orderEvent) string { return e.provider }, func(l *billLine) string { return l.provider }, settlement.NoBreak)
	for _, e := range o.events {
		if e.claimed || !strings.HasPrefix(e.at, oracleDay) || e.amount == 0 || e.status != "paid" && e.status != "refunded" {
			continue
		}
		if clock := e.at[11:]; clock >= "00:30:00" && clock < "23:30:00" {
			o.add(settlement.MissingInStatement, e.orderNo, "", e.amount, settlement.NoAmount)
		}
	}
}

func (o *oracle) matchRefunds(listed *table) {
	byNo, byOrder, hasListed := map[string]*billLine{}, map[string]*billLine{}, map[string]bool{}
	paid, left := map[string]settlement.Amount{}, map[string]settlement.Amount{}
	refundLines := []*billLine{}
	for _, l := range o.lines {
		if l.kind == "payment" {
			paid[l.provider] += l.gross
			continue
		}
		if l.failed {
			continue
		}
		byNo[l.refundNo], byOrder[l.orderNo] = l, l
		refundLines = append(refundLines, l)
	}
	for _, r := range listed.rows {
		hasListed[r["order_no"]] = true
		o.latest = max(o.latest, r["refunded_at"], r["succeeded_at"])
		l, expected := byNo[r["refund_no"]], -fen(o.t, r["amount"])
		switch {
		case l != nil:
			l.claimed = true
			o.pairs++
			if l.gross != expected {
				o.add(settlement.AmountMismatch, r["order_no"], r["refund_no"], expected, l.gross)
			}
		case slices.ContainsFunc(o.events, func(e *orderEvent) bool { return e.beforeRelease(r) }):
		case r["status"] == "success":
			o.add(settlement.RefundMissingInStatement, r["order_no"], r["refund_no"], expected, settlement.NoAmount)
		}
	}
	for _, e := range o.events {
		if l := byOrder[e.orderNo]; e.status == "refunded" && !hasListed[e.orderNo] && l != nil && l.gross == -e.amount {
			l.claimed = true
			o.pairs++
		}
	}
	slices.SortFunc(refundLines, func(a, b *billLine) int { return strings.Compare(a.at, b.at) })
	for _, l := range refundLines {
		if paid[l.provider] == 0 {
			continue // the payment is in the bill of another day
		}
		if _, seen := left[l.provider]; !seen {
			left[l.provider] = paid[l.provider]
		}
		before := left[l.provider]
		left[l.provider] += l.gross
		if before >= 0 && left[l.provider] < 0 {
			o.add(settlement.RefundExceedsPayment, l.orderNo, l.refundNo, -before, l.gross)
		}
	}
}

// checkFees holds each fee to its row's own rate, and also holds returns to what
// was charged: the generated days must be right under both readings.
func (o *oracle) checkFees() {
	kept := map[string]settlement.Amount{}
	for _, l := range o.lines {
		if l.wallet == "wechat" && l.kind == "payment" {
			kept[l.provider] = -l.fee
			if right := -l.rate.HalfUp(l.base); right != l.fee {
				o.add(settlement.FeeVariance, l.orderNo, "", right, l.fee)
			}
		}
	}
	for _, l := range o.lines {
		if l.wallet != "wechat" || l.kind == "payment" {
			continue
		}
		if l.failed {
			if l.fee != 0 {
				o.t.Errorf("refund %s failed and returns a fee", l.refundNo)
			}
			continue
		}
		right := l.rate.HalfUp(-l.base)
		if (right - l.fee).Abs() > 1 {
			o.add(settlement.FeeVariance, l.orderNo, l.refundNo, right, l.fee)
		} else if charged, there := kept[l.provider]; there && l.fee > max(charged, 0)+1 {
			o.t.Errorf("refund %s returns %s of a fee of which %s is left", l.refundNo, l.fee, charged)
		}
		kept[l.provider] -= l.fee
	}
}
