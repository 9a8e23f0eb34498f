package journal

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reconcile/settlement"
)

const on = settlement.Day(19978) // 2024-09-12

// sold is an account that sold 100.00 with a coupon of 2.00, refunded 50.00 net of a fee
// of 0.30, paid 0.60 in a row of its own, and withdrew 40.00 for 0.10.
func sold() Account {
	a := Account{Wallet: settlement.WeChat, Account: "1900000109", On: on, PaidGross: 100_00, PaidSettled: 98_00, BackGross: -50_00, BackSettled: -50_00,
		Opening: 10_00, Closing: 17_60}
	a.Charged[settlement.ChannelFee], a.Moved[settlement.ChannelFee] = 30, 60
	a.By[settlement.FundPayment], a.By[settlement.FundRefund], a.By[settlement.FundFee] = 98_00, -49_70, -60
	a.By[settlement.FundWithdrawal], a.By[settlement.FundWithdrawalFee] = -40_00, -10
	return a
}

func TestTheVouchersOfADay(t *testing.T) {
	vouchers, err := Vouchers(nil, []Account{sold()}, []Payout{{Wallet: settlement.WeChat, Account: "1900000109", BankAccount: "6222", PayoutNo: "P1", On: on + 1, Amount: 39_90, Short: 10}})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, v := range vouchers {
		text.WriteString(v.No + " " + v.Kind)
		for _, e := range v.Entries {
			text.WriteString(" | " + e.Account + " " + e.Amount.String())
		}
		text.WriteString("\n")
	}
	want := `20240912-WX-1900000109-1RC receipts | Assets:Clearing:WeChatPay:1900000109 98.00 | Assets:Receivable:Orders -100.00 | Expenses:Discounts 2.00
20240912-WX-1900000109-2RF refunds | Assets:Clearing:WeChatPay:1900000109 -50.00 | Assets:Receivable:Orders 50.00
20240912-WX-1900000109-3ST settlement | Assets:Wallet:WeChatPay:1900000109 48.30 | Assets:Clearing:WeChatPay:1900000109 -48.30
20240912-WX-1900000109-4FE fees | Assets:Clearing:WeChatPay:1900000109 0.30 | Assets:Wallet:WeChatPay:1900000109 -0.60 | Expenses:Fees:Channel:WeChatPay 0.30
20240912-WX-1900000109-5WD withdrawals | Assets:Wallet:WeChatPay:1900000109 -40.10 | Assets:InTransit:WeChatPay:1900000109 40.00 | Expenses:Fees:Withdrawal:WeChatPay 0.10
20240913-WX-1900000109-8PO-P1 payout | Assets:Bank:6222 39.90 | Assets:Suspense:WeChatPay 0.10 | Assets:InTransit:WeChatPay:1900000109 -40.00
`
	if text.String() != want {
		t.Errorf("\n%s", text.String())
	}
	clearing := settlement.Amount(0)
	for _, v := range vouchers {
		for _, e := range v.Entries {
			if e.Role == Clearing {
				clearing += e.Amount
			}
		}
	}
	if clearing != 0 {
		t.Errorf("what was billed and what was booked leave %s in the clearing account", clearing)
	}
}

// Whatever the sums are, each voucher balances, and together they move each account by
// what its lines do.
func TestEveryVoucherBalances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Map(rapid.Int64Range(-1e12, 1e12), func(v int64) settlement.Amount { return settlement.Amount(v) })
		var accounts []Account
		for n := range rapid.IntRange(0, 4).Draw(t, "accounts") {
			a := Account{Wallet: settlement.Wallet(rapid.IntRange(1, 3).Draw(t, "wallet")), Account: string(rune('a' + n)), On: on,
				PaidGross: amount.Draw(t, "gross"), PaidSettled: amount.Draw(t, "settled"), BackGross: amount.Draw(t, "back"), BackSettled: amount.Draw(t, "back settled"),
				Unexplained: amount.Draw(t, "unexplained")}
			for c := range a.By {
				a.By[c] = amount.Draw(t, "by")
			}
			a.By[settlement.NoCategory], a.By[settlement.FundFeeReturn], a.By[settlement.FundPlatformFee] = 0, 0, 0
			a.Charged[settlement.ChannelFee], a.Moved[settlement.ChannelFee] = amount.Draw(t, "charged"), -a.By[settlement.FundFee]
			accounts = append(accounts, a)
		}
		vouchers, err := Vouchers(nil, accounts, nil)
		if err != nil {
			t.Fatal(err)
		}
		moved := map[string]settlement.Amount{}
		for _, v := range vouchers {
			var sum settlement.Amount
			for _, e := range v.Entries {
				sum += e.Amount
				if e.Role == Wallet {
					moved[v.Of] += e.Amount
				}
			}
			if sum != 0 {
				t.Fatalf("%s is off by %s", v.No, sum)
			}
		}
		for _, a := range accounts {
			want := a.Unexplained
			for _, by := range a.By {
				want += by
			}
			if moved[a.Account] != want {
				t.Fatalf("%s moves by %s, want %s", a.Account, moved[a.Account], want)
			}
		}
	})
}

