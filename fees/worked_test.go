package fees

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"reconcile/settlement"
)

// worked computes each example of testdata/examples.csv by the functions of this
// package. The command line is asked the same in cmd/reconcile.
var worked = map[string]func(t *testing.T) string{
	"A01": fee("100.00", "kind: percent, rate: 0.60%"),
	"A02": fee("0.01", "kind: percent, rate: 0.60%"),
	"A04": fee("0.84", "kind: percent, rate: 0.60%"),
	"A05": fee("7.50", "kind: percent, rate: 0.60%"),
	"A07": fee("1.31", "kind: percent, rate: 0.38%"),
	"A08": fee("1.32", "kind: percent, rate: 0.38%"),
	"A10": fee("100.00", "kind: discount, rate: 0.60%, discount_ppm: 900000"),
	"A11": fee("0.50", "kind: percent, rate: 1.00%"),
	"A13": fee("2.50", "kind: percent, rate: 0.2%"),
	"A14": fee("350.00", "kind: percent, rate: 0.30%"),
	"A16": fee("90.00", "kind: percent, rate: 0.60%"),
	"A17": fee("100.00", "kind: percent, rate: 0.60%"),
	"A19": paidWith("debit"),
	"A20": paidWith("credit"),
	"A22": fee("100.00", "kind: clamp, rate: 0.2%, min_fen: 200, max_fen: 2500"),
	"A23": fee("12500.00", "kind: clamp, rate: 0.2%, min_fen: 200, max_fen: 2500"),
	"A25": instalment("1000.00", 3),
	"A26": instalment("101.00", 6),
	"A28": func(t *testing.T) string { return list(SplitInstalments(yuan(t, "9.28"), 12)) },
	"A29": func(t *testing.T) string {
		r := presets(t).Select(Subject{Wallet: settlement.WeChat, Event: OnPayment, Component: settlement.PlatformFee, Product: "taobao"}, at(t, "2024-09-12 10:00:00"))
		return r.Fee(yuan(t, "88.00")).String()
	},
	"R02": returns("kind: percent, rate: 0.60%, refund_policy: per_refund_clamped", "100.00", "0.60", "30.00"),
	"R03": returns("kind: percent, rate: 0.60%, refund_policy: per_refund_clamped", "2.00", "0.01", "1.00", "1.00"),
	"R05": returns("kind: percent, rate: 0.60%, refund_policy: per_refund_clamped", "1.60", "0.01", "0.80", "0.80"),
	"R06": returns("kind: percent, rate: 0.60%, refund_policy: cumulative", "1.60", "0.01", "0.80", "0.80"),
	"R08": func(t *testing.T) string {
		refunds := strings.Split(strings.Repeat("0.20 ", 49)+"0.20", " ")
		parts := strings.Split(returns("kind: percent, rate: 0.60%, refund_policy: cumulative", "10.00", "0.06", refunds...)(t), "|")
		total := settlement.Amount(0)
		for _, part := range parts {
			total += yuan(t, part)
		}
		return total.String()
	},
	"R09": func(t *testing.T) string {
		money := RefundSettled(yuan(t, "9.00"), yuan(t, "10.00"), yuan(t, "7.00"))
		return returns("kind: percent, rate: 0.60%, refund_policy: per_refund_clamped", "7.00", "0.04", money.String())(t)
	},
	"R11": returns("kind: percent, rate: 0.60%, refund_policy: none", "100.00", "0.60", "100.00"),
	"R12": func(t *testing.T) string {
		old := contract("old", settlement.WeChat, 5400, settlement.NoInstant, at(t, "2024-10-01 00:00:00"))
		s := schedule(t, old, contract("new", settlement.WeChat, 6000, at(t, "2024-10-01 00:00:00"), settlement.NoInstant))
		r := s.Select(Subject{Wallet: settlement.WeChat, Event: OnPayment}, at(t, "2024-09-30 12:00:00"))
		return r.Return(Refunding{Charged: 54, Settled: 10000}, 10000, at(t, "2024-10-05 12:00:00")).String()
	},
	"W01": withdrawn(settlement.WeChat, Personal, "2024-09-12", "1000.00", "1000.00"),
	"W02": withdrawn(settlement.WeChat, Personal, "2020-01-01", "1000.00", "1000.01"),
	"W04": withdrawn(settlement.WeChat, Personal, "2024-09-12", "1000.00", "2000.00"),
	"W05": withdrawn(settlement.WeChat, Personal, "2021-07-15", "0", "100.00"),
	"W07": withdrawn(settlement.WeChat, Personal, "2026-07-08", "0", "10.00"),
	"W08": withdrawn(settlement.WeChat, Personal, "2021-07-11", "0", "1000.10"),
	"W10": withdrawn(settlement.WeChat, Personal, "2021-07-11", "0", "104.99"),
	"W11": withdrawn(settlement.WeChat, Personal, "2021-07-11", "0", "105.00"),
	"W13": withdrawn(settlement.Alipay, Personal, "2024-09-12", "20000.00", "20000.00"),
	"W14": withdrawn(settlement.Alipay, Personal, "2024-09-12", "20000.00", "25000.00"),
	"W16": withdrawn(settlement.WeChat, Personal, "2024-09-12", "1000.00", "600.00", "600.00"),
	"W17": withdrawn(settlement.WeChat, Personal, "2024-09-12", "100.00", "150.00", "60.00"),
	"W19": func(t *testing.T) string {
		o := Owner{Wallet: settlement.Alipay, Account: "a", AccountType: Personal, Category: "collection_code", Identity: "id"}
		day := func(text string) settlement.Instant { return at(t, text+" 00:00:00") }
		state := QuotaState{Since: day("2021-04-01"), Quotas: []Quota{{Wallet: o.Wallet, Owner: "id", RuleID: "alipay_withdrawal_personal",
			Period: Lifetime, Start: settlement.NoInstant, Expiry: settlement.NoInstant}}}
		out, _, err := presets(t).Withdrawals(state, []Movement{
			{Kind: Receive, Owner: o, At: day("2021-06-01"), FlowNo: "1", Amount: yuan(t, "5000.00")},
			{Kind: Receive, Owner: o, At: day("2022-01-10"), FlowNo: "2", Amount: yuan(t, "3000.00")},
			{Kind: Withdraw, Owner: o, At: day("2022-06-02"), FlowNo: "3", Amount: yuan(t, "6000.00")}})
		return feesOf(t, out, err)
	},
	"W20": withdrawn(settlement.WeChat, Micro, "2024-09-30T23:59:59+08:00", "", "5000.00"),
	"W22": withdrawn(settlement.WeChat, Personal, "2025-10-01T00:00:00+08:00", "0", "5000.00"),
	"W23": withdrawn(settlement.WeChat, Merchant, "2024-09-12", "", "1000000.00"),
	"W25": withdrawn(settlement.WeChat, Personal, "2016-02-29T15:59:59Z", "", "5000.00"),
	"W26": withdrawn(settlement.WeChat, Personal, "2016-02-29T16:00:00Z", "1000.00", "5000.00"),
	"W28": func(t *testing.T) string {
		r := stated(t, OnWithdrawal, "kind: percent_fixed, rate: 0.1%, fixed_fen: 1, min_fen: 10")
		r.FixedFee = 0
		amount, fee := r.LargestAll(yuan(t, "1000.00"), 0)
		if amount != yuan(t, "999.00") {
			t.Errorf("%s of 1000.00 is withdrawn, want 999.00", amount)
		}
		return fee.String()
	},
	"W29": func(t *testing.T) string {
		o := owner(settlement.WeChat, Personal)
		when := at(t, "2020-01-01 00:00:00")
		before := opening(t, o, when, "1000.00")
		out, after, err := presets(t).Withdrawals(before, []Movement{
			{Kind: Withdraw, Owner: o, At: when, FlowNo: "1", Amount: yuan(t, "2000.00")},
			{Kind: Bounce, Owner: o, At: when + 1, FlowNo: "2", Of: "1", Amount: yuan(t, "2000.00")}})
		if list := feesOf(t, out, err); list != "1.00|-1.00" {
			t.Errorf("got %s", list)
		}
		if after.Quotas[0].Used != before.Quotas[0].Used {
			t.Errorf("%s of the quota stays used", after.Quotas[0].Used)
		}
		return (out[0].Expected + out[1].Expected).String()
	},
	"T02": enrolled(settlement.WeChat, "2021-09-01T00:00:00+08:00"),
	"T03": enrolled(settlement.WeChat, "2021-09-01 00:00:05"),
	"T05": func(t *testing.T) string {
		change := at(t, "2024-11-19 00:00:00")
		s := schedule(t, contract("703", settlement.WeChat, 6000, settlement.NoInstant, change), contract("754", settlement.WeChat, 3800, change, settlement.NoInstant))
		return s.Select(Subject{Wallet: settlement.WeChat, Event: OnPayment}, change).Fee(10000).String()
	},
	"T06": enrolled(settlement.Alipay, "2021-07-31T16:00:00Z"),
	"G02": func(t *testing.T) string { return times(t, "0.84") },
	"G03": func(t *testing.T) string {
		var shares Sum // in millionths of a fen
		shares.AddTimes(settlement.Amount(20_000_000*6000), 100_000_000)
		if shares.Int().IsInt64() || shares.Int().String() != "12000000000000000000" {
			t.Errorf("the shares sum to %s", shares.Int())
		}
		return times(t, "200000.00")
	},
	"X01": cross("100.00", "0.60%", "per_refund_clamped"),
	"X02": cross("1000.00", "0.55%", "per_refund_clamped"),
	"X04": cross("100.00", "0.60%", "none", "100.00"),
	"X05": func(t *testing.T) string {
		return allocated(t, "0.10", "33.33", "33.33", "33.34")
	},
	"X07": func(t *testing.T) string {
		s := presets(t)
		cost := yuan(t, withdrawn(settlement.WeChat, Personal, "2024-09-12", "0", "10000.00")(t))
		return (cost + s.DepositFee(Subject{Wallet: settlement.Alipay}, yuan(t, "10000.00"), at(t, "2024-09-12 00:00:00"))).String()
	},
	"X08": func(t *testing.T) string { return allocated(t, "1.00", "700.00", "300.00") },
	"X10": func(t *testing.T) string {
		return allocated(t, "0.10", strings.Split(strings.Repeat("5.00 ", 11)+"5.00", " ")...)
	},
	"P01": planned(NeedAmount, "70.00", planOf(settlement.WeChat, "100.00", "0", ""), planOf(settlement.Alipay, "40.00", "0", "")),
	"P03": planned(NeedAmount, "500.00", planOf(settlement.WeChat, "1000.00", "300.00", ""), planOf(settlement.Alipay, "1000.00", "0", "")),
	"P04": planned(NeedFree, "0", planOf(settlement.WeChat, "1050.00", "1000.00", "")),
	"P05": planned(NeedAmount, "800.00", planOf(settlement.Alipay, "1800.00", "1000.00", "800.00")),
}

