package generate

import (
	"io"

	"reconcile/output/spreadsheet"
	"reconcile/settlement"
)

// Key is the answer key of a day: what a run over its files must find, under
// default rules (no contract rates, cut-off of 30 minutes).
type Key struct {
	// Files are the paths written: Alipay's ZIP, WeChat Pay's bills, with FundFlow
	// Alipay's account log and WeChat Pay's fund-flow bill, with Bank the bank's
	// statement, orders.csv, refunds.csv.
	Files []string
	// Planted are the breaks, in the order of the purchases.
	Planted []Planted
	// Payouts are those of the day, with Options.Bank.
	Payouts []Payout
	// Cases counts the purchases of each case.
	Cases [numCases]int64

	Alipay, WeChat WalletTotals

	// Events of the merchant: rows of orders.csv, rows of refunds.csv, and orders
	// that are refunded with no refund listed.
	OrderRows, RefundRows, ImpliedRefunds int64

	// Events with a line, by what their pair says. Each event has one pair; the
	// orders of a combined payment share a line.
	PairsEqual, PairsAmount, PairsStatus, PairsWallet int64
	// Events without a line.
	EventsMissing     int64 // a break
	EventsOpen        int64 // near midnight, or a refund still processing
	EventsNotExpected int64 // unpaid, closed, cancelled; a refund that failed
	EventsUnreleased  int64 // escrow: not confirmed
	// Lines with and without an event. Payments that were revoked, their revokes and
	// refunds that failed have none, and need none.
	LinesClaimed, LinesUnclaimed int64
}

// Planted is one break a run must find. Expected and Actual are towards the
// merchant and NoAmount where that side is missing; those of a fee variance are
// in the sign of statement_lines.fee_amount. OrderNo is normalised; RefundNo is
// "" unless the break is a refund's.
type Planted struct {
	Kind              settlement.BreakKind
	OrderNo, RefundNo string
	Expected, Actual  settlement.Amount
	Case              Case // what the purchase was planted as
	// Among days that follow each other (Options.Lag): the day under which the break is
	// seen first, the day whose files end it, NoDay never, and the number by which the
	// row that ends it is known: the wallet's of a line, the merchant's of an order or
	// refund. Restated says that this row belongs to the earlier day, whose run it
	// changes: once that is run again, no day has the break.
	FirstSeenOn, ClosedOn settlement.Day
	ClosedBy              string
	Restated              bool
}

// WalletTotals adds up a wallet's lines, towards the merchant.
type WalletTotals struct {
	Payments, Refunds int64
	Gross, Refunded   settlement.Amount // of payments, and of refunds (negative)
	Settled           settlement.Amount // of payments
	SettledBack       settlement.Amount // of refunds (negative)
	Fees              settlement.Amount // negative where the wallet earned
}

// Lines is the number of lines of the wallet.
func (t WalletTotals) Lines() int64 { return t.Payments + t.Refunds }

// Events is the number of events of the day.
func (k *Key) Events() int64 { return k.OrderRows + k.RefundRows + k.ImpliedRefunds }

// Pairs is the number of events that have a line.
func (k *Key) Pairs() int64 { return k.PairsEqual + k.PairsAmount + k.PairsStatus + k.PairsWallet }

// CountOf is the number of planted breaks of a kind.
func (k *Key) CountOf(kind settlement.BreakKind) (n int64) {
	for _, p := range k.Planted {
		if p.Kind == kind {
			n++
		}
	}
	return n
}

// WriteCSV writes the planted breaks as kind, order_no, refund_no,
// expected_amount, actual_amount, planted_as; an amount that is missing is empty.
func (k *Key) WriteCSV(w io.Writer) error {
	out := keyCSV(w)
	out.Record("kind", "order_no", "refund_no", "expected_amount", "actual_amount", "planted_as")
	for _, p := range k.Planted {
		out.Record(p.Kind.String(), p.OrderNo, p.RefundNo, amountOrEmpty(p.Expected), amountOrEmpty(p.Actual), p.Case.String())
	}
	return out.Flush()
}

// keyCSV writes a part of an answer key, for people and for scripts.
func keyCSV(w io.Writer) *spreadsheet.CSV {
	out := spreadsheet.NewCSV(w)
	out.LineEnd = "\n"
	return out
}

func amountOrEmpty(a settlement.Amount) string {
	if a == settlement.NoAmount {
		return ""
	}
	return a.String()
}

// add adds a sale to the key.
func (k *Key) add(s *sale, o *Options) {
	k.Cases[s.kind]++
	for i := range s.faults[:s.nFaults] {
		f := &s.faults[i]
		planted := Planted{Kind: f.kind, OrderNo: f.orderNo.String(), RefundNo: f.refundNo.String(), Expected: f.expected, Actual: f.actual, Case: s.kind}
		if o.Lag > 0 {
			planted.FirstSeenOn, planted.ClosedOn = o.Day+settlement.Day(f.seen), settlement.NoDay
			if f.ended > 0 {
				planted.ClosedOn, planted.ClosedBy, planted.Restated = o.Day+settlement.Day(f.ended), f.endedBy.String(), f.restated
			}
		}
		k.Planted = append(k.Planted, planted)
	}
	totals := &k.Alipay
	if s.wallet == settlement.WeChat {
		totals = &k.WeChat
	}
	for i := range s.lines[:s.nLines] {
		l := &s.lines[i]
		totals.add(l)
		if l.claims > 0 {
			k.LinesClaimed++
		} else {
			k.LinesUnclaimed++
		}
	}
	k.OrderRows += int64(s.nOrders)
	k.RefundRows += int64(s.nRefunds)
	for i := range s.orders[:s.nOrders] {
		k.addFate(s.orders[i].fate)
	}
	for i := range s.refunds[:s.nRefunds] {
		k.addFate(s.refunds[i].fate)
	}
	if s.implied {
		k.ImpliedRefunds++
		k.PairsEqual++
	}
}

func (k *Key) addFate(f fate) {
	switch f.verdict {
	case settlement.VerdictEqual:
		k.PairsEqual++
	case settlement.VerdictAmount:
		k.PairsAmount++
	case settlement.VerdictStatus:
		k.PairsStatus++
	case settlement.VerdictWallet:
		k.PairsWallet++
	}
	switch f.state {
	case settlement.Broken:
		k.EventsMissing++
	case settlement.Open:
		k.EventsOpen++
	case settlement.NotExpected:
		k.EventsNotExpected++
	case settlement.AwaitingRelease:
		k.EventsUnreleased++
	}
}

func (t *WalletTotals) add(l *line) {
	t.Fees += l.fee
	if l.kind == settlement.Payment {
		t.Payments++
		t.Gross += l.gross
		t.Settled += l.settled
	} else {
		t.Refunds++
		t.Refunded += l.gross
		t.SettledBack += l.settled
	}
}
