package funds_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reconcile/funds"
	"reconcile/settlement"
)

func TestBalances(t *testing.T) {
	sound := wechatFlow("w12", 12, 1, shownRow{12, "a", "10.00", "110.00"}, shownRow{12, "b", "-0.06", "109.94"})
	next := func(opening string, from int) shownFile {
		return wechatFlow(fmt.Sprint("w", from), from, 1, shownRow{from, fmt.Sprint("n", from), "5.00", (fen(opening) + 5_00).String()})
	}
	ended := func(day int, amount string, by settlement.KnownBy) funds.KnownBalance {
		return funds.KnownBalance{AccountDay: funds.AccountDay{Wallet: settlement.WeChat, Account: "M", SubAccount: "basic", On: september(day)}, Amount: fen(amount), By: by, Source: "opening.csv:2"}
	}
	for _, c := range []struct {
		name  string
		files []shownFile
		known []funds.KnownBalance
		want  []string
	}{
		{name: "the first row tells the opening balance, the last one the closing", files: []shownFile{sound},
			want: []string{"wechat 12: first_row 100.00 +10.00 -0.06 = 109.94, ends 109.94, off 0.00"}},
		{name: "the day before tells it too, and agrees", files: []shownFile{sound}, known: []funds.KnownBalance{ended(11, "100.00", settlement.KnownDayBefore)},
			want: []string{"wechat 12: day_before 100.00 +10.00 -0.06 = 109.94, ends 109.94, off 0.00"}},
		{name: "the day before ended with another balance", files: []shownFile{sound}, known: []funds.KnownBalance{ended(11, "99.00", settlement.KnownDayBefore)},
			want: []string{"wechat 12: day_before 99.00 +10.00 -0.06 = 108.94, ends 109.94, off 1.00, 1 at w12:2",
				"balance_gap w12:2 expected 99.00 actual 100.00: basic: the day begins with 100.00 (w12:2), but 2024-09-11 ended with 99.00"}},
		{name: "a file of opening balances says another", files: []shownFile{sound}, known: []funds.KnownBalance{ended(11, "99.00", settlement.KnownOpeningFile)},
			want: []string{"wechat 12: opening_file 99.00 +10.00 -0.06 = 108.94, ends 109.94, off 1.00, 1 at w12:2",
				"balance_gap w12:2 expected 99.00 actual 100.00: basic: the day begins with 100.00 (w12:2), but opening.csv:2 opens it with 99.00"}},
		{name: "the day before counts before a file of opening balances", files: []shownFile{sound},
			known: []funds.KnownBalance{ended(11, "100.00", settlement.KnownDayBefore), ended(11, "7.00", settlement.KnownOpeningFile)},
			want:  []string{"wechat 12: day_before 100.00 +10.00 -0.06 = 109.94, ends 109.94, off 0.00"}},
		{name: "a row's balance is off from there on", files: []shownFile{wechatFlow("w12", 12, 1,
			shownRow{12, "a", "10.00", "110.00"}, shownRow{12, "b", "-0.06", "109.91"}, shownRow{12, "c", "1.00", "110.91"})},
			want: []string{"wechat 12: first_row 100.00 +11.00 -0.06 = 110.94, ends 110.91, off -0.03, 1 at w12:3",
				"balance_gap w12:3 expected 109.94 actual 109.91: basic: 账户结余 is 109.91 where 109.94 follows from the row before"}},
		{name: "one row's balance alone is off: the chain breaks twice, and the day ends well", files: []shownFile{wechatFlow("w12", 12, 1,
			shownRow{12, "a", "10.00", "110.00"}, shownRow{12, "b", "-0.06", "109.91"}, shownRow{12, "c", "1.00", "110.94"})},
			want: []string{"wechat 12: first_row 100.00 +11.00 -0.06 = 110.94, ends 110.94, off 0.00, 2 at w12:3",
				"balance_gap w12:3 expected 109.94 actual 109.91: basic: 账户结余 is 109.91 where 109.94 follows from the row before",
				"balance_gap w12:4 expected 110.91 actual 110.94: basic: 账户结余 is 110.94 where 110.91 follows from the row before"}},
		{name: "the next day goes on from the day before", files: []shownFile{sound, next("109.94", 13)},
			want: []string{"wechat 12: first_row 100.00 +10.00 -0.06 = 109.94, ends 109.94, off 0.00",
				"wechat 13: day_before 109.94 +5.00 -0.00 = 114.94, ends 114.94, off 0.00"}},
		{name: "a missing day is named, and what moved then is not guessed", files: []shownFile{sound, next("200.00", 15)},
			want: []string{"wechat 12: first_row 100.00 +10.00 -0.06 = 109.94, ends 109.94, off 0.00",
				"wechat 15: first_row 200.00 +5.00 -0.00 = 205.00, ends 205.00, off 0.00, 2 days missing, 1 at w15:2",
				"balance_gap w15:2 expected 109.94 actual 200.00: basic: the day begins with 200.00 (w15:2), but 2024-09-12 ended with 109.94; the fund flow of 2024-09-13 to 2024-09-14 is missing: what moved then is not known",
				"note: wechat M basic: no fund flow of 2024-09-13 to 2024-09-14 was delivered: what moved then is in no sum; the balances before and after are held against each other"}},
		{name: "across a missing day the balance may be the same all the same", files: []shownFile{sound, next("109.94", 14)},
			want: []string{"wechat 12: first_row 100.00 +10.00 -0.06 = 109.94, ends 109.94, off 0.00",
				"wechat 14: first_row 109.94 +5.00 -0.00 = 114.94, ends 114.94, off 0.00, 1 days missing",
				"note: wechat M basic: no fund flow of 2024-09-13 was delivered: what moved then is in no sum; the balances before and after are held against each other"}},
		{name: "a day without rows is delivered: nothing moved", files: []shownFile{sound, wechatFlow("w13", 13, 1), next("109.94", 14)},
			want: []string{"wechat 12: first_row 100.00 +10.00 -0.06 = 109.94, ends 109.94, off 0.00",
				"wechat 13: day_before 109.94 +0.00 -0.00 = 109.94, ends ?, off ?",
				"wechat 14: day_before 109.94 +5.00 -0.00 = 114.94, ends 114.94, off 0.00"}},
		{name: "the bill of a month beside that of a day counts once", files: []shownFile{sound,
			wechatFlow("month", 11, 3, shownRow{11, "z", "100.00", "100.00"}, shownRow{12, "a", "10.00", "110.00"}, shownRow{12, "b", "-0.06", "109.94"})},
			want: []string{"wechat 11: first_row 0.00 +100.00 -0.00 = 100.00, ends 100.00, off 0.00",
				"wechat 12: day_before 100.00 +10.00 -0.06 = 109.94, ends 109.94, off 0.00",
				"wechat 13: day_before 109.94 +0.00 -0.00 = 109.94, ends ?, off ?"}},
		{name: "two bills show other balances of one day", files: []shownFile{sound,
			wechatFlow("month", 12, 2, shownRow{12, "a", "10.00", "115.00"}, shownRow{12, "b", "-0.06", "114.94"})},
			want: []string{"wechat 12: first_row 105.00 +10.00 -0.06 = 114.94, ends 114.94, off 0.00, 1 at w12:2",
				"wechat 13: day_before 114.94 +0.00 -0.00 = 114.94, ends ?, off ?",
				"balance_gap w12:2 expected 105.00 actual 100.00: basic: two files show another balance before the first row of the day: month:2 says 105.00, w12:2 says 100.00"}},
		{name: "rows are missing at the end of a day of which another file has more", files: []shownFile{sound,
			wechatFlow("month", 12, 2, shownRow{12, "a", "10.00", "110.00"})},
			want: []string{"wechat 12: first_row 100.00 +10.00 -0.06 = 109.94, ends 110.00, off 0.06, 1 at w12:3",
				"wechat 13: day_before 110.00 +0.00 -0.00 = 110.00, ends ?, off ?",
				"balance_gap w12:3 expected 110.00 actual 109.94: basic: two files show another balance after the last row of the day: month:2 says 110.00, w12:3 says 109.94"}},
		{name: "a profit-sharing bill has no balance of its own", files: []shownFile{sound,
			{name: "share", kind: settlement.ProfitShareBill, wallet: settlement.WeChat, from: 12, days: 1, copies: true, rows: []shownRow{{12, "s", "-3.00", ""}}}},
			want: []string{"wechat 12: first_row 100.00 +10.00 -0.06 = 109.94, ends 109.94, off 0.00"}},
		{name: "days that go on after others leave no day's end, and each row is held against the one before", files: []shownFile{
			wechatFlow("w12", 12, 2, shownRow{12, "a", "10.00", "110.00"}, shownRow{13, "b", "1.00", "111.00"}, shownRow{12, "c", "1.00", "113.00"})},
			want: []string{"wechat 12: unknown ? +11.00 -0.00 = ?, ends ?, off ?, 1 at w12:4", "wechat 13: unknown ? +1.00 -0.00 = ?, ends ?, off ?",
				"balance_gap w12:4 expected 112.00 actual 113.00: basic: 账户结余 is 113.00 where 112.00 follows from the row before"}},
	} {
		t.Run(c.name, func(t *testing.T) { checkBalances(t, c.files, c.known, c.want) })
	}
}

