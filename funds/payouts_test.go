package funds

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reconcile/settlement"
)

const testBank, testShop = "6222000000001", "1230000109"

func onDay(t interface {
	Fatal(...any)
	Helper()
}, text string) settlement.Day {
	t.Helper()
	day, err := settlement.ParseDay([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// payoutCase is payouts and transfers that are being set up, and the days that the bank and
// the wallets have shown.
type payoutCase struct {
	t         *testing.T
	rules     PayoutRules
	payouts   []Payout
	transfers []Transfer
}

// caseUntil has bank statements and fund flows from 2024-09-01 to a day, which is that of
// the run.
func caseUntil(t *testing.T, day string) *payoutCase {
	c := &payoutCase{t: t, rules: PayoutRules{Calendar: ChineseCalendar(), Flows: &settlement.Coverage{}, Day: onDay(t, day),
		Entity: func(WalletAccount) string { return "" }}}
	from := onDay(t, "2024-09-01")
	c.rules.Flows.AddSpan(settlement.Bank, testBank, false, from, c.rules.Day+1)
	c.rules.Flows.AddSpan(settlement.WeChat, testShop, false, from, c.rules.Day+1)
	c.rules.Flows.AddSpan(settlement.Alipay, "2088", false, from, c.rules.Day+1)
	return c
}

func idOf(text string) settlement.ID {
	var hash settlement.IDHasher
	return hash.Start("test").Text([]byte(text)).ID()
}

// out is a payout of WeChat Pay at a time such as 2024-09-12 23:59:58.
func (c *payoutCase) out(number, at string, amount, fee settlement.Amount) *Payout {
	c.t.Helper()
	instant, err := settlement.ParseInstant([]byte(at))
	if err != nil {
		c.t.Fatal(err)
	}
	c.payouts = append(c.payouts, Payout{Wallet: settlement.WeChat, Account: testShop, FlowNo: number, At: instant, SettledOn: settlement.DayOf(instant),
		Amount: amount, Fee: fee, ID: idOf(number), ArrivedOn: settlement.NoDay, Arrived: settlement.NoAmount, LegFee: settlement.NoAmount})
	return &c.payouts[len(c.payouts)-1]
}

func (c *payoutCase) transfer(side settlement.TransferSide, wallet settlement.Wallet, account, number, day string, amount settlement.Amount, text string) {
	c.t.Helper()
	c.transfers = append(c.transfers, Transfer{Side: side, Wallet: wallet, Account: account, FlowNo: number, On: onDay(c.t, day), Amount: amount, Text: text,
		At: settlement.NoInstant, Fee: settlement.NoAmount, ID: idOf(number)})
}

func (c *payoutCase) credit(number, day string, amount settlement.Amount, text string) {
	c.t.Helper()
	c.transfer(settlement.BankCredit, settlement.Bank, testBank, number, day, amount, text)
}

// payoutsSaid is payouts and breaks in words.
func payoutsSaid(s PayoutsSettled) (words []string) {
	for i := range s.Payouts {
		p := &s.Payouts[i]
		word := fmt.Sprintf("%s %s", p.FlowNo, p.Status)
		if p.Arrival != settlement.NoArrival {
			word += " " + p.Arrival.String()
		}
		if p.BankRefs != "" {
			word += " " + p.BankRefs
		}
		if p.LegOf != "" {
			word += " → " + p.Movement.String() + " " + p.LegOf
		}
		words = append(words, word)
	}
	for i := range s.Breaks.Len() {
		words = append(words, fmt.Sprintf("%s %s %s", s.Breaks.Kind[i], s.Breaks.ProviderID.At(i), s.Breaks.Difference[i]))
	}
	return words
}

const tenpay = "财付通支付科技有限公司; 商户提现"

func TestPayoutsAndTheBank(t *testing.T) {
	for _, one := range []struct {
		name  string
		until string // the run's day
		set   func(c *payoutCase)
		want  []string
	}{
		{"a credit that names the number", "2024-09-12", func(c *payoutCase) {
			c.out("90000000001", "2024-09-12 10:00:00", 1000_00, 0)
			c.credit("B1", "2024-09-12", 1000_00, "提现 90000000001")
		}, []string{"90000000001 received whole B1"}},
		{"a number is no part of a longer one", "2024-09-12", func(c *payoutCase) {
			c.out("90000000001", "2024-09-12 10:00:00", 1000_00, 0)
			c.credit("B1", "2024-09-12", 900_00, "货款 900000000012")
		}, []string{"90000000001 in_transit"}},
		{"the same amount without any reference", "2024-09-13", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 1000_00, 0)
			c.credit("~1", "2024-09-13", 1000_00, "")
		}, []string{"P1 received whole ~1"}},
		{"the fee deducted", "2024-09-12", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 1000_00, 1_00)
			c.credit("B1", "2024-09-12", 999_00, tenpay)
		}, []string{"P1 received net_of_fee B1"}},
		{"the fee on top", "2024-09-12", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 1000_00, 1_00)
			c.credit("B1", "2024-09-12", 1000_00, tenpay)
		}, []string{"P1 received whole B1"}},
		{"over midnight", "2024-09-13", func(c *payoutCase) {
			c.out("P1", "2024-09-12 23:59:58", 1000_00, 0)
			c.credit("B1", "2024-09-13", 1000_00, tenpay)
		}, []string{"P1 received whole B1"}},
		{"a credit before the withdrawal is not its own", "2024-09-13", func(c *payoutCase) {
			c.out("P1", "2024-09-12 23:59:58", 1000_00, 0)
			c.credit("B1", "2024-09-11", 1000_00, "往来")
		}, []string{"P1 in_transit"}},
		{"in transit over a weekend that is made up for", "2024-09-15", func(c *payoutCase) {
			c.out("P1", "2024-09-13 10:00:00", 1000_00, 0) // Friday; 中秋节 is 15 to 17, the 14th works
		}, []string{"P1 in_transit"}},
		{"missing on T+2 after the holiday", "2024-09-18", func(c *payoutCase) {
			c.out("P1", "2024-09-13 10:00:00", 1000_00, 0)
		}, []string{"P1 in_transit", "payout_missing P1 -1000.00"}},
		{"in transit over National Day", "2024-10-08", func(c *payoutCase) {
			c.out("P1", "2024-09-30 10:00:00", 1000_00, 0)
		}, []string{"P1 in_transit"}},
		{"missing after National Day", "2024-10-09", func(c *payoutCase) {
			c.out("P1", "2024-09-30 10:00:00", 1000_00, 0)
		}, []string{"P1 in_transit", "payout_missing P1 -1000.00"}},
		{"it came back to the wallet", "2024-09-18", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 1000_00, 0).CameBack = true
		}, []string{"P1 returned"}},
		{"the bank received it and sent it back", "2024-09-18", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 1000_00, 0).CameBack = true
			c.credit("B1", "2024-09-12", 1000_00, tenpay)
			c.transfer(settlement.BankDebit, settlement.Bank, testBank, "B2", "2024-09-13", 1000_00, "财付通; 退汇")
		}, []string{"P1 returned whole B1"}},
		{"two payouts in one credit", "2024-09-13", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 1000_00, 0)
			c.out("P2", "2024-09-12 11:00:00", 250_50, 0)
			c.out("P3", "2024-09-12 12:00:00", 33_33, 0)
			c.credit("B1", "2024-09-13", 1250_50, tenpay)
		}, []string{"P1 received part_of_credit B1", "P2 received part_of_credit B1", "P3 in_transit"}},
		{"two payouts in one credit, less their fees", "2024-09-13", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 1000_00, 1_00)
			c.out("P2", "2024-09-12 11:00:00", 250_00, 25)
			c.credit("B1", "2024-09-13", 1248_75, tenpay)
		}, []string{"P1 received part_of_credit B1", "P2 received part_of_credit B1"}},
		{"one credit that names two payouts", "2024-09-13", func(c *payoutCase) {
			c.out("90000000001", "2024-09-12 10:00:00", 1000_00, 0)
			c.out("90000000002", "2024-09-12 11:00:00", 250_50, 0)
			c.credit("B1", "2024-09-13", 1250_50, "90000000001/90000000002")
		}, []string{"90000000001 received part_of_credit B1", "90000000002 received part_of_credit B1"}},
		{"one payout as two credits", "2024-09-13", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 1000_00, 0)
			c.credit("B1", "2024-09-12", 600_00, tenpay)
			c.credit("B2", "2024-09-13", 400_00, tenpay)
		}, []string{"P1 received several_credits B1,B2"}},
		{"several sets of payouts would do", "2024-09-13", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 100_00, 0)
			c.out("P2", "2024-09-12 11:00:00", 400_00, 0)
			c.out("P3", "2024-09-12 12:00:00", 200_00, 0)
			c.out("P4", "2024-09-12 13:00:00", 300_00, 0)
			c.credit("B1", "2024-09-13", 500_00, tenpay)
		}, []string{"P1 in_transit ambiguous", "P2 in_transit ambiguous", "P3 in_transit ambiguous", "P4 in_transit ambiguous"}},
		{"equal payouts arrive in their order", "2024-09-12", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 500_00, 0)
			c.out("P2", "2024-09-12 11:00:00", 500_00, 0)
			c.credit("B1", "2024-09-12", 500_00, "")
		}, []string{"P1 received whole B1", "P2 in_transit"}},
		{"two credits of other days could be the one payout", "2024-09-13", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 500_00, 0)
			c.credit("B1", "2024-09-12", 500_00, "货款")
			c.credit("B2", "2024-09-13", 500_00, "货款")
		}, []string{"P1 in_transit ambiguous"}},
		{"the credit that names the wallet goes first", "2024-09-13", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 500_00, 0)
			c.credit("B1", "2024-09-12", 500_00, "货款")
			c.credit("B2", "2024-09-13", 500_00, tenpay)
		}, []string{"P1 received whole B2"}},
		{"the other wallet's credit is not its own", "2024-09-13", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 500_00, 0)
			c.credit("B1", "2024-09-13", 500_00, "支付宝; 提现")
		}, []string{"P1 in_transit", "payout_mismatch B1 500.00"}},
		{"a credit that names it is a fen short", "2024-09-12", func(c *payoutCase) {
			c.out("90000000001", "2024-09-12 10:00:00", 1000_00, 0)
			c.credit("B1", "2024-09-12", 999_99, "提现 90000000001")
		}, []string{"90000000001 received differs B1", "payout_mismatch 90000000001 -0.01"}},
		{"the only credit of the wallet is a fen short: not before it is overdue", "2024-09-13", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 1000_00, 0)
			c.credit("B1", "2024-09-12", 999_99, tenpay)
		}, []string{"P1 in_transit"}},
		{"the only credit of the wallet is a fen short", "2024-09-18", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 1000_00, 0)
			c.credit("B1", "2024-09-12", 999_99, tenpay)
		}, []string{"P1 received differs B1", "payout_mismatch P1 -0.01"}},
		{"a credit of the wallet that no withdrawal explains", "2024-09-12", func(c *payoutCase) {
			c.credit("B1", "2024-09-12", 70_00, tenpay)
			c.credit("B2", "2024-09-12", 80_00, "货款")
		}, []string{"payout_mismatch B1 70.00"}},
		{"and whose fund flow of that time is not there", "2024-09-12", func(c *payoutCase) {
			c.rules.Flows = &settlement.Coverage{}
			c.rules.Flows.AddSpan(settlement.Bank, testBank, false, c.rules.Day-9, c.rules.Day+1)
			c.rules.Flows.AddSpan(settlement.WeChat, testShop, false, c.rules.Day, c.rules.Day+1)
			c.credit("B1", "2024-09-12", 70_00, tenpay)
		}, nil},
		{"a bank account of another entity", "2024-09-12", func(c *payoutCase) {
			c.rules.Banks = []BankAccount{{Account: testBank, Entity: "one"}}
			c.rules.Entity = func(WalletAccount) string { return "two" }
			c.out("P1", "2024-09-12 10:00:00", 500_00, 0)
			c.credit("B1", "2024-09-12", 500_00, "")
		}, []string{"P1 in_transit"}},
		{"a bank account that is configured for another account", "2024-09-12", func(c *payoutCase) {
			c.rules.Banks = []BankAccount{{Account: testBank, Receives: []WalletAccount{{settlement.Alipay, "2088"}}}}
			c.out("P1", "2024-09-12 10:00:00", 500_00, 0)
			c.credit("B1", "2024-09-12", 500_00, "")
		}, []string{"P1 in_transit"}},
		{"a movement between the wallets", "2024-09-13", func(c *payoutCase) {
			c.out("P1", "2024-09-12 10:00:00", 500_00, 50)
			c.credit("B1", "2024-09-12", 499_50, tenpay)
			c.transfer(settlement.BankDebit, settlement.Bank, testBank, "B2", "2024-09-13", 499_50, "支付宝; 充值")
			c.transfer(settlement.Deposit, settlement.Alipay, "2088", "A1", "2024-09-13", 499_50, "")
		}, []string{"P1 received net_of_fee B1 → proven A1"}},
		{"a deposit of the same amount, without the bank", "2024-09-13", func(c *payoutCase) {
			c.rules.Flows = &settlement.Coverage{}
			c.out("P1", "2024-09-12 10:00:00", 500_00, 0)
			c.transfer(settlement.Deposit, settlement.Alipay, "2088", "A1", "2024-09-13", 500_00, "")
		}, []string{"P1 in_transit → suggested A1"}},
		{"two deposits could be it", "2024-09-13", func(c *payoutCase) {
			c.rules.Flows = &settlement.Coverage{}
			c.out("P1", "2024-09-12 10:00:00", 500_00, 0)
			c.transfer(settlement.Deposit, settlement.Alipay, "2088", "A1", "2024-09-13", 500_00, "")
			c.transfer(settlement.Deposit, settlement.Alipay, "2088", "A2", "2024-09-13", 500_00, "")
		}, []string{"P1 in_transit"}},
	} {
		t.Run(one.name, func(t *testing.T) {
			c := caseUntil(t, one.until)
			one.set(c)
			if got := payoutsSaid(c.rules.SettlePayouts(c.payouts, c.transfers)); !slices.Equal(got, one.want) {
				t.Errorf("got  %q\nwant %q", got, one.want)
			}
		})
	}
}

