package pipeline_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/settlement"
)

// wechatDay is what a generated day has of WeChat Pay: its trade bill, the extracts
// and, last, the fund-flow bill.
func wechatDay(t testing.TB, change func(*generate.Options)) []string {
	t.Helper()
	d := plantedDay(t, func(o *generate.Options) {
		o.FundFlow = true
		if change != nil {
			change(o)
		}
	})
	var files []string
	for _, part := range []string{"_ALL_", "orders.csv", "refunds.csv", "_fundflow_BASIC_"} {
		i := slices.IndexFunc(d.key.Files, func(name string) bool { return strings.Contains(name, part) })
		if i < 0 {
			t.Fatalf("no %s in %q", part, d.key.Files)
		}
		files = append(files, d.key.Files[i])
	}
	return files
}

// summed adds up the amounts of a table's column by category or kind.
func summed(t testing.TB, out, table, by, column string, keep func(output.Row) bool) map[string]settlement.Amount {
	t.Helper()
	sums := map[string]settlement.Amount{}
	for _, row := range values(t, out, table, keep, by, column) {
		word, text, _ := strings.Cut(row, " ")
		amount, err := settlement.ParseAmount([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		sums[word] += amount
	}
	return sums
}

// The fund-flow bill of a generated day chains, ties, and holds the money of the
// trade bill of that day.
func TestTheFundFlowBillHoldsTheMoneyOfTheTradeBill(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*generate.Options)
	}{
		{"plain", nil},
		{"gzip with BOM", func(o *generate.Options) { o.WeChat.Gzip, o.WeChat.BOM = true, true }},
		{"an empty day", func(o *generate.Options) { o.Orders, o.Cases = 0, nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			result, out := ran(t, wechatDay(t, c.change)...)
			complete(t, result, out)
			i := slices.IndexFunc(result.Manifest.Inputs, func(in output.Input) bool { return in.Kind == string(settlement.FundBill) })
			if i < 0 {
				t.Fatal("the fund-flow bill is not among the inputs")
			}
			s := result.Manifest.Inputs[i]
			if len(s.Notes) > 0 || len(s.Totals) != 5 || s.SubAccount != "basic" || s.Account != "1600123456" || s.From != "2024-09-12" {
				t.Errorf("notes %q: %+v", s.Notes, s)
			}
			if n := len(values(t, out, "fund_lines", nil, "line_id")); int64(n) != s.Rows || (n == 0) != (c.name == "an empty day") {
				t.Errorf("%d fund lines of %d rows", n, s.Rows)
			}
			if states := counted(values(t, out, "fund_lines", nil, "state")); len(states) > 1 || states["booked"] != int(s.Rows) {
				t.Errorf("states %v", states)
			}
			moved := summed(t, out, "fund_lines", "category", "amount", nil)
			settled := summed(t, out, "statement_lines", "kind", "settled_amount", of("wechat"))
			fees := summed(t, out, "statement_lines", "kind", "fee_amount", of("wechat"))
			var left settlement.Amount
			for category, amount := range moved {
				left += amount
				if !slices.Contains([]string{"payment", "fee", "refund", "withdrawal", "top_up"}, category) {
					t.Errorf("%s of category %s", amount, category)
				}
			}
			if moved["payment"] != settled["payment"] || moved["fee"] != fees["payment"] || left != 0 {
				t.Errorf("moved %v, settled %v, fees %v", moved, settled, fees)
			}
		})
	}
}

// The money of a payment lies under its order number and WeChat Pay's number, as in
// the trade bill.
func TestFundLinesNameTheirTrades(t *testing.T) {
	_, out := ran(t, wechatDay(t, nil)...)
	payments := func(r output.Row) bool { return r.Text("kind") == "payment" || r.Text("category") == "payment" }
	refunds := func(r output.Row) bool { return r.Text("kind") == "refund" }
	if trades, funds := values(t, out, "statement_lines", payments, "order_no", "provider_txn_id"), values(t, out, "fund_lines", payments, "order_no", "provider_txn_id"); len(trades) == 0 || !slices.Equal(trades, funds) {
		t.Errorf("%d payments in the trade bill, %d in the fund-flow bill", len(trades), len(funds))
	}
	known := counted(values(t, out, "statement_lines", refunds, "refund_no", "provider_refund_id"))
	refunded := values(t, out, "fund_lines", func(r output.Row) bool { return r.Text("category") == "refund" }, "refund_no", "provider_txn_id")
	if len(refunded) == 0 {
		t.Fatal("no refunds: this would prove nothing")
	}
	for _, numbers := range refunded {
		if known[numbers] == 0 {
			t.Errorf("refund %s is not in the trade bill", numbers)
		}
	}
}

func TestAFundFlowBillThatWasChangedIsRefused(t *testing.T) {
	files := wechatDay(t, nil)
	bill := files[len(files)-1]
	rewritten(t, bill, func(text string) string {
		return replacedField(t, text, func(f []string) bool { return len(f) == 11 && f[5] == "`收入" }, 6, oneFenMore(t))
	})
	result, out := ran(t, files...)
	incomplete(t, result, out, bill)
	if lines := values(t, out, "fund_lines", nil, "line_id"); len(lines) > 0 {
		t.Errorf("%d lines of a refused bill", len(lines))
	}
}

// Shares are in the fund-flow bill already: the profit-sharing bill moves nothing.
func TestAProfitSharingBillMovesNothing(t *testing.T) {
	files := wechatDay(t, nil)
	_, without := ran(t, files...)
	share := filepath.Join(t.TempDir(), "shares.csv")
	text := "分账时间,分账发起方,分账方,微信订单号,微信分账/回退单号,分账明细单号,商户分账/回退单号,订单金额,分账接收方,金额,业务类型,处理状态,备注\n" +
		"`2024-09-12 12:00:00,`1600123456,`1600123456,`42,`30,`36,`P1,`100.00,`x,`10.00,`分账,`处理成功,`\n"
	if err := os.WriteFile(share, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	result, with := ran(t, append(files, share)...)
	complete(t, result, with)
	booked := func(r output.Row) bool { return r.Text("state") == "booked" }
	columns := []string{"line_id", "amount", "balance"}
	if !slices.Equal(values(t, without, "fund_lines", nil, columns...), values(t, with, "fund_lines", booked, columns...)) {
		t.Error("the booked lines differ")
	}
	copies := values(t, with, "fund_lines", func(r output.Row) bool { return !booked(r) }, "category", "state", "amount", "flow_no")
	if !slices.Equal(copies, []string{"profit_share copy -10.00 36"}) {
		t.Errorf("copies %q", copies)
	}
	for _, f := range result.Overview.Funds {
		if f.Account == "1600123456" && f.SubAccount == "basic" && f.Income+f.Expense != 0 {
			t.Errorf("the account changed by %s", f.Income+f.Expense)
		}
	}
}
