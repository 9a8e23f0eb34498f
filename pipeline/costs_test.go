package pipeline_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/fees"
	"reconcile/generate"
	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// moved is a row of a fund-flow bill.
type moved struct {
	at, business, kind, voucher string
	amount                      settlement.Amount // with its sign
}

// fundBill writes 资金账单 of a day of the shop's account.
func fundBill(t testing.TB, dir, day string, opening settlement.Amount, rows ...moved) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号\n")
	counts, sums := [2]int{}, [2]settlement.Amount{}
	balance := opening
	for n, r := range rows {
		word, side := "收入", 0
		if r.amount < 0 {
			word, side = "支出", 1
		}
		balance += r.amount
		counts[side]++
		sums[side] += r.amount.Abs()
		name := "交易"
		if strings.Contains(r.kind, "提现") {
			name = "充值/提现"
		}
		fmt.Fprintf(&b, "`%s %s,`%s,`F%s%04d,`%s,`%s,`%s,`%s,`%s,`system,`,`%s\n", day, r.at, r.business, strings.ReplaceAll(day, "-", ""), n, name, r.kind, word, r.amount.Abs(), balance, r.voucher)
	}
	fmt.Fprintf(&b, "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n`%d,`%d,`%s,`%d,`%s\n", len(rows), counts[0], sums[0], counts[1], sums[1])
	return writeText(t, filepath.Join(dir, "1230000109_fundflow_BASIC_"+day+".csv"), b.String())
}