// steady is rows of 1.00 each from a balance on, of which that at off and those after it
// show 0.04 too little.
func steady(day int, from settlement.Amount, n, off int) (rows []shownRow) {
	balance := from * 100
	for i := range n {
		if balance += 100; i == off {
			balance -= 4
		}
		rows = append(rows, shownRow{day, fmt.Sprint("st", i), "1.00", balance.String()})
	}
	return rows
}

func checkBalances(t *testing.T, files []shownFile, known []funds.KnownBalance, want []string) {
	t.Helper()
	for _, cut := range []int{1, 2, 1000} {
		in := balanceInput(files, func() int { return cut }, inOrder)
		in.Known = known
		if got := balanced(t, in, files); got != strings.Join(want, "\n") {
			t.Errorf("pieces of %d rows:\n%s\nwant\n%s", cut, got, strings.Join(want, "\n"))
		}
	}
}

// Alipay and banks do not promise that rows follow from each other.
func TestBalancesOfWalletsThatPromiseNoOrderOfRows(t *testing.T) {
	ended := func(wallet settlement.Wallet, day int, amount string) []funds.KnownBalance {
		return []funds.KnownBalance{{AccountDay: funds.AccountDay{Wallet: wallet, Account: "M", On: september(day)}, Amount: fen(amount), By: settlement.KnownDayBefore}}
	}
	stated := func(day int, opening, closing string, line int64) settlement.StatedBalance {
		return settlement.StatedBalance{Day: september(day), Opening: fen(opening), Closing: fen(closing), Line: line}
	}
	a, b, c := shownRow{12, "a", "10.00", "110.00"}, shownRow{12, "b", "-0.06", "109.94"}, shownRow{12, "c", "1.00", "110.94"}
	for _, one := range []struct {
		name  string
		files []shownFile
		known []funds.KnownBalance
		want  []string
	}{
		{name: "the newest row stands first", files: []shownFile{alipayLog("a12", 12, 1, c, b, a)},
			want: []string{"alipay 12: first_row 100.00 +11.00 -0.06 = 110.94, ends 110.94, off 0.00"}},
		{name: "rows change places: all of them together tell where the day began and ended", files: []shownFile{alipayLog("a12", 12, 1, a, c, b)}, known: ended(settlement.Alipay, 11, "100.00"),
			want: []string{"alipay 12: day_before 100.00 +11.00 -0.06 = 110.94, ends 110.94, off 0.00"}},
		{name: "a row's balance is off from there on: information, until the next day contradicts it",
			files: []shownFile{alipayLog("a12", 12, 1, steady(12, 100, 12, 7)...), alipayLog("a13", 13, 1, shownRow{13, "d", "1.00", "113.00"})},
			want: []string{"alipay 12: first_row 100.00 +12.00 -0.00 = 112.00, ends 111.96, off -0.04, 1 at a12:9",
				"alipay 13: day_before 111.96 +1.00 -0.00 = 112.96, ends 113.00, off 0.04, 1 at a13:2",
				"balance_gap a13:2 expected 111.96 actual 112.00: the day begins with 112.00 (a13:2), but 2024-09-12 ended with 111.96"}},
		{name: "a day that ends as it began, and whose rows changed places: its own rows do not tell, and contradict nothing", known: ended(settlement.Alipay, 11, "0.00"),
			files: []shownFile{alipayLog("a12", 12, 1, shownRow{12, "b", "2.00", "7.00"}, shownRow{12, "a", "5.00", "5.00"}, shownRow{12, "c", "1.00", "8.00"}, shownRow{12, "w", "-8.00", "0.00"})},
			want:  []string{"alipay 12: day_before 0.00 +8.00 -8.00 = 0.00, ends ?, off ?"}},
		{name: "a day that ends as it began, in order", files: []shownFile{alipayLog("a12", 12, 1, shownRow{12, "a", "5.00", "5.00"}, shownRow{12, "w", "-5.00", "0.00"})},
			want: []string{"alipay 12: first_row 0.00 +5.00 -5.00 = 0.00, ends 0.00, off 0.00"}},
		{name: "several sheets count their lines anew", files: []shownFile{{name: "s", kind: settlement.PortalFunds, wallet: settlement.Alipay, from: 12, days: 1, sheet: 2, rows: []shownRow{c, b, a}}},
			want: []string{"alipay 12: first_row 100.00 +11.00 -0.06 = 110.94, ends 110.94, off 0.00"}},
		{name: "too few rows follow to tell in which order they stand: the day before and the rows' sum count", known: ended(settlement.Alipay, 11, "100.00"),
			files: []shownFile{alipayLog("a12", 12, 1, a, shownRow{12, "b", "-0.06", "109.90"}), alipayLog("a13", 13, 1, shownRow{13, "d", "1.00", "110.94"})},
			want: []string{"alipay 12: day_before 100.00 +10.00 -0.06 = 109.94, ends ?, off ?, 1 at a12:3",
				"alipay 13: day_before 109.94 +1.00 -0.00 = 110.94, ends 110.94, off 0.00"}},
		{name: "the oldest row stands in the middle", files: []shownFile{alipayLog("a12", 12, 1, b, a, c)}, known: ended(settlement.Alipay, 11, "100.00"),
			want: []string{"alipay 12: day_before 100.00 +11.00 -0.06 = 110.94, ends 110.94, off 0.00"}},
		{name: "segments of an export overlap", files: []shownFile{alipayLog("s1", 12, 1, a, b), {name: "s2", kind: settlement.PortalFunds, wallet: settlement.Alipay, from: 12, days: 1, rows: []shownRow{b, c}}},
			want: []string{"alipay 12: first_row 100.00 +11.00 -0.06 = 110.94, ends 110.94, off 0.00"}},
		{name: "two files show one row with other balances", files: []shownFile{alipayLog("s1", 12, 1, a), {name: "s2", kind: settlement.PortalFunds, wallet: settlement.Alipay, from: 12, days: 1, rows: []shownRow{{12, "a", "10.00", "111.00"}}}},
			want: []string{"alipay 12: first_row 100.00 +10.00 -0.00 = 110.00, ends 110.00, off 0.00, 1 at s2:2",
				"balance_gap s2:2 expected 100.00 actual 101.00: two files show another balance before the same row: s1:2 says 100.00, s2:2 says 101.00"}},
		{name: "an aggregated account shows no balance", files: []shownFile{{name: "t12", kind: settlement.AggregatedFunds, wallet: settlement.TaobaoAggregated, from: 12, days: 1, rows: []shownRow{{12, "x", "7.00", ""}}}},
			want: []string{"taobao_aggregated 12: unknown ? +7.00 -0.00 = ?, ends ?, off ?"}},
		{name: "unless it is known what it began with: then it is computed, and carried", known: ended(settlement.TaobaoAggregated, 11, "1.00"),
			files: []shownFile{{name: "t12", kind: settlement.AggregatedFunds, wallet: settlement.TaobaoAggregated, from: 12, days: 2, rows: []shownRow{{12, "x", "7.00", ""}, {13, "y", "-2.00", ""}}}},
			want: []string{"taobao_aggregated 12: day_before 1.00 +7.00 -0.00 = 8.00, ends ?, off ?",
				"taobao_aggregated 13: day_before 8.00 +0.00 -2.00 = 6.00, ends ?, off ?"}},
		{name: "a bank states its balances beside its rows", files: []shownFile{{name: "camt", kind: settlement.BankStatement, wallet: settlement.Bank, from: 12, days: 2, rows: []shownRow{{12, "x", "7.00", ""}},
			stated: []settlement.StatedBalance{stated(12, "50.00", "", 9), stated(13, "", "57.00", 12)}}},
			want: []string{"bank 12: statement 50.00 +7.00 -0.00 = 57.00, ends ?, off ?",
				"bank 13: day_before 57.00 +0.00 -0.00 = 57.00, ends 57.00, off 0.00"}},
		{name: "a bank states another balance than it ended with", known: ended(settlement.Bank, 11, "49.00"), files: []shownFile{{name: "camt", kind: settlement.BankStatement, wallet: settlement.Bank, from: 12, days: 1, rows: []shownRow{{12, "x", "7.00", ""}},
			stated: []settlement.StatedBalance{stated(12, "50.00", "57.00", 9)}}},
			want: []string{"bank 12: day_before 49.00 +7.00 -0.00 = 56.00, ends 57.00, off 1.00, 1 at camt:9",
				"balance_gap camt:9 expected 49.00 actual 50.00: the day begins with 50.00 (camt:9), but 2024-09-11 ended with 49.00"}},
		{name: "the balances of a bank's rows tell too", files: []shownFile{{name: "csv", kind: settlement.BankStatement, wallet: settlement.Bank, from: 12, days: 1, rows: []shownRow{a, b}}},
			want: []string{"bank 12: first_row 100.00 +10.00 -0.06 = 109.94, ends 109.94, off 0.00"}},
	} {
		t.Run(one.name, func(t *testing.T) { checkBalances(t, one.files, one.known, one.want) })
	}
}

