package output

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"reconcile/settlement"
)

var testFiles = []string{"a/交易账单.csv", "b/支付宝.zip!明细.csv", "c/orders.csv"}

// invent fills a batch with n rows of invented values, with nulls where the
// table has nullable columns. The same seed gives the same rows.
func invent(table settlement.Table, b settlement.Batch, n int, seed uint64) settlement.Batch {
	r := rand.New(rand.NewPCG(seed, 7))
	for i := 0; i < n; i++ {
		appendRow(table, b, r, i)
	}
	return b
}

func appendRow(table settlement.Table, b settlement.Batch, r *rand.Rand, i int) {
	switch b := b.(type) {
	case *settlement.Lines:
		appendLine(b, r, i)
	case *settlement.Charges:
		payment := r.IntN(9) > 0
		b.LineID = append(b.LineID, randomID(r))
		b.Wallet = append(b.Wallet, settlement.Wallet(1+r.IntN(2)))
		b.Account.AppendString(account(r))
		b.OrderNo.AppendString(orderNo(r, i))
		b.Event = append(b.Event, pick(payment, settlement.Payment, settlement.Refund))
		b.Component = append(b.Component, settlement.ChannelFee)
		b.RuleID.AppendString(pick(payment, "wechat.standard", ""))
		b.RuleVer.AppendString(pick(payment, "2015-01-01", ""))
		base := settlement.Amount(r.Int64N(1_000_000))
		fee := settlement.Rate(6000).HalfUp(base)
		b.Base = append(b.Base, base)
		b.Rate = append(b.Rate, pick(payment, settlement.Rate(6000), settlement.NoRate))
		b.Expected = append(b.Expected, pick(payment, fee, settlement.NoAmount))
		b.Charged = append(b.Charged, fee)
		b.Variance = append(b.Variance, pick(payment, settlement.Amount(0), settlement.NoAmount))
		b.Class = append(b.Class, pick(payment, settlement.ClassMatch, settlement.ClassRuleMissing))
		b.Assumed = append(b.Assumed, uint8(r.IntN(2)))
		b.SettledOn = append(b.SettledOn, 19978)
		b.Billed = append(b.Billed, pick(payment, settlement.NoAmount, fee))
		b.Moved = append(b.Moved, pick(payment, settlement.NoAmount, fee))
	case *settlement.Breaks:
		appendBreak(b, r, i)
	case *settlement.Matches:
		amount := settlement.Amount(r.Int64N(1_000_000))
		b.ID = append(b.ID, randomID(r))
		b.Wallet = append(b.Wallet, settlement.Wallet(1+r.IntN(2)))
		b.Account.AppendString(account(r))
		b.Kind = append(b.Kind, settlement.Payment)
		b.OrderNo.AppendString(orderNo(r, i))
		b.RefundNo.AppendString("")
		b.LineID = append(b.LineID, randomID(r))
		b.EventID = append(b.EventID, randomID(r))
		b.OrderAmount = append(b.OrderAmount, amount)
		b.LineAmount = append(b.LineAmount, amount-1)
		b.Difference = append(b.Difference, -1)
		b.Rule.AppendString("order number")
		b.Verdict = append(b.Verdict, settlement.VerdictAmount)
		b.SettledOn = append(b.SettledOn, settlement.NoDay)
		b.PaymentNo.AppendString("")
	default:
		panic(fmt.Sprintf("no invention for %s", table.Name))
	}
}

func appendLine(b *settlement.Lines, r *rand.Rand, i int) {
	payment := r.IntN(20) > 0
	order := orderNo(r, i)
	gross := settlement.Amount(1 + r.Int64N(99_999))
	fee := -settlement.Rate(6000).HalfUp(gross)
	if !payment {
		gross, fee = -gross, -fee
	}
	b.ID = append(b.ID, randomID(r))
	b.Wallet = append(b.Wallet, pick(i%3 == 0, settlement.Alipay, settlement.WeChat))
	b.Account.AppendString(account(r))
	b.SubAccount.AppendString("")
	b.Kind = append(b.Kind, pick(payment, settlement.Payment, settlement.Refund))
	b.OrderNo.AppendString(order)
	b.OrderNoRaw.AppendString("T200P" + order)
	b.RefundNo.AppendString(pick(payment, "", "R"+order))
	b.ProviderTxnID.AppendString(fmt.Sprintf("42000024%020d", r.Int64N(1e17)))
	b.ProviderRefundID.AppendString(pick(payment, "", fmt.Sprintf("503000%022d", r.Int64N(1e17))))
	at := settlement.Instant(1726099200_000000 + r.Int64N(86400)*1_000000)
	b.OccurredAt = append(b.OccurredAt, pick(r.IntN(30) > 0, at, settlement.NoInstant))
	b.TimeBasis = append(b.TimeBasis, settlement.BasisAsStated)
	b.SettledOn = append(b.SettledOn, pick(r.IntN(50) > 0, settlement.Day(19978), settlement.NoDay))
	b.Gross = append(b.Gross, gross)
	b.Settled = append(b.Settled, gross)
	b.Fee = append(b.Fee, fee)
	b.Net = append(b.Net, gross+fee)
	b.FeeRate = append(b.FeeRate, pick(r.IntN(9) > 0, settlement.Rate(6000), settlement.NoRate))
	b.Currency = append(b.Currency, settlement.CNY)
	b.MatchState = append(b.MatchState, settlement.MatchState(1+r.IntN(3)))
	b.RawType.AppendString(pick(payment, "交易", "退款"))
	b.File = append(b.File, int32(r.IntN(2)))
	b.Line = append(b.Line, int64(i+6))
	b.Status = append(b.Status, pick(payment, settlement.NoStatus, settlement.Success))
	b.Coupon = append(b.Coupon, pick(r.IntN(4) > 0, settlement.Amount(r.Int64N(500)), settlement.NoAmount))
	b.Key = append(b.Key, 1)
}