func TestAVoucherThatDoesNotBalanceIsAnError(t *testing.T) {
	v := Voucher{No: "X", Entries: []Entry{{Wallet, "Assets:A", 100}, {Clearing, "Assets:B", -99}}}
	if err := v.balanced(); !errors.Is(err, ErrUnbalanced) {
		t.Errorf("%v", err)
	}
}

func TestTheCSVHasTheColumnsThatAreAskedFor(t *testing.T) {
	vouchers, err := Vouchers(Map{Receivable: "=cmd|1122", Wallet: `1012,"{account}"`}, []Account{sold()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteCSV(&b, vouchers[:3], []string{"voucher_no", "account", "debit", "credit"}, map[string]string{"account": "科目", "debit": "借方", "credit": "贷方"}); err != nil {
		t.Fatal(err)
	}
	want := "voucher_no,科目,借方,贷方\r\n20240912-WX-1900000109-1RC,Assets:Clearing:WeChatPay:1900000109,98.00,\r\n20240912-WX-1900000109-1RC,'=cmd|1122,,100.00\r\n" +
		"20240912-WX-1900000109-1RC,Expenses:Discounts,2.00,\r\n20240912-WX-1900000109-2RF,Assets:Clearing:WeChatPay:1900000109,,50.00\r\n20240912-WX-1900000109-2RF,'=cmd|1122,50.00,\r\n" +
		"20240912-WX-1900000109-3ST,\"1012,\"\"1900000109\"\"\",48.30,\r\n20240912-WX-1900000109-3ST,Assets:Clearing:WeChatPay:1900000109,,48.30\r\n"
	if b.String() != want {
		t.Errorf("\n%q\n%q", b.String(), want)
	}
}

func TestBeancountBeginsAndEndsWithTheWalletsOwnBalances(t *testing.T) {
	second := Account{Wallet: settlement.WeChat, Account: "1900000109", On: on + 1, Opening: 17_60, Closing: 17_60}
	gap := Account{Wallet: settlement.WeChat, Account: "1900000109", On: on + 3, Opening: 20_00, Closing: 20_00}
	accounts := []Account{sold(), second, gap}
	vouchers, err := Vouchers(nil, accounts, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteBeancount(&b, nil, vouchers, accounts); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2024-09-11 open Assets:Wallet:WeChatPay:1900000109 CNY\n", "2024-09-11 open Equity:Opening CNY\n",
		"2024-09-11 * \"opening balance\"\n  Assets:Wallet:WeChatPay:1900000109  10.00 CNY\n  Equity:Opening  -10.00 CNY\n",
		"2024-09-12 * \"wechat 1900000109\" \"booked in the account (入账)\"\n  voucher: \"20240912-WX-1900000109-3ST\"\n  Assets:Wallet:WeChatPay:1900000109  48.30 CNY\n",
		"2024-09-13 balance Assets:Wallet:WeChatPay:1900000109  17.60 CNY\n", "2024-09-14 balance Assets:Wallet:WeChatPay:1900000109  17.60 CNY\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %q:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "20.00 CNY") {
		t.Error("a balance behind a gap is asserted")
	}
	if err := WriteBeancount(&b, Map{Receivable: "1122"}, mustVouchers(t, Map{Receivable: "1122"}, accounts), accounts); err == nil || !strings.Contains(err.Error(), `account "1122": beancount takes names such as`) {
		t.Errorf("%v", err)
	}
}

func mustVouchers(t *testing.T, m Map, accounts []Account) []Voucher {
	t.Helper()
	vouchers, err := Vouchers(m, accounts, nil)
	if err != nil {
		t.Fatal(err)
	}
	return vouchers
}
