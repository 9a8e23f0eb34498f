package fees

import (
	"fmt"
	"testing"

	"reconcile/settlement"
)

// testLine is a line of a statement in the terms of these tests. Amounts are yuan
// in the signs of the file: a refund's amounts and returned fee are positive.
type testLine struct {
	wallet  settlement.Wallet // WeChat unless given
	account string            // "10001" unless given
	kind    settlement.Kind   // Payment unless given
	txn     string            // provider's transaction number
	raw     string            // merchant order number as printed, S and txn unless given
	refund  string            // refund number, part of the ID
	at      string            // "2024-09-12 10:00:00" unless given
	status  settlement.Status // Success unless given
	settled string
	gross   string // settled unless given
	coupon  string // 0.00 unless given
	rate    string // the row's own rate, none unless given
	fee     string // as a cost: charged on a payment, returned on a refund
}

func yuan(t testing.TB, text string) settlement.Amount {
	t.Helper()
	a, err := settlement.ParseAmount([]byte(text))
	if err != nil {
		t.Fatalf("amount %q: %v", text, err)
	}
	return a
}

func percent(t testing.TB, text string) settlement.Rate {
	t.Helper()
	if text == "" {
		return settlement.NoRate
	}
	r, err := settlement.ParseRate([]byte(text))
	if err != nil {
		t.Fatalf("rate %q: %v", text, err)
	}
	return r
}

func at(t testing.TB, text string) settlement.Instant {
	t.Helper()
	i, err := settlement.ParseInstant([]byte(text))
	if err != nil {
		t.Fatalf("time %q: %v", text, err)
	}
	return i
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// batch builds the lines of one bucket.
func batch(t testing.TB, list ...testLine) *settlement.Lines {
	t.Helper()
	lines := &settlement.Lines{}
	var h settlement.IDHasher
	for i, l := range list {
		wallet, account, kind := or(l.wallet, settlement.WeChat), or(l.account, "10001"), or(l.kind, settlement.Payment)
		txn := or(l.txn, fmt.Sprintf("4200%08d", i))
		raw := or(l.raw, "S"+txn)
		settled := yuan(t, l.settled)
		gross := settled
		if l.gross != "" {
			gross = yuan(t, l.gross)
		}
		coupon, fee := yuan(t, or(l.coupon, "0.00")), -yuan(t, or(l.fee, "0.00"))
		if kind != settlement.Payment {
			settled, gross, coupon, fee = -settled, -gross, -coupon, -fee
		}
		appendLine(lines, line{
			id:     settlement.LineID(&h, settlement.TradeBill, wallet, []byte(account), []byte(txn), []byte(l.refund), []byte{byte(kind)}),
			wallet: wallet, account: account, kind: kind, txn: txn, raw: raw,
			at: at(t, or(l.at, "2024-09-12 10:00:00")), status: or(l.status, settlement.Success),
			settled: settled, gross: gross, coupon: coupon, fee: fee, rate: percent(t, l.rate),
		})
	}
	return lines
}

// line is a line in the signs of the batch.
type line struct {
	id                          settlement.ID
	wallet                      settlement.Wallet
	account, txn, raw           string
	kind                        settlement.Kind
	at                          settlement.Instant
	status                      settlement.Status
	settled, gross, coupon, fee settlement.Amount
	rate                        settlement.Rate
}

func appendLine(lines *settlement.Lines, l line) {
	lines.ID = append(lines.ID, l.id)
	lines.Wallet = append(lines.Wallet, l.wallet)
	lines.Account.AppendString(l.account)
	lines.SubAccount.AppendString("")
	lines.Kind = append(lines.Kind, l.kind)
	lines.OrderNo.AppendString(l.raw)
	lines.OrderNoRaw.AppendString(l.raw)
	lines.RefundNo.AppendString("")
	lines.ProviderTxnID.AppendString(l.txn)
	lines.ProviderRefundID.AppendString("")
	lines.OccurredAt = append(lines.OccurredAt, l.at)
	lines.TimeBasis = append(lines.TimeBasis, settlement.BasisSuccess)
	lines.SettledOn = append(lines.SettledOn, settlement.DayOf(l.at))
	lines.Gross = append(lines.Gross, l.gross)
	lines.Settled = append(lines.Settled, l.settled)
	lines.Fee = append(lines.Fee, l.fee)
	lines.Net = append(lines.Net, l.settled+l.fee)
	lines.FeeRate = append(lines.FeeRate, l.rate)
	lines.Currency = append(lines.Currency, settlement.CNY)
	lines.MatchState = append(lines.MatchState, settlement.Matched)
	lines.RawType.AppendString("")
	lines.File = append(lines.File, 0)
	lines.Line = append(lines.Line, int64(len(lines.ID)))
	lines.Status = append(lines.Status, l.status)
	lines.Coupon = append(lines.Coupon, l.coupon)
	lines.Key = append(lines.Key, settlement.PaymentKey([]byte(l.raw), []byte(l.txn)))
}

func presets(t testing.TB) *Schedule {
	t.Helper()
	s, err := Presets()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// charge charges lines and checks that the batch is whole.
func charge(t testing.TB, s *Schedule, lines *settlement.Lines) (*settlement.Charges, []Finding) {
	t.Helper()
	dst := &settlement.Charges{}
	findings, err := ChargeLines(s, lines, Known{}, dst)
	if err != nil {
		t.Fatal(err)
	}
	if settlement.Record(dst).NumRows() != int64(lines.Len()) { // Record panics where columns differ in length
		t.Fatalf("%d charges for %d lines", dst.Len(), lines.Len())
	}
	return dst, findings
}

// wallet rule for tests: a contract's percentage on payments.
func contract(id string, wallet settlement.Wallet, rate settlement.Rate, from, until settlement.Instant) Rule {
	return Rule{
		ID: id, Version: "1", Wallet: wallet, Event: OnPayment, From: from, Until: until,
		Kind: Percent, Rate: rate, Rounding: HalfUp, Refund: RefundPerRefundClamped, Source: "contract", Mark: Convention,
	}
}

func schedule(t testing.TB, rules ...Rule) *Schedule {
	t.Helper()
	s, err := NewSchedule(rules)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