// personal are the terms of a person's account with a lifetime quota of 1,000.00, of
// which nothing is used, and of a contract of the home wallet.
func personal(t testing.TB) *fees.Terms {
	t.Helper()
	owner := fees.Owner{Wallet: settlement.WeChat, Account: "1230000109", AccountType: fees.Personal, Identity: "one"}
	home := fees.Rule{ID: "home", Version: "1", Wallet: settlement.Alipay, Event: fees.OnPayment, Kind: fees.Percent, Rate: 5000,
		Rounding: fees.HalfUp, Refund: fees.RefundNone, Source: "a test", Mark: fees.Convention,
		From: settlement.NoInstant, Until: settlement.NoInstant}
	terms, err := fees.NewTerms(fees.TermsInput{
		Rules: []fees.Rule{home}, Accounts: []fees.Account{{Owner: owner}}, Since: settlement.NoInstant,
		Homes: []fees.HomeWallet{{Shop: "shop1", Wallet: settlement.Alipay, From: settlement.NoInstant, Until: settlement.NoInstant}},
		Quotas: []fees.OpeningQuota{{Quota: fees.Quota{Wallet: settlement.WeChat, Owner: "one", RuleID: "wechat_withdrawal_personal",
			Period: fees.Lifetime, Start: settlement.NoInstant, Expiry: settlement.NoInstant}, GrantedByRule: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return terms
}

// Quotas and proceeds go from day to day: a withdrawal uses what the days before left
// of the quota, moves what they left of the money, first in first out, and its fee
// falls to the orders whose money it moved. What the bank sends back gives the quota
// back.
func TestQuotasAndProceedsGoFromDayToDay(t *testing.T) {
	s := newShop(t)
	s.change = func(j *pipeline.Job) { j.Terms = personal(t) }
	pay := func(day, order string, amount settlement.Amount) (trade, []moved) {
		r := trade{order: order, amount: amount, at: "10:00:00"}
		fee := (amount*6 + 500) / 1000
		return r, []moved{{"10:00:00", r.txnID(day), "交易", order, amount}, {"10:00:00", r.txnID(day), "扣除交易手续费", order, -fee}}
	}
	run := func(day, order string, amount, opening settlement.Amount, more ...moved) string {
		t.Helper()
		dir := t.TempDir()
		r, rows := pay(day, order, amount)
		return s.run(day, wechatBill(t, dir, day, r), extract(t, dir, day, paid(order, amount, day+" 10:00:00")), refundList(t, dir, day),
			fundBill(t, dir, day, opening, append(rows, more...)...))
	}
	first := run("2024-09-12", "O1", 1000_00, 0, moved{"20:00:00", "W1", "提现", "", -600_00})
	expect(t, "withdrawals", tableRows(t, first, "withdrawals", "amount", "expected_fee", "charged_fee", "quota_used", "variance_class"), "600.00 0.00 0.00 600.00 match")
	expect(t, "proceeds", tableRows(t, first, "proceeds", "order_no", "net_amount", "home_wallet"), "O1 394.00 alipay")

	second := run("2024-09-13", "O2", 500_00, 394_00, moved{"20:00:00", "W2", "提现", "", -600_00}, moved{"20:00:00", "W2", "提现手续费", "", -20})
	expect(t, "withdrawals", tableRows(t, second, "withdrawals", "amount", "expected_fee", "charged_fee", "quota_used", "variance_class"), "600.00 0.20 0.20 400.00 match")
	expect(t, "quotas", tableRows(t, second, "quotas", "granted_amount", "used_amount"), "1000.00 1000.00")
	expect(t, "proceeds", tableRows(t, second, "proceeds", "order_no", "net_amount"), "O2 291.00")
	expect(t, "cross-wallet cost", tableRows(t, second, "cross_wallet", "order_no", "channel_fee", "home_fee", "repatriation_fee", "cross_wallet_fee"),
		"O1 0.00 0.00 0.13 0.13", "O2 3.00 2.50 0.07 0.57")

	third := run("2024-09-14", "O3", 100_00, 290_80, moved{"08:00:00", "W2", "提现退回", "", 600_00})
	expect(t, "withdrawals", tableRows(t, third, "withdrawals", "amount", "expected_fee", "charged_fee", "quota_used", "variance_class"), "-600.00 -0.20 0.00 -400.00 fee_not_returned")
	expect(t, "quotas", tableRows(t, third, "quotas", "granted_amount", "used_amount"), "1000.00 600.00")
}

// A fee that is not the contract's is a break of its own line, each and no other.
func TestEveryFeeThatIsNotTheContractsIsABreak(t *testing.T) {
	rule := fees.Rule{ID: "ours", Version: "1", Wallet: settlement.WeChat, Event: fees.OnPayment, Kind: fees.Percent, Rate: 5500, Rounding: fees.HalfUp,
		Refund: fees.RefundPerRefundClamped, Source: "a test", Mark: fees.Convention, From: settlement.NoInstant, Until: settlement.NoInstant}
	terms, err := fees.NewTerms(fees.TermsInput{Rules: []fees.Rule{rule}, Since: settlement.NoInstant})
	if err != nil {
		t.Fatal(err)
	}
	o := generate.Defaults()
	o.Orders, o.Cases, o.RefundShare, o.FundFlow = 600, nil, 0, true
	_, _, out := runDay(t, o, func(j *pipeline.Job) { j.Terms = terms })
	var want []string
	err = output.ReadTable(out, "statement_lines", func(r output.Row) error {
		settled, _ := r.Money("settled_amount")
		fee, _ := r.Money("fee_amount")
		if r.Text("wallet") == "wechat" && settlement.Rate(5500).HalfUp(settled) != -fee {
			want = append(want, r.Text("line_id"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got := values(t, out, "breaks", func(r output.Row) bool { return r.Text("kind") == "fee_variance" }, "line_id")
	slices.Sort(want)
	slices.Sort(got)
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("%d breaks, want %d", len(got), len(want))
	}
}

// Splitting a bill into two changes no fee.
func TestSplittingABillChangesNoFee(t *testing.T) {
	var digest []map[string]string
	for _, bills := range [][]generate.BillType{{generate.BillAll}, {generate.BillSuccess, generate.BillRefund}} {
		o := withFunds(manyCases(2_000))
		o.WeChat.Bills = bills
		key, err := generate.Day(t.TempDir(), o)
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "out")
		if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: key.Files, Out: out}); err != nil {
			t.Fatal(err)
		}
		digest = append(digest, digests(t, out, "source_file", "source_line"))
	}
	for _, table := range []string{"charges", "withdrawals", "proceeds", "cross_wallet", "summary"} {
		if digest[0][table] != digest[1][table] {
			t.Errorf("%s has other rows", table)
		}
	}
}
