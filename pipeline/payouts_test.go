package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// withdrawn is what the days of a folder have withdrawn: each begins with what the one
// before ended with.
var withdrawn = map[string]settlement.Amount{}

// payoutDay writes the fund-flow bill of a day in which a merchant withdraws: number to
// amount in fen, what comes back is negative.
func payoutDay(t testing.TB, dir, day string, out map[string]settlement.Amount) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号\n")
	balance := 9_000_000_00 - withdrawn[dir]
	var counts [2]int
	var sums [2]settlement.Amount
	numbers := make([]string, 0, len(out))
	for number := range out {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	for n, number := range numbers {
		amount, side, word, kind, business := out[number], 1, "支出", "提现", number
		balance -= amount
		withdrawn[dir] += amount
		if amount < 0 {
			side, word, kind, business = 0, "收入", "提现退回", strings.TrimPrefix(number, "R")
		}
		counts[side]++
		sums[side] += amount.Abs()
		fmt.Fprintf(&b, "`%s 1%d:00:00,`%s,`%s,`充值/提现,`%s,`%s,`%s,`%s,`system,`,`\n", day, n, business, number, kind, word, amount.Abs(), balance)
	}
	fmt.Fprintf(&b, "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n`%d,`%d,`%s,`%d,`%s\n", len(out), counts[0], sums[0], counts[1], sums[1])
	return writeText(t, filepath.Join(dir, "1230000109_fundflow_BASIC_"+day+".csv"), b.String())
}

// bankRows writes a bank statement; rows are day, amount, reference, counterparty, purpose.
func bankRows(t testing.TB, dir, name string, rows ...string) string {
	t.Helper()
	text := "account,booked_at,amount,reference,counterparty,purpose\n"
	for _, row := range rows {
		text += "6222000000001," + row + "\n"
	}
	return writeText(t, filepath.Join(dir, "bank-"+name+".csv"), text)
}

// A payout of the last day before National Day waits over the holiday, is a break on the
// second working day after it, ages, and closes when the credit comes. One before a
// weekend arrives after it.
func TestPayoutsAreCarriedOverWeekendAndHolidayUntilTheyArrive(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	day := func(on string, out map[string]settlement.Amount, rows ...string) string {
		return s.run(on, payoutDay(t, dir, on, out),
			bankRows(t, dir, on, append([]string{on + ",0.01,S" + on + ",,结息"}, rows...)...))
	}
	payouts := func(dir string) []string {
		return tableRows(t, dir, "payouts", "payout_no", "status", "arrival", "due_on", "arrived_on", "bank_reference", "break_kind")
	}
	breaks := func(dir string) []string {
		return tableRows(t, dir, "breaks", "kind", "provider_txn_id", "difference", "status", "first_seen_on", "age_days", "closed_on")
	}
	// Friday 27; Sunday 29 works.
	friday := day("2024-09-27", map[string]settlement.Amount{"P27": 50_000_00})
	expect(t, "payouts on Friday", payouts(friday), "P27 in_transit  2024-09-30   ")
	day("2024-09-28", nil)
	sunday := day("2024-09-29", nil, "2024-09-29,50000.00,B29,财付通支付科技有限公司,商户提现")
	expect(t, "payouts on Sunday", payouts(sunday), "P27 received whole 2024-09-30 2024-09-29 B29 ")
	expect(t, "the own row of Friday's withdrawal", tableRows(t, friday, "withdrawals", "payout_no", "status", "due_on"), "P27 in_transit 2024-09-30")
	monday := day("2024-09-30", map[string]settlement.Amount{"P30": 70_000_00, "Q30": 8_000_00}, "2024-09-30,8000.00,B30,财付通支付科技有限公司,商户提现")
	expect(t, "withdrawals of a day that shows the credit", tableRows(t, monday, "withdrawals", "payout_no", "status", "arrival", "bank_reference", "bank_account"),
		"P30 in_transit   ", "Q30 received whole B30 6222000000001")
	var last string
	for _, on := range []string{"2024-10-01", "2024-10-02", "2024-10-03", "2024-10-04", "2024-10-05", "2024-10-06", "2024-10-07", "2024-10-08"} {
		last = day(on, nil)
		expect(t, "breaks on "+on, breaks(last))
	}
	if got := payouts(last); !slices.Contains(got, "P30 in_transit  2024-10-09   ") {
		t.Errorf("%q", got)
	}
	expect(t, "breaks on T+2", breaks(day("2024-10-09", nil)), "payout_missing P30 -70000.00 open 2024-10-09 0 ")
	expect(t, "breaks a day later", breaks(day("2024-10-10", nil)), "payout_missing P30 -70000.00 open 2024-10-09 1 ")
	late := day("2024-10-11", nil, "2024-10-11,70000.00,B11,财付通支付科技有限公司,商户提现")
	expect(t, "breaks when it came", breaks(late), "payout_missing P30 -70000.00 closed 2024-10-09 2 2024-10-11")
	if got := tableRows(t, late, "breaks", "reason"); len(got) != 1 || !strings.HasPrefix(got[0], "its credit came on 2024-10-11: ") || !strings.HasSuffix(got[0], "bank-2024-10-11.csv:3, 70000.00") {
		t.Errorf("%q", got)
	}
	after := day("2024-10-12", nil)
	expect(t, "breaks the day after", breaks(after))
	if got := payouts(after); !slices.Contains(got, "P30 received whole 2024-10-09 2024-10-11 B11 ") {
		t.Errorf("%q", got)
	}
}

