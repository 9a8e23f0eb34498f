package fees

import (
	"testing"

	"reconcile/settlement"
)

// What an order costs that was paid with WeChat Pay, where its home wallet is Alipay by
// a contract; a generic preset does not price an order of Taobao.
func TestWhatAnOrderCostsInTheOtherWallet(t *testing.T) {
	home := contract("home", settlement.Alipay, 6000, settlement.NoInstant, settlement.NoInstant)
	home.Refund = RefundNone
	dearer := home
	dearer.Rate = 5500
	pay := testLine{txn: "1", settled: "1000.00", fee: "6.00", rate: "0.60%"}
	whole := testLine{txn: "1", kind: settlement.Refund, settled: "-1000.00", fee: "6.00", rate: "0.60%", at: "2024-09-12 12:00:00", refund: "R"}
	for _, c := range []struct {
		name     string
		rules    []Rule
		lines    []testLine
		platform string
		paying   settlement.Wallet
		wallet   settlement.Wallet
		want     string // channel, home, incremental; – where not known
	}{
		{"X01 the same rate", []Rule{home}, []testLine{pay}, "taobao", settlement.WeChat, settlement.WeChat, "6.00 6.00 0.00"},
		{"X02 the other wallet is dearer", []Rule{dearer}, []testLine{pay}, "taobao", settlement.WeChat, settlement.WeChat, "6.00 5.50 0.50"},
		{"X04 refunded: WeChat Pay gives back what Alipay would keep", []Rule{home}, []testLine{pay, whole}, "taobao", settlement.WeChat, settlement.WeChat, "0.00 6.00 -6.00"},
		{"a preset prices no order of Taobao", nil, []testLine{pay}, "taobao", settlement.WeChat, settlement.WeChat, "6.00 – –"},
		{"nothing is known without the paying wallet", []Rule{home}, []testLine{pay}, "taobao", settlement.NoWallet, settlement.TaobaoAggregated, "6.00 – –"},
		{"an aggregated account pays as the order says", []Rule{home}, []testLine{pay}, "taobao", settlement.WeChat, settlement.TaobaoAggregated, "6.00 6.00 0.00"},
		{"a platform without a home wallet", []Rule{home}, []testLine{pay}, "elsewhere", settlement.WeChat, settlement.WeChat, ""},
	} {
		terms, err := NewTerms(TermsInput{Rules: c.rules, Since: settlement.NoInstant})
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.lines {
			c.lines[i].raw = "O1"
			c.lines[i].wallet = c.wallet
		}
		lines, charges := batch(t, c.lines...), &settlement.Charges{}
		if _, err := ChargeLines(terms.Schedule, lines, Known{}, charges); err != nil {
			t.Fatal(err)
		}
		costs := terms.Costs(CostInput{Lines: lines, Charges: charges, Funds: &settlement.FundLines{},
			OrderOf: func(int) (Order, bool) { return Order{Platform: []byte(c.platform), Paying: c.paying}, true },
			Flows:   func(settlement.Wallet, []byte) bool { return false }})
		got := ""
		for i := range costs.Cross.Len() {
			for n, a := range []settlement.Amount{costs.Cross.ChannelFee[i], costs.Cross.HomeFee[i], costs.Cross.Incremental[i]} {
				if n > 0 {
					got += " "
				}
				if a == settlement.NoAmount {
					got += "–"
				} else {
					got += a.String()
				}
			}
			if costs.Cross.Repatriation[i] != settlement.NoAmount || costs.Cross.Cost[i] != settlement.NoAmount {
				t.Errorf("%s: what withdrawing costs is known without a fund flow", c.name)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A refund whose payment is of a former day is priced by it: its rate, its time, and
// what is still held of its fee.
func TestARefundIsPricedByThePaymentOfAFormerDay(t *testing.T) {
	old := contract("old", settlement.WeChat, 5400, settlement.NoInstant, at(t, "2024-10-01 00:00:00"))
	now := contract("new", settlement.WeChat, 6000, at(t, "2024-10-01 00:00:00"), settlement.NoInstant)
	s := schedule(t, old, now)
	lines := batch(t, testLine{txn: "1", kind: settlement.Refund, refund: "R", settled: "-100.00", fee: "0.54", at: "2024-10-05 10:00:00"})
	prior := &settlement.Prior{Wallet: []settlement.Wallet{settlement.WeChat}, PaidAt: []settlement.Instant{at(t, "2024-09-30 10:00:00")},
		Gross: []settlement.Amount{100_00}, Settled: []settlement.Amount{100_00}, Coupon: []settlement.Amount{0}, Refunded: []settlement.Amount{0},
		FeeCharged: []settlement.Amount{54}, FeeReturned: []settlement.Amount{0}, Rate: []settlement.Rate{settlement.NoRate}}
	prior.Account.AppendString("10001")
	prior.ProviderTxnID.AppendString("1")
	prior.OrderNo.AppendString("S1")
	charges := &settlement.Charges{}
	if _, err := ChargeLines(s, lines, Known{Prior: prior}, charges); err != nil {
		t.Fatal(err)
	}
	if charges.Expected[0] != -54 || charges.RuleID.StringAt(0) != "old" || charges.Class[0] != settlement.ClassMatch {
		t.Errorf("expected %s by %s, class %s", charges.Expected[0], charges.RuleID.StringAt(0), charges.Class[0])
	}
	prior.FeeReturned[0] = 50
	charges = &settlement.Charges{}
	if _, err := ChargeLines(s, lines, Known{Prior: prior}, charges); err != nil || charges.Expected[0] != -4 {
		t.Errorf("of 0.04 that is held %s is expected back: %v", charges.Expected[0], err)
	}
}
