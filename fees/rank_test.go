package fees

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reconcile/settlement"
)

// contractText reads a contract file and makes a schedule of it.
func contractText(text string) (*Schedule, error) {
	c, err := ReadContract("c.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	return WithPresets(c.Rules)
}

const plainRule = "event: payment, kind: percent, rate: 0.60%, rounding: half_up, source: contract, mark: O"

func TestTheMostSpecificRuleApplies(t *testing.T) {
	s, err := contractText(`rules:
  - {rule_id: base, version: "1", wallet: wechat, ` + plainRule + `}
  - {rule_id: shop, version: "1", wallet: wechat, shop: a, ` + plainRule + `}
  - {rule_id: shop credit, version: "1", wallet: wechat, shop: a, funding: credit, ` + plainRule + `}
  - {rule_id: merchant, version: "1", wallet: wechat, merchant: "1", category: food, product: jsapi, ` + plainRule + `}
`)
	if err != nil {
		t.Fatal(err)
	}
	day := at(t, "2024-09-12 10:00:00")
	q := Subject{Wallet: settlement.WeChat, Merchant: "2", Shop: "b", Category: "toys", Funding: "debit", Product: "native", Event: OnPayment}
	for _, c := range []struct {
		change func(*Subject)
		want   string // rule, "" for none
		why    string
	}{
		{func(*Subject) {}, "base", "the contract for this wallet"},
		{func(q *Subject) { q.Shop = "a" }, "shop", "wallet, shop"},
		{func(q *Subject) { q.Shop, q.Funding = "a", "credit" }, "shop credit", "funding"},
		{func(q *Subject) { q.Merchant, q.Category, q.Product = "1", "food", "jsapi" }, "merchant", "merchant"},
		{func(q *Subject) { q.Shop = "" }, "", "it depends on the shop, which is not known"},
		{func(q *Subject) { q.Shop, q.Funding = "a", "" }, "", "it depends on the funding, which is not known"},
		{func(q *Subject) { q.Wallet = settlement.Alipay }, "alipay_acquiring_standard", "a preset (assumed)"},
		{func(q *Subject) { q.Wallet = settlement.Bank }, "", "no rule for a payment holds then"},
	} {
		is := q
		c.change(&is)
		r, d := s.Select(is, day), s.Decide(is, day)
		if r != d.Rule {
			t.Errorf("%+v: %v is selected and %v decided", is, r, d.Rule)
		}
		if (r == nil) != (c.want == "") || r != nil && r.ID != c.want || !strings.Contains(d.Why, c.why) {
			t.Errorf("%+v: %v because %s, want %q because %s", is, r, d.Why, c.want, c.why)
		}
		if len(d.PassedOver) == 0 {
			t.Errorf("%+v: nothing is passed over", is)
		}
		for _, p := range d.PassedOver {
			if p.Why == "" || p.Rule == r {
				t.Errorf("%+v passes over %s because %q", is, p.Rule, p.Why)
			}
		}
	}
}

func TestFaultsAmongRulesNamePlaces(t *testing.T) {
	rule := func(id, more string) string {
		return "  - {rule_id: " + id + ", version: \"1\", wallet: wechat, " + more + plainRule + "}\n"
	}
	for _, c := range []struct {
		name, rules string
		want        []string // nil where it is accepted
	}{
		{"two of one rank", rule("a", "") + rule("b", ""), []string{"c.yaml:3: fee rule \"b\": two rules of one rank", "at c.yaml:2", "at c.yaml:3"}},
		{"one after the other", rule("a", "until: 2024-10-01, ") + rule("b", "from: 2024-10-01, "), nil},
		{"an instant together", rule("a", "until: 2024-10-01T00:00:01+08:00, ") + rule("b", "from: 2024-10-01, "), []string{"two rules of one rank"}},
		{"two dimensions that meet", rule("a", "shop: a, ") + rule("b", "funding: credit, "), []string{"add one that states what both state", "shop=a", "funding=credit"}},
		{"two that meet and a third for both", rule("a", "shop: a, ") + rule("b", "funding: credit, ") + rule("c", "shop: a, funding: credit, "), nil},
		{"a third for a part of the time", rule("a", "shop: a, ") + rule("b", "funding: credit, ") + rule("c", "shop: a, funding: credit, from: 2024-01-01, "), []string{"c.yaml:3: fee rule \"b\": two rules"}},
		{"two values of one dimension", rule("a", "shop: a, ") + rule("b", "shop: b, "), nil},
		{"a gap", rule("a", "until: 2024-10-01, ") + rule("b", "from: 2024-11-01, "),
			[]string{"c.yaml:3: fee rule \"b\": no rule holds from 2024-10-01 00:00:00 until 2024-11-01 00:00:00", "c.yaml:2", "gaps: allowed"}},
		{"a gap that a wider rule fills", rule("a", "shop: a, until: 2024-10-01, ") + rule("b", "shop: a, from: 2024-11-01, ") + rule("c", ""), nil},
		{"a gap that a wider rule fills in part", rule("a", "shop: a, until: 2024-10-01, ") + rule("b", "shop: a, from: 2024-11-01, ") + rule("c", "until: 2024-10-20, "), []string{"no rule holds from 2024-10-01"}},
		{"one version twice", rule("a", "shop: a, ") + rule("a", "shop: b, "), []string{"c.yaml:3: fee rule \"a\": version 1 is given twice", "c.yaml:2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := contractText("rules:\n" + c.rules)
			if (err == nil) != (c.want == nil) {
				t.Fatalf("got %v", err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%v\nlacks %q", err, part)
				}
			}
		})
	}
	if _, err := contractText("gaps: allowed\nrules:\n" + rule("a", "until: 2024-10-01, ") + rule("b", "from: 2024-11-01, ")); err != nil {
		t.Errorf("a gap that is allowed: %v", err)
	}
}

func TestFaultsOfAContractFile(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{"rule_id: a, version: 1, wallet: paypal, " + plainRule, `c.yaml:2:40: rules[1].wallet: "paypal" is not known`},
		{"rule_id: a, version: 1, wallet: wechat, account_type: firm, " + plainRule, `c.yaml:2:62: rules[1].account_type: "firm" is not known`},
		{"rule_id: a, version: 1, wallet: wechat, ratee: 1, " + plainRule, "c.yaml:2:48: rules[1].ratee: no key of this name (rate is meant?)"},
		{"rule_id: a, version: 1, wallet: wechat, rate_ppm: 6000, " + plainRule, "rate and rate_ppm say the same"},
		{"rule_id: a, version: 1, wallet: wechat, from: 2024-02-30, " + plainRule, `c.yaml:2:54: rules[1].from: "2024-02-30" is a date that is not in the calendar`},
		{"rule_id: a, version: 1, wallet: wechat, from: 2024-10-01T00:00:00+25:00, " + plainRule, "not a day, nor a time"},
		{"rule_id: a, version: 1, wallet: wechat, fixed_fen: 5, " + plainRule, "c.yaml:2:8: fee rule \"a\": a rule of kind percent has no fixed_fen"},
		{"rule_id: a, version: 1, wallet: wechat, event: payment, kind: percent, rounding: half_up", "rules[1]: source is missing"},
		{"rule_id: a, version: 1, wallet: wechat, event: withdrawal, kind: zero, source: s, mark: O", "account_type is missing"},
		{"rule_id: a, version: 1, wallet: wechat, event: payment, kind: fixed, fixed_fen: -5, source: s, mark: O", "-5 is no amount in fen"},
		{"rule_id: a, version: 1, wallet: wechat, event: payment, kind: tiered, mode: volume, tiers: [{up_to_fen: 100, rate: 1%}], rounding: floor, source: s, mark: O", "the last tier has an up_to_fen"},
		{"rule_id: a, version: 1, wallet: wechat, event: payment, kind: tiered, mode: volume, tiers: [{up_to_fen: 100, rate: 1%}, {up_to_fen: 50, rate: 1%}, {rate: 1%}], rounding: floor, source: s, mark: O", "tier 2 needs an up_to_fen above"},
		{"rule_id: a, version: 1, wallet: wechat, event: payment, kind: discount, rate: 0.61%, discount_ppm: 123457, rounding: floor, source: s, mark: O", "no whole number of millionths"},
		{"rule_id: a, version: 1, wallet: wechat, event: payment, kind: percent, rate: 0.6%, rounding: up, source: s, mark: O", `"up" is not known`},
		{"rule_id: a, version: 1, wallet: wechat, refund_policy: within_window, " + plainRule, "refund_days goes with"},
	} {
		_, err := ReadContract("c.yaml", []byte("rules:\n    - {"+c.rule+"}\n"))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "c.yaml:") {
			t.Errorf("%s:\n got %v\nwant %s", c.rule, err, c.want)
		}
	}
}