func appendBreak(b *settlement.Breaks, r *rand.Rand, i int) {
	missing := r.IntN(2) == 0
	b.ID = append(b.ID, randomID(r))
	b.Kind = append(b.Kind, pick(missing, settlement.MissingInStatement, settlement.AmountMismatch))
	b.Wallet = append(b.Wallet, settlement.Wallet(r.IntN(3)))
	b.Account.AppendString(account(r))
	b.OrderNo.AppendString(orderNo(r, i))
	b.RefundNo.AppendString("")
	b.LineID = append(b.LineID, pick(missing, settlement.ID{}, randomID(r)))
	b.EventID = append(b.EventID, randomID(r))
	b.Expected = append(b.Expected, 1000)
	b.Actual = append(b.Actual, pick(missing, settlement.NoAmount, 999))
	b.Difference = append(b.Difference, pick(missing, settlement.Amount(-1000), -1))
	b.Currency = append(b.Currency, settlement.CNY)
	b.FirstSeenOn = append(b.FirstSeenOn, 19978)
	b.AgeDays = append(b.AgeDays, pick(missing, settlement.NoCount, 0))
	b.Status = append(b.Status, settlement.BreakOpen)
	b.ClosedOn = append(b.ClosedOn, settlement.NoDay)
	b.Reason.AppendString("金额不符: the wallet paid one fen less")
	b.Suggestion.AppendString("")
	b.File = append(b.File, pick(missing, int32(-1), 2))
	b.Line = append(b.Line, pick(missing, settlement.NoCount, int64(i)))
	b.PaymentNo.AppendString("")
	b.ProviderID.AppendString("")
	b.Shop.AppendString(pick(missing, "", "旗舰店"))
	b.Decision.AppendString(pick(missing, "", "accept"))
	b.DecidedBy.AppendString(pick(missing, "", "王"))
	b.DecidedAt = append(b.DecidedAt, pick(missing, settlement.NoInstant, settlement.Instant(1_726_000_000_000_000)))
	b.Assignee.AppendString("")
	b.Note.AppendString("")
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

func randomID(r *rand.Rand) settlement.ID { return settlement.ID{Hi: r.Uint64(), Lo: r.Uint64()} }

func account(r *rand.Rand) string {
	return []string{"1900000101", "1900000102", "2088000000000001", ""}[r.IntN(4)]
}

func orderNo(r *rand.Rand, i int) string { return fmt.Sprintf("SO20240912%010d", i*7+r.IntN(7)) }

func tableNamed(t testing.TB, name string) settlement.Table {
	t.Helper()
	table, ok := settlement.TableNamed(name)
	if !ok {
		t.Fatalf("no table %s", name)
	}
	return table
}

// writePart writes a batch in calls of at most step rows as one part.
func writePart(t testing.TB, table settlement.Table, b settlement.Batch, step int) PartInfo {
	t.Helper()
	w, err := NewPart(filepath.Join(t.TempDir(), "part-00000.parquet"), table, testFiles)
	if err != nil {
		t.Fatal(err)
	}
	rec := settlement.Record(b)
	for from := 0; from < b.Len(); from += step {
		if err := w.Write(rec.NewSlice(int64(from), int64(min(from+step, b.Len())))); err != nil {
			t.Fatal(err)
		}
	}
	info, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// anyRecord is a record of n rows of random values, every second one null where
// the table allows it, for a table of any kind.
func anyRecord(table settlement.Table, b settlement.Batch, n int, seed uint64) arrow.Record {
	r := rand.New(rand.NewPCG(seed, 11))
	builder := array.NewRecordBuilder(memory.NewGoAllocator(), settlement.SchemaOf(b))
	for i, field := range settlement.SchemaOf(b).Fields() {
		c, ok := table.Column(field.Name)
		for range n {
			null := ok && c.Nullable && r.IntN(2) == 0
			switch f := builder.Field(i).(type) {
			case *array.StringBuilder:
				f.Append(pick(null, "", fmt.Sprintf("文%d", r.IntN(50))))
			case *array.FixedSizeBinaryBuilder:
				var id [16]byte
				if !null {
					binary.NativeEndian.PutUint64(id[8:], r.Uint64()|1)
				}
				f.Append(id[:])
			case *array.Uint8Builder:
				most := pick(c.Type == settlement.TypeWord, len(c.Words), 2)
				first := pick(c.Type == settlement.TypeWord, 1, 0)
				for first < most && c.Type == settlement.TypeWord && c.Words[first] == "" {
					first++
				}
				f.Append(pick(null, uint8(0), uint8(first+r.IntN(most-first))))
			case *array.Int32Builder:
				f.Append(anyNarrow(c.Type, null, r))
			case *array.Int64Builder:
				f.Append(pick(null, int64(settlement.NoAmount), r.Int64N(2_000_000)-1_000_000))
			case *array.Uint64Builder:
				f.Append(r.Uint64())
			}
		}
	}
	return builder.NewRecord()
}

func anyNarrow(t settlement.ColumnType, null bool, r *rand.Rand) int32 {
	switch t {
	case settlement.TypeRate:
		return pick(null, int32(settlement.NoRate), r.Int32N(1_000_000))
	case settlement.TypeDay:
		return pick(null, int32(settlement.NoDay), 19000+r.Int32N(1000))
	}
	return pick(null, int32(-1), r.Int32N(int32(len(testFiles))))
}