// A purse that lacks its bill does not borrow another's balance.
func TestEachPurseHasItsOwnBalance(t *testing.T) {
	basic := wechatFlow("basic", 12, 1, shownRow{12, "a", "10.00", "110.00"})
	fees := wechatFlow("fees", 12, 1, shownRow{12, "f", "-1.00", "4.00"})
	fees.purse = "fees"
	checkBalances(t, []shownFile{fees, basic}, nil, []string{
		"wechat 12: first_row 100.00 +10.00 -0.00 = 110.00, ends 110.00, off 0.00",
		"wechat 12: first_row 5.00 +0.00 -1.00 = 4.00, ends 4.00, off 0.00"})
}

func TestOfManyGapsTheFirstAreToldAndTheRestIsCounted(t *testing.T) {
	var rows []shownRow
	for n := range 251 {
		rows = append(rows, shownRow{12, fmt.Sprint("r", n), "1.00", fmt.Sprintf("%d.00", 100+2*n)})
	}
	files := []shownFile{wechatFlow("w12", 12, 1, rows...)}
	for _, cut := range []int{1, 7, 1000} {
		out, err := funds.Balances(balanceInput(files, func() int { return cut }, inOrder))
		if err != nil {
			t.Fatal(err)
		}
		if out.Breaks.Len() != 200 || out.Table.Breaks[0] != 250 || len(out.Notes) != 1 || !strings.Contains(out.Notes[0], "at 250 places of w12 on 2024-09-12; the first 200 are told") {
			t.Errorf("pieces of %d rows: %d breaks of %d places: %q", cut, out.Breaks.Len(), out.Table.Breaks[0], out.Notes)
		}
		if last := out.Breaks.Line[199]; last != 202 {
			t.Errorf("pieces of %d rows: the last one told is of line %d", cut, last)
		}
	}
}