func TestARateThatIsProbablyMistypedIsPointedAt(t *testing.T) {
	c, err := ReadContract("c.yaml", []byte(`rules:
  - rule_id: a
    version: "1"
    wallet: wechat
    event: payment
    kind: percent
    rate: 60%
    rounding: half_up
    source: contract
    mark: O
  - {rule_id: b, version: "1", wallet: alipay, component: instalment, event: payment, kind: instalment, instalments: [{periods: 3, rate: 15%}, {periods: 6, rate: 45%}], rounding: half_up, source: s, mark: O}
`))
	if err != nil || len(c.Rules) != 2 {
		t.Fatal(err)
	}
	var got []string
	for _, w := range c.Warnings {
		got = append(got, w.Error())
	}
	if len(got) != 2 || got[0] != `c.yaml:7:5: fee rule "a": a rate of 60.00%: is 0.60% meant?` || !strings.Contains(got[1], "c.yaml:11:") || !strings.Contains(got[1], "0.45% meant?") {
		t.Errorf("%q", got)
	}
}

// TestTiersAreMonotone: a larger base never costs less by graduated tiers of rising
// or falling rates, whatever the rounding; nor by one rate with bounds.
func TestTiersAreMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := blankRule()
		r.ID, r.Version, r.Wallet, r.Event, r.Source, r.Mark = "tiers", "1", settlement.WeChat, OnPayment, "test", Convention
		r.Rounding = Rounding(rapid.SampledFrom(Roundings).Draw(t, "rounding"))
		rate := func() settlement.Rate { return settlement.Rate(rapid.Int32Range(0, million).Draw(t, "rate")) }
		if rapid.Bool().Draw(t, "tiered") {
			r.Kind, r.Mode = Tiered, Graduated
			upTo := settlement.Amount(0)
			for range rapid.IntRange(0, 4).Draw(t, "tiers") {
				upTo += settlement.Amount(rapid.Int64Range(1, 5000).Draw(t, "width"))
				r.Tiers = append(r.Tiers, Tier{upTo, rate()})
			}
			r.Tiers = append(r.Tiers, Tier{settlement.NoAmount, rate()})
		} else {
			r.Kind, r.Rate, r.MinFee = Clamp, rate(), settlement.Amount(rapid.Int64Range(1, 50).Draw(t, "min"))
		}
		s, err := NewSchedule([]Rule{r})
		if err != nil {
			t.Fatal(err)
		}
		rule := &s.Rules()[0]
		a := settlement.Amount(rapid.Int64Range(0, 30_000).Draw(t, "a"))
		b := a + settlement.Amount(rapid.Int64Range(0, 3000).Draw(t, "more"))
		if rule.Fee(a) > rule.Fee(b) {
			t.Fatalf("%s costs %s, %s costs %s", a, rule.Fee(a), b, rule.Fee(b))
		}
		amount, _ := rule.LargestAll(b, a)
		if amount != b {
			t.Fatalf("%s of %s is withdrawn by a rule that deducts its fee", amount, b)
		}
		rule.OnTop = true
		if amount, fee := rule.LargestAll(b, a); amount+fee > b || amount < b && amount+1+rule.ExcessFee(amount+1, a) <= b {
			t.Fatalf("%s and %s are not the most of %s with %s free", amount, fee, b, a)
		}
	})
}