// A return of a later day ends the wait for the credit.
func TestAPayoutThatCameBackIsNotMissed(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	first := s.run("2024-09-23", payoutDay(t, dir, "2024-09-23", map[string]settlement.Amount{"P23": 500_00}), bankRows(t, dir, "23", "2024-09-23,1.00,S23,,结息"))
	expect(t, "first", tableRows(t, first, "payouts", "payout_no", "status", "note"), "P23 in_transit due on 2024-09-25")
	s.run("2024-09-24", payoutDay(t, dir, "2024-09-24", map[string]settlement.Amount{"RP23": -500_00}), bankRows(t, dir, "24", "2024-09-24,1.00,S24,,结息"))
	last := s.run("2024-09-25", payoutDay(t, dir, "2024-09-25", nil), bankRows(t, dir, "25", "2024-09-25,1.00,S25,,结息"))
	expect(t, "last", tableRows(t, last, "payouts", "payout_no", "status"), "P23 returned")
	expect(t, "breaks", tableRows(t, last, "breaks", "kind"))
}

// A bank statement that is not there lets what is due wait, and the run names its days.
func TestAMissingBankDayIsNamed(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	s.run("2024-09-23", payoutDay(t, dir, "2024-09-23", map[string]settlement.Amount{"P23": 500_00}), bankRows(t, dir, "23", "2024-09-23,1.00,S23,,结息"))
	s.run("2024-09-24", payoutDay(t, dir, "2024-09-24", nil))
	third := s.run("2024-09-25", payoutDay(t, dir, "2024-09-25", nil), bankRows(t, dir, "25", "2024-09-25,1.00,S25,,结息"))
	expect(t, "payouts", tableRows(t, third, "payouts", "payout_no", "status", "note"), "P23 in_transit waits for bank statements: 2024-09-24 of 6222000000001")
	m, err := output.ReadManifest(third)
	if err != nil {
		t.Fatal(err)
	}
	if want := "payouts that were due wait for statements of bank account 6222000000001: 2024-09-24"; !slices.Contains(m.Notes, want) {
		t.Errorf("%q", m.Notes)
	}
	expect(t, "breaks", tableRows(t, third, "breaks", "kind"))
}

// However the bank's lines are cut into files, and in whatever order they stand, the
// tables are the same but for where a line was read.
func TestTheCutOfBankFilesChangesNothing(t *testing.T) {
	dir := t.TempDir()
	flow := payoutDay(t, dir, "2024-09-23", map[string]settlement.Amount{"P1": 500_00, "P2": 700_00, "P3": 300_00})
	days := [][]string{
		{"2024-09-23,500.00,B1,财付通支付科技有限公司,商户提现", "2024-09-23,12.00,B3,,货款", "2024-09-23,-7.00,B5,,货款"},
		{"2024-09-24,1000.00,B2,财付通支付科技有限公司,商户提现", "2024-09-24,3.00,B6,,货款"},
		{"2024-09-25,33.00,B4,财付通支付科技有限公司,商户提现"},
	}
	var want []string
	for cut := range 1 << 3 { // bits 0 and 1 cut after a day, bit 2 turns the lines
		files, rows := []string{flow}, []string(nil)
		for n, day := range days {
			rows = append(rows, day...)
			if n == len(days)-1 || cut>>n&1 == 1 {
				if cut>>2&1 == 1 {
					slices.Reverse(rows)
				}
				files = append([]string{bankRows(t, filepath.Join(dir, fmt.Sprint(cut)), fmt.Sprint(n), rows...)}, files...)
				rows = nil
			}
		}
		out := filepath.Join(t.TempDir(), "out")
		result, err := pipeline.Run(t.Context(), pipeline.Job{Paths: files, Out: out})
		if err != nil || !result.Complete() {
			t.Fatal(err, result.Refusals)
		}
		got := slices.Concat(tableRows(t, out, "payouts", "payout_no", "status", "arrival", "arrived_amount", "bank_reference", "bank_line_id"),
			tableRows(t, out, "breaks", "break_id", "kind", "provider_txn_id", "difference", "reason"))
		if want == nil {
			want = got
			expect(t, "payouts", tableRows(t, out, "payouts", "payout_no", "status", "arrival", "bank_reference"),
				"P1 received whole B1", "P2 received part_of_credit B2", "P3 received part_of_credit B2")
		}
		expect(t, fmt.Sprint("cut at ", cut), got, want...)
	}
}