func TestMovementsThatDoNotFitAreAnError(t *testing.T) {
	m := &funds.Moved{}
	m.Add(settlement.FundPayment, 1<<62)
	m.Add(settlement.FundPayment, 1<<62)
	if _, err := funds.Balances(funds.BalanceInput{Moved: map[funds.AccountDay]*funds.Moved{{Wallet: settlement.WeChat}: m}}); err == nil {
		t.Error("no error")
	}
}

// Balances are the same in whatever order files are read and wherever they are cut, and
// what they say adds up.
func TestBalancesDoNotDependOnTheOrderOfFilesNorOnPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		files := drawFiles(t)
		whole := balanceInput(files, func() int { return 1 << 20 }, inOrder)
		want := balanced(t, whole, files)
		seed := rapid.Uint64().Draw(t, "order")
		rng := rand.New(rand.NewPCG(seed, 0))
		cut := balanceInput(files, func() int { return 1 + rng.IntN(4) }, func(n int) []int { return rng.Perm(n) })
		if got := balanced(t, cut, files); got != want {
			t.Fatalf("in another order\n%s\ninstead of\n%s", got, want)
		}
		conserved(t, whole)
	})
}

// drawFiles draws the days of two accounts: balances that follow, some that do not, days
// that are missing, days that a second file shows again, rows that changed places.
func drawFiles(t *rapid.T) (files []shownFile) {
	for _, wallet := range []settlement.Wallet{settlement.WeChat, settlement.Alipay} {
		balance := settlement.Amount(100_00)
		var month []shownRow
		for day := 12; day < 16; day++ {
			var rows []shownRow
			for n := range rapid.IntRange(0, 6).Draw(t, "rows") {
				amount := settlement.Amount(rapid.IntRange(-5, 9).Draw(t, "amount"))
				balance += amount
				if rapid.IntRange(0, 9).Draw(t, "off") == 0 {
					balance++
				}
				rows = append(rows, shownRow{day, fmt.Sprintf("%s%d-%d", wallet, day, n), amount.String(), balance.String()})
			}
			month = append(month, rows...)
			if rapid.IntRange(0, 5).Draw(t, "missing") == 0 {
				continue
			}
			file := alipayLog(fmt.Sprint("a", day), day, 1, rows...)
			if wallet == settlement.WeChat {
				file = wechatFlow(fmt.Sprint("w", day), day, 1, rows...)
			}
			if n := len(rows); n > 1 && rapid.IntRange(0, 4).Draw(t, "swap") == 0 {
				file.rows = slices.Clone(rows)
				file.rows[0], file.rows[n-1] = rows[n-1], rows[0]
			}
			files = append(files, file)
			if rapid.IntRange(0, 3).Draw(t, "again") == 0 {
				more := file
				more.name, more.days = file.name+"-month", 3
				files = append(files, more)
			}
		}
		if n := len(month); n > 1 && rapid.IntRange(0, 2).Draw(t, "month") == 0 {
			if i := rapid.IntRange(1, n-1).Draw(t, "moved"); rapid.Bool().Draw(t, "moves") {
				month[i], month[0] = month[0], month[i] // days may go on after others
			}
			all := alipayLog("a-month", 12, 4, month...)
			if wallet == settlement.WeChat {
				all = wechatFlow("w-month", 12, 4, month...)
			}
			files = append(files, all)
		}
	}
	return files
}

