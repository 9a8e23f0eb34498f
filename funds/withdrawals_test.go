package funds

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reconcile/settlement"
)

// payouts reads movements written as "time flow category amount txn", of one account.
func payouts(rows ...string) *settlement.FundLines {
	l := &settlement.FundLines{}
	for n, row := range rows {
		var second int
		var flow, category, amount, txn string
		if _, err := fmt.Sscan(row, &second, &flow, &category, &amount, &txn); err != nil {
			panic(row + ": " + err.Error())
		}
		if txn == "-" {
			txn = ""
		}
		fen, err := settlement.ParseAmount([]byte(amount))
		if err != nil {
			panic(err)
		}
		l.ID = append(l.ID, settlement.ID{Hi: uint64(n)})
		l.Wallet = append(l.Wallet, settlement.WeChat)
		l.Account.AppendString("M")
		l.FlowNo.AppendString(flow)
		l.ProviderTxnID.AppendString(txn)
		l.Category = append(l.Category, settlement.Category(slices.Index(settlement.CategoryWords, category)))
		l.OccurredAt = append(l.OccurredAt, settlement.Day(19978).Start()+settlement.Instant(second)*settlement.Second)
		l.SettledOn = append(l.SettledOn, 19978)
		l.Amount = append(l.Amount, fen)
		l.State = append(l.State, settlement.Booked)
		l.File, l.Line = append(l.File, 0), append(l.Line, int64(n))
	}
	return l
}

func TestFeesAndReturnsFindTheirWithdrawals(t *testing.T) {
	for _, c := range []struct {
		name string
		rows []string
		want string // flow, amount, fee, what it is; one a withdrawal
	}{
		{"a fee of its own number", []string{"1 a withdrawal -100.00 x", "2 b withdrawal -50.00 y", "3 c withdrawal_fee -0.10 x"},
			"a 100.00 0.10, b 50.00 0.00"},
		{"a fee that names nothing is of the latest before it", []string{"1 a withdrawal -100.00 -", "3 b withdrawal_fee -0.10 -", "4 c withdrawal -50.00 -"},
			"a 100.00 0.10, c 50.00 0.00"},
		{"a fee before any withdrawal stands alone", []string{"1 b withdrawal_fee -0.10 -", "4 c withdrawal -50.00 -"},
			"b 0.00 0.10 alone, c 50.00 0.00"},
		{"the bank sends it back, and the fee too", []string{"1 a withdrawal -100.00 -", "1 f withdrawal_fee -0.10 -", "9 b withdrawal 100.00 -", "9 g withdrawal_fee 0.10 -"},
			"a 100.00 0.10 came back, b 100.00 -0.10 returns a"},
		{"of two of one amount the later came back", []string{"1 a withdrawal -100.00 -", "2 b withdrawal -100.00 -", "9 c withdrawal 100.00 -"},
			"a 100.00 0.00, b 100.00 0.00 came back, c 100.00 0.00 returns b"},
		{"unless the return names it", []string{"1 a withdrawal -100.00 x", "2 b withdrawal -100.00 y", "9 c withdrawal 100.00 x"},
			"a 100.00 0.00 came back, b 100.00 0.00, c 100.00 0.00 returns a"},
		{"a return of nothing known", []string{"9 c withdrawal 100.00 -"}, "c 100.00 0.00 returns "},
		{"two of one number", []string{"1 a withdrawal -1.00 -", "2 a withdrawal -2.00 -"}, "a 1.00 0.00, a/2 2.00 0.00"},
	} {
		for _, reversed := range []bool{false, true} {
			rows := slices.Clone(c.rows)
			if reversed {
				slices.Reverse(rows)
			}
			var got []string
			for _, w := range Withdrawals(payouts(rows...), nil) {
				text := fmt.Sprintf("%s %s %s", w.FlowNo, w.Amount, w.Fee)
				switch {
				case w.FeeAlone:
					text += " alone"
				case w.CameBack:
					text += " came back"
				case w.Returns:
					text += " returns " + w.Of
				}
				got = append(got, text)
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("%s (reversed %v): %s, want %s", c.name, reversed, text, c.want)
			}
		}
	}
}

func TestAReturnMayBeOfAFormerDay(t *testing.T) {
	past := []Withdrawal{{Wallet: settlement.WeChat, Account: "M", FlowNo: "p", At: settlement.Day(19977).Start(), Amount: 100_00}}
	got := Withdrawals(payouts("9 c withdrawal 100.00 -"), past)
	if len(got) != 1 || got[0].Of != "p" {
		t.Errorf("%+v", got)
	}
}