// A gap in the bank's days lets what was due wait, and the note names the days.
func TestPayoutsWaitForMissingBankDays(t *testing.T) {
	c := caseUntil(t, "2024-09-18")
	c.rules.Flows = &settlement.Coverage{}
	c.rules.Flows.AddSpan(settlement.Bank, testBank, false, onDay(t, "2024-09-01"), onDay(t, "2024-09-13"))
	c.rules.Flows.AddSpan(settlement.Bank, testBank, false, onDay(t, "2024-09-16"), onDay(t, "2024-09-17"))
	c.out("P1", "2024-09-12 10:00:00", 500_00, 0) // due on Saturday 14, which works
	c.out("P2", "2024-09-13 10:00:00", 600_00, 0) // due on the 18th
	s := c.rules.SettlePayouts(c.payouts, c.transfers)
	if got := payoutsSaid(s); !slices.Equal(got, []string{"P1 in_transit", "P2 in_transit"}) {
		t.Errorf("%q", got)
	}
	want := "payouts that were due wait for statements of bank account " + testBank + ": 2024-09-13 to 2024-09-15, 2024-09-17 to 2024-09-18"
	if !slices.Equal(s.Notes, []string{want}) {
		t.Errorf("%q", s.Notes)
	}
}

func TestAYearWithoutHolidaysIsNamed(t *testing.T) {
	c := caseUntil(t, "2024-09-18")
	c.out("P1", "2030-01-04 10:00:00", 500_00, 0)
	s := c.rules.SettlePayouts(c.payouts, nil)
	if len(s.Notes) != 1 || !strings.HasPrefix(s.Notes[0], "the calendar knows no holidays of 2030: only weekends") || s.Payouts[0].Due.String() != "2030-01-08" {
		t.Errorf("%q, due %s", s.Notes, s.Payouts[0].Due)
	}
}