// conserved checks that balances hold what moved, and that each day goes on from the one
// before it.
func conserved(t *rapid.T, in funds.BalanceInput) {
	out, err := funds.Balances(in)
	if err != nil {
		t.Fatal(err)
	}
	var moved, held settlement.Amount
	for _, m := range in.Moved {
		moved += m.Net()
	}
	b := out.Table
	for i := range b.Len() {
		held += b.Income[i] - b.Expense[i]
		if b.Opening[i] != settlement.NoAmount && b.Computed[i] != b.Opening[i]+b.Income[i]-b.Expense[i] {
			t.Fatalf("row %d: computed_closing %s", i, b.Computed[i])
		}
		if b.Unexplained[i] != settlement.NoAmount && b.Unexplained[i] != b.Closing[i]-b.Computed[i] {
			t.Fatalf("row %d: unexplained %s", i, b.Unexplained[i])
		}
		if b.Wallet[i] == settlement.WeChat && b.Breaks[i] == 0 && b.Unexplained[i] != settlement.NoAmount && b.Unexplained[i] != 0 {
			t.Fatalf("row %d: %s are unexplained and nothing says where", i, b.Unexplained[i])
		}
		if i == 0 || b.Wallet[i] != b.Wallet[i-1] || b.SettledOn[i] != b.SettledOn[i-1]+1 {
			continue
		}
		ended := b.Closing[i-1]
		if ended == settlement.NoAmount {
			ended = b.Computed[i-1]
		}
		if ended != settlement.NoAmount && b.Opening[i] != ended {
			t.Fatalf("row %d opens with %s, the day before ended with %s", i, b.Opening[i], ended)
		}
	}
	if moved != held {
		t.Fatalf("%s moved, balances hold %s", moved, held)
	}
}