func TestWorkedExamples(t *testing.T) {
	file, err := os.Open("testdata/examples.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		t.Run(row[0]+" "+row[1], func(t *testing.T) {
			compute := worked[row[0]]
			if compute == nil {
				t.Fatal("nothing computes it")
			}
			if got := compute(t); got != row[4] {
				t.Errorf("got %s, want %s", got, row[4])
			}
		})
	}
	if len(rows)-1 != len(worked) {
		t.Errorf("%d examples are listed, %d are computed", len(rows)-1, len(worked))
	}
}

// stated is a rule as a person states it.
func stated(t testing.TB, event Event, text string) *Rule {
	t.Helper()
	r, _, err := ReadStated("test", text, Stated("stated", Subject{Wallet: settlement.WeChat, AccountType: Personal, Event: event}))
	if err != nil {
		t.Fatal(err)
	}
	return &r
}

// list joins amounts as the examples do.
func list(amounts []settlement.Amount) string {
	var texts []string
	for _, a := range amounts {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, "|")
}

func fee(amount, rule string) func(*testing.T) string {
	return func(t *testing.T) string { return stated(t, OnPayment, rule).Fee(yuan(t, amount)).String() }
}

func paidWith(funding string) func(*testing.T) string {
	return func(t *testing.T) string {
		debit, credit := contract("debit", settlement.WeChat, 3800, settlement.NoInstant, settlement.NoInstant), contract("credit", settlement.WeChat, 6000, settlement.NoInstant, settlement.NoInstant)
		debit.Funding, credit.Funding = "debit", "credit"
		s := schedule(t, debit, credit)
		q := Subject{Wallet: settlement.WeChat, Event: OnPayment}
		if r := s.Select(q, 0); r != nil {
			t.Errorf("%s is chosen although the funding is not known", r)
		}
		q.Funding = funding
		return s.Select(q, 0).Fee(yuan(t, "200.00")).String()
	}
}