// What is concluded does not depend on the order in which anything came.
func TestTheOrderOfLinesChangesNothingOfPayouts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := caseUntil(t, "2024-09-20")
		texts := []string{"", "货款", tenpay, "支付宝; 提现"}
		for n := range rapid.IntRange(0, 7).Draw(rt, "payouts") {
			day := rapid.IntRange(9, 19).Draw(rt, "day")
			p := c.out(fmt.Sprintf("9000000000%d", n), fmt.Sprintf("2024-09-%02d 1%d:00:00", day, n), settlement.Amount(rapid.IntRange(1, 8).Draw(rt, "amount"))*100_00, settlement.Amount(rapid.IntRange(0, 1).Draw(rt, "fee"))*100)
			p.CameBack = rapid.IntRange(0, 9).Draw(rt, "came back") == 0
		}
		for n := range rapid.IntRange(0, 9).Draw(rt, "transfers") {
			day := fmt.Sprintf("2024-09-%02d", rapid.IntRange(9, 20).Draw(rt, "on"))
			amount := settlement.Amount(rapid.IntRange(1, 12).Draw(rt, "amount"))*100_00 - settlement.Amount(rapid.IntRange(0, 1).Draw(rt, "fee"))*100
			text := texts[rapid.IntRange(0, 3).Draw(rt, "text")]
			switch number := fmt.Sprintf("T%d", n); rapid.IntRange(0, 5).Draw(rt, "side") {
			case 0:
				c.transfer(settlement.BankDebit, settlement.Bank, testBank, number, day, amount, text)
			case 1:
				c.transfer(settlement.Deposit, settlement.Alipay, "2088", number, day, amount, "")
			case 2:
				c.credit(number, day, amount, fmt.Sprintf("9000000000%d", rapid.IntRange(0, 6).Draw(rt, "named")))
			default:
				c.credit(number, day, amount, text)
			}
		}
		first := c.rules.SettlePayouts(c.payouts, c.transfers)
		again := c.rules.SettlePayouts(rapid.Permutation(c.payouts).Draw(rt, "order of payouts"), rapid.Permutation(c.transfers).Draw(rt, "order of transfers"))
		if a, b := fmt.Sprintf("%+v", first), fmt.Sprintf("%+v", again); !slices.Equal(payoutsSaid(first), payoutsSaid(again)) || fmt.Sprint(first.Payouts) != fmt.Sprint(again.Payouts) || fmt.Sprint(first.Notes) != fmt.Sprint(again.Notes) {
			rt.Fatalf("in another order:\n%s\n%s", a, b)
		}
		used := map[settlement.ID]settlement.Amount{}
		for _, t := range c.transfers {
			used[t.ID] = t.Amount
		}
		for _, p := range first.Payouts {
			if p.Arrived == settlement.NoAmount {
				continue
			}
			if p.Status == settlement.InTransit {
				rt.Fatalf("%+v is in transit and arrived", p)
			}
			if one := p.Arrival == settlement.ArrivedWhole || p.Arrival == settlement.ArrivedNet; one && used[p.BankLine] != p.Arrived {
				rt.Fatalf("%+v: the credit is %s", p, used[p.BankLine])
			}
		}
	})
}