// A statement in another currency is refused by name, and payouts wait.
func TestABankStatementInAnotherCurrencyIsRefused(t *testing.T) {
	dir := t.TempDir()
	bank := writeText(t, filepath.Join(dir, "usd.csv"), "account,booked_at,amount,reference,currency\n6222000000001,2024-09-23,500.00,B1,USD\n")
	out := filepath.Join(t.TempDir(), "out")
	result, err := pipeline.Run(t.Context(), pipeline.Job{Out: out, Paths: []string{payoutDay(t, dir, "2024-09-23", map[string]settlement.Amount{"P1": 500_00}), bank}})
	if err != nil || len(result.Refusals) != 1 || !strings.Contains(result.Refusals[0].Error(), "USD") || !strings.Contains(result.Refusals[0].Error(), "usd.csv") {
		t.Fatalf("%v: %v", err, result.Refusals)
	}
	expect(t, "payouts", tableRows(t, out, "payouts", "payout_no", "status"), "P1 in_transit")
	if _, err := os.Stat(filepath.Join(out, "breaks")); err == nil {
		expect(t, "breaks", tableRows(t, out, "breaks", "kind"))
	}
}

// Generated days with a bank: every payout meets the fate that the key says, and no
// other payout is a break.
func TestPayoutsOfGeneratedDaysAreWhatTheKeySays(t *testing.T) {
	t.Run("plain days", func(t *testing.T) { payoutsAreAsTheKeySays(t, nil) })
	// What a wallet pays out is what its account shows, wrong or not.
	t.Run("balances that are off", func(t *testing.T) {
		payoutsAreAsTheKeySays(t, map[generate.Case]generate.Frequency{generate.BalanceOff: generate.Count(1)})
	})
}

func payoutsAreAsTheKeySays(t *testing.T, cases map[generate.Case]generate.Frequency) {
	o := generate.Defaults()
	o.Orders, o.Cases, o.FundFlow, o.Bank = 80, cases, true, true
	dataset, days := filepath.Join(t.TempDir(), "dataset"), 15
	var keys []generate.Payout
	fates, kinds := map[string]int{}, map[string]recall{}
	found, late, last := map[string]bool{}, map[string]bool{}, map[string]string{}
	for n := range days {
		day := o
		day.Day, day.Nth = o.Day+settlement.Day(n), n
		if n == days-1 {
			day.OpeningOff = 7
		}
		key, err := generate.Day(t.TempDir(), day)
		if err != nil {
			t.Fatal(err)
		}
		var booked []string
		for _, p := range key.Payouts {
			booked = append(booked, p.No+" "+p.Amount.String())
			if n < days-6 {
				keys = append(keys, p)
			} else {
				late[p.No] = true // not due yet, perhaps
			}
		}
		result, err := pipeline.Run(t.Context(), pipeline.Job{Paths: key.Files, Dataset: dataset, Day: day.Day})
		if err != nil || !result.Complete() {
			t.Fatal(err, result.Refusals)
		}
		dir := pipeline.DayFolder(dataset, day.Day)
		for _, row := range tableRows(t, dir, "breaks", "kind", "provider_txn_id", "expected_amount", "actual_amount") {
			if strings.HasPrefix(row, "payout_") {
				found[row] = true
			}
		}
		onDay := tableRows(t, dir, "payouts", "payout_no", "amount")
		for _, row := range booked {
			if !slices.Contains(onDay, row) {
				t.Errorf("%s: the key says %s, the fund flows book %q", day.Day, row, onDay)
			}
		}
		for _, row := range tableRows(t, dir, "payouts", "payout_no", "status", "arrival", "movement", "leg_wallet") {
			number, what, _ := strings.Cut(row, " ")
			last[number] = strings.TrimRight(what, " ")
		}
	}
	fate := map[string]string{"plain": "received whole", "payout_lost": "in_transit", "payout_bounced": "returned", "payouts_in_one_credit": "received part_of_credit",
		"payout_moved": "received whole proven alipay", "payout_short": "received differs"}
	for _, p := range keys {
		fates[p.Fate]++
		if last[p.No] != fate[p.Fate] {
			t.Errorf("%s of %s %s: %q", p.Fate, p.Wallet, p.No, last[p.No])
		}
		if p.Kind == settlement.NoBreak {
			continue
		}
		r := kinds[p.Kind.String()]
		r.planted++
		row := fmt.Sprintf("%s %s %s %s", p.Kind, p.No, p.Amount, amountText(p.Actual))
		if found[row] {
			r.right++
			delete(found, row)
		} else {
			t.Errorf("planted, not found: %s", row)
		}
		kinds[p.Kind.String()] = r
	}
	for row := range found {
		if !late[strings.Fields(row)[1]] {
			t.Errorf("found, not planted: %s", row)
		}
	}
	if len(fates) != len(fate) || kinds["payout_missing"].planted == 0 || kinds["payout_mismatch"].planted == 0 {
		t.Errorf("planted %v, %v: this test would prove too little", fates, kinds)
	}
}