func instalment(amount string, periods int) func(*testing.T) string {
	return func(t *testing.T) string {
		r := presets(t).Select(Subject{Wallet: settlement.Alipay, Event: OnPayment, Component: settlement.InstalmentFee}, at(t, "2024-09-12 10:00:00"))
		fee, ok := r.InstalmentFee(yuan(t, amount), periods)
		if !ok {
			t.Fatalf("%s has no %d periods", r, periods)
		}
		return fee.String()
	}
}

func returns(rule, settled, charged string, refunds ...string) func(*testing.T) string {
	return func(t *testing.T) string {
		r := stated(t, OnPayment, rule)
		p := Refunding{PaidAt: 0, Settled: yuan(t, settled), Charged: yuan(t, charged)}
		var back []settlement.Amount
		for _, refund := range refunds {
			one := r.Return(p, yuan(t, refund), settlement.Second)
			back = append(back, one)
			p.Refunded += yuan(t, refund)
			p.Returned += one
		}
		return list(back)
	}
}

func owner(wallet settlement.Wallet, kind AccountType) Owner {
	return Owner{Wallet: wallet, Account: "a", AccountType: kind, Identity: "id"}
}

// opening is the state in which left is what remains of an owner's quota; "" states
// none.
func opening(t testing.TB, o Owner, when settlement.Instant, left string) QuotaState {
	t.Helper()
	state := QuotaState{Since: settlement.NoInstant}
	if left != "" {
		r := presets(t).Select(o.subject(), when)
		state.Quotas = StatedQuotas(r, &o, when, yuan(t, left))
	}
	return state
}

func feesOf(t testing.TB, out []WithdrawalFee, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var amounts []settlement.Amount
	for _, w := range out {
		if w.Class != settlement.ClassMatch {
			t.Errorf("%s: %s", w.Class, w.Why)
		}
		amounts = append(amounts, w.Expected)
	}
	return list(amounts)
}

func withdrawn(wallet settlement.Wallet, kind AccountType, when, left string, amounts ...string) func(*testing.T) string {
	return func(t *testing.T) string {
		time, err := ParseTime(when)
		if err != nil {
			t.Fatal(err)
		}
		o := owner(wallet, kind)
		var moves []Movement
		for i, amount := range amounts {
			o.Account = string(rune('a' + i)) // two accounts of one identity
			moves = append(moves, Movement{Kind: Withdraw, Owner: o, At: time, FlowNo: string(rune('1' + i)), Amount: yuan(t, amount)})
		}
		out, _, err := presets(t).Withdrawals(opening(t, o, time, left), moves)
		return feesOf(t, out, err)
	}
}

func enrolled(wallet settlement.Wallet, when string) func(*testing.T) string {
	return func(t *testing.T) string {
		time, err := ParseTime(when)
		if err != nil {
			t.Fatal(err)
		}
		r := presets(t).Select(Subject{Wallet: wallet, AccountType: Micro, Category: "fee_reduction", Event: OnPayment}, time)
		return r.Fee(yuan(t, "100.00")).String()
	}
}

func times(t *testing.T, amount string) string {
	var total Sum
	total.AddTimes(settlement.Rate(6000).HalfUp(yuan(t, amount)), 100_000_000)
	return total.String()
}

func cross(amount, homeRate, homePolicy string, refunds ...string) func(*testing.T) string {
	return func(t *testing.T) string {
		home := stated(t, OnPayment, "wallet: alipay, kind: percent, rate: "+homeRate+", refund_policy: "+homePolicy)
		s, err := WithPresets([]Rule{*home})
		if err != nil {
			t.Fatal(err)
		}
		var list []Refunded
		for _, r := range refunds {
			list = append(list, Refunded{yuan(t, r), at(t, "2024-09-13 10:00:00")})
		}
		paid := func(w settlement.Wallet) settlement.Amount {
			return s.Counterfactual(Subject{Wallet: w}, yuan(t, amount), at(t, "2024-09-12 10:00:00"), list, w == settlement.Alipay)
		}
		return CrossWalletFee(Incremental(settlement.WeChat, settlement.Alipay, paid(settlement.WeChat), paid(settlement.Alipay)), 0, 0).String()
	}
}

func allocated(t *testing.T, fee string, nets ...string) string {
	var queue []Proceeds
	total := settlement.Amount(0)
	for i, net := range nets {
		queue = append(queue, Proceeds{OrderNo: string(rune('a' + i)), SettledAt: settlement.Instant(i), Net: yuan(t, net)})
		total += yuan(t, net)
	}
	a, err := Allocate(total, yuan(t, fee), settlement.Instant(len(nets)), queue)
	if err != nil || len(a.Left) != 0 || a.Residual != (Share{}) {
		t.Fatalf("%+v, %v", a, err)
	}
	var parts []settlement.Amount
	for _, s := range a.Shares {
		parts = append(parts, s.Fee)
	}
	return list(parts)
}

type plannedFrom struct {
	wallet               settlement.Wallet
	balance, quota, lots string
}

func planOf(wallet settlement.Wallet, balance, quota, lots string) plannedFrom {
	return plannedFrom{wallet, balance, quota, lots}
}

func planned(need Need, amount string, accounts ...plannedFrom) func(*testing.T) string {
	return func(t *testing.T) string {
		day := settlement.DayOf(at(t, "2024-09-12 00:00:00"))
		in := PlanInput{From: day, Last: day, Need: need, Amount: yuan(t, amount), Quotas: QuotaState{Since: settlement.NoInstant}}
		for _, a := range accounts {
			o := owner(a.wallet, Personal)
			if a.lots != "" {
				o.Category = "collection_code"
				r := presets(t).Select(o.subject(), day.Start())
				lots := StatedLot(r, &o, day.Start()-1, yuan(t, a.lots))
				lots[0].Expiry = (day + 1).Start()
				in.Quotas.Quotas = append(in.Quotas.Quotas, lots...)
			}
			in.Quotas.Quotas = append(in.Quotas.Quotas, opening(t, o, day.Start(), a.quota).Quotas...)
			in.Accounts = append(in.Accounts, PlanAccount{Account: Account{Owner: o}, Balance: yuan(t, a.balance)})
		}
		plan, err := presets(t).PlanWithdrawals(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range plan.Steps {
			for _, use := range step.Paid.Uses {
				if accounts[0].lots != "" && use.Period != LotPeriod {
					t.Errorf("%s of the %s quota is used", use.Amount, use.Period)
				}
			}
		}
		return plan.Fee.String()
	}
}
