package fees

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reconcile/settlement"
)

func TestPaymentTimeSelectsTheRule(t *testing.T) {
	utc := func(text string) settlement.Instant {
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return settlement.InstantOf(parsed)
	}
	open := settlement.NoInstant
	micro := schedule(t,
		contract("standard", settlement.WeChat, 6000, open, at(t, "2021-09-01 00:00:00")),
		contract("micro", settlement.WeChat, 5400, at(t, "2021-09-01 00:00:00"), at(t, "2025-10-01 00:00:00")),
		contract("standard again", settlement.WeChat, 6000, at(t, "2025-10-01 00:00:00"), open))
	accepted := schedule(t, // changed on 2024-11-18 15:00, in force the next day
		contract("703", settlement.WeChat, 6000, open, at(t, "2024-11-19 00:00:00")),
		contract("754", settlement.WeChat, 3800, at(t, "2024-11-19 00:00:00"), open))
	claimed := schedule(t, contract("claimed", settlement.Alipay, 5400, at(t, "2021-08-01 00:00:00"), at(t, "2025-10-01 00:00:00")))

	for _, c := range []struct {
		name     string
		schedule *Schedule
		wallet   settlement.Wallet
		paidAt   settlement.Instant
		want     string // rule, "" for none
		fee      string // of 100.00
	}{
		{"T02 first second of the new rate", micro, settlement.WeChat, at(t, "2021-09-01 00:00:00"), "micro", "0.54"},
		{"T03 paid just after midnight, ordered before", micro, settlement.WeChat, at(t, "2021-09-01 00:00:05"), "micro", "0.54"},
		{"T03 paid just before midnight", micro, settlement.WeChat, at(t, "2021-08-31 23:59:59"), "standard", "0.60"},
		{"the last microsecond", micro, settlement.WeChat, at(t, "2025-10-01 00:00:00") - 1, "micro", "0.54"},
		{"until is exclusive", micro, settlement.WeChat, at(t, "2025-10-01 00:00:00"), "standard again", "0.60"},
		{"T05 a change takes effect the next day", accepted, settlement.WeChat, at(t, "2024-11-19 00:00:00"), "754", "0.38"},
		{"T05 not on the day it is accepted", accepted, settlement.WeChat, at(t, "2024-11-18 15:00:01"), "703", "0.60"},
		{"T06 an instant in UTC", claimed, settlement.Alipay, utc("2021-07-31T16:00:00Z"), "claimed", "0.54"},
		{"T06 a second before", claimed, settlement.Alipay, utc("2021-07-31T15:59:59Z"), "", ""},
		{"another wallet's rule does not apply", claimed, settlement.WeChat, at(t, "2022-01-01 00:00:00"), "", ""},
		{"unknown time where time decides", accepted, settlement.WeChat, open, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			rule := c.schedule.Select(Subject{Wallet: c.wallet, Event: OnPayment}, c.paidAt)
			if c.want == "" {
				if rule != nil {
					t.Errorf("got %s, want none", rule)
				}
				return
			}
			if rule == nil || rule.ID != c.want {
				t.Fatalf("got %v, want %s", rule, c.want)
			}
			if fee := rule.Rate.HalfUp(yuan(t, "100.00")); fee != yuan(t, c.fee) {
				t.Errorf("100.00 costs %s, want %s", fee, c.fee)
			}
		})
	}
}

func TestSelectBeforeNeedsOneAnswer(t *testing.T) {
	change := at(t, "2024-10-01 00:00:00")
	terms := schedule(t,
		contract("old", settlement.WeChat, 5400, settlement.NoInstant, change),
		contract("new", settlement.WeChat, 6000, change, settlement.NoInstant))
	if rule := terms.SelectBefore(Subject{Wallet: settlement.WeChat, Event: OnPayment}, change-1); rule == nil || rule.ID != "old" {
		t.Errorf("before the change: %v, want old", rule)
	}
	if rule := terms.SelectBefore(Subject{Wallet: settlement.WeChat, Event: OnPayment}, change); rule != nil {
		t.Errorf("after it either could apply, got %s", rule)
	}
	preset := contract("preset", settlement.WeChat, 6000, settlement.NoInstant, settlement.NoInstant)
	preset.Assumed = true
	mixed := schedule(t, preset, contract("contract", settlement.WeChat, 5400, change, settlement.NoInstant))
	if rule := mixed.SelectBefore(Subject{Wallet: settlement.WeChat, Event: OnPayment}, change); rule != nil {
		t.Errorf("the preset or the contract could apply, got %s", rule)
	}
	if rule := mixed.SelectBefore(Subject{Wallet: settlement.WeChat, Event: OnPayment}, change-1); rule == nil || rule.ID != "preset" {
		t.Errorf("before the contract: %v, want preset", rule)
	}
}

func TestContractComesBeforePreset(t *testing.T) {
	preset := contract("preset", settlement.Alipay, 6000, settlement.NoInstant, settlement.NoInstant)
	preset.Assumed = true
	s := schedule(t, preset, contract("contract", settlement.Alipay, 5500, at(t, "2024-01-01 00:00:00"), at(t, "2025-01-01 00:00:00")))
	for text, want := range map[string]string{
		"2023-12-31 23:59:59": "preset", "2024-01-01 00:00:00": "contract", "2025-01-01 00:00:00": "preset",
	} {
		if rule := s.Select(Subject{Wallet: settlement.Alipay, Event: OnPayment}, at(t, text)); rule == nil || rule.ID != want {
			t.Errorf("at %s: %v, want %s", text, rule, want)
		}
	}
}

func TestFaultsOfASchedule(t *testing.T) {
	open, change := settlement.NoInstant, at(t, "2024-10-01 00:00:00")
	good := contract("good", settlement.WeChat, 6000, open, open)
	with := func(change func(*Rule)) []Rule {
		r := good
		change(&r)
		return []Rule{r}
	}
	for _, c := range []struct {
		name  string
		rules []Rule
		want  []string // parts of the message
	}{
		{"rules that overlap are both named", []Rule{
			contract("first", settlement.WeChat, 6000, open, change+1),
			contract("second", settlement.WeChat, 5400, change, open),
		}, []string{"first version 1", "second version 1"}},
		{"open rules overlap", []Rule{
			contract("first", settlement.WeChat, 6000, open, open),
			contract("second", settlement.WeChat, 5400, open, open),
		}, []string{"first version 1", "second version 1"}},
		{"every overlapping pair is named", []Rule{
			contract("all", settlement.WeChat, 6000, open, open),
			contract("early", settlement.WeChat, 5400, open, change),
			contract("late", settlement.WeChat, 5400, change, open),
		}, []string{"all version 1 (wechat payment, from the beginning until further notice) and early", "and late"}},
		{"an id and version twice", []Rule{
			contract("twice", settlement.WeChat, 6000, open, open),
			contract("twice", settlement.Alipay, 6000, open, open),
		}, []string{`"twice": version 1 is given twice`}},
		{"all faults at once", []Rule{
			contract("", settlement.WeChat, 6000, open, open),
			contract("high", settlement.Alipay, 1_000_001, open, open),
		}, []string{"rule_id is missing", `"high": rate_ppm`}},
		{"the reserved id", with(func(r *Rule) { r.ID = OwnRate }), []string{"reserved"}},
		{"no version", with(func(r *Rule) { r.Version = "" }), []string{"version is missing"}},
		{"no wallet", with(func(r *Rule) { r.Wallet = settlement.NoWallet }), []string{"wallet"}},
		{"an unknown wallet", with(func(r *Rule) { r.Wallet = 200 }), []string{"wallet"}},
		{"an event that is no event of fees", with(func(r *Rule) { r.Event = OnDeposit + 1 }), []string{"event"}},
		{"until before from", with(func(r *Rule) { r.From, r.Until = change, change }), []string{"not after"}},
		{"a negative rate", with(func(r *Rule) { r.Rate = -2 }), []string{"rate_ppm"}},
		{"a percentage without a rate", with(func(r *Rule) { r.Rate = settlement.NoRate }), []string{"rate_ppm"}},
		{"a percentage without rounding", with(func(r *Rule) { r.Rounding = "" }), []string{"rounding"}},
		{"an unknown kind", with(func(r *Rule) { r.Kind = "tiers" }), []string{`kind "tiers"`}},
		{"an unknown refund policy", with(func(r *Rule) { r.Refund = "sometimes" }), []string{`refund_policy "sometimes"`}},
		{"as billed with a rate", with(func(r *Rule) { r.Kind = AsBilled }), []string{"no rate_ppm", "no rounding", "refund_policy"}},
		{"a refund percentage without policy", with(func(r *Rule) { r.Event, r.Refund = OnRefund, "" }), []string{"refund_policy"}},
		{"no source", with(func(r *Rule) { r.Source = "" }), []string{"source is missing"}},
		{"an unknown mark", with(func(r *Rule) { r.Mark = "X" }), []string{`mark "X"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := NewSchedule(c.rules)
			if err == nil || s != nil {
				t.Fatal("accepted")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("message lacks %q:\n%v", part, err)
				}
			}
		})
	}
	t.Run("rules that touch do not overlap", func(t *testing.T) {
		schedule(t, contract("first", settlement.WeChat, 6000, open, change), contract("second", settlement.WeChat, 5400, change, open))
	})
	t.Run("rules of two wallets or events do not overlap", func(t *testing.T) {
		refunds := good
		refunds.ID, refunds.Event = "refunds", OnRefund
		schedule(t, good, refunds, contract("other", settlement.Alipay, 6000, open, open))
	})
}

func TestPresets(t *testing.T) {
	s := presets(t)
	day := at(t, "2024-09-12 10:00:00")
	for _, c := range []struct {
		wallet settlement.Wallet
		id     string
		refund RefundPolicy
	}{
		{settlement.WeChat, "wechat_acquiring_standard", RefundPerRefundClamped},
		{settlement.Alipay, "alipay_acquiring_standard", RefundUnknown},
	} {
		r := s.Select(Subject{Wallet: c.wallet, Event: OnPayment}, day)
		if r == nil || r.ID != c.id || r.Rate != 6000 || r.Kind != Percent || r.Refund != c.refund ||
			!r.Assumed || r.Mark != ThirdParty || r.Source == "" {
			t.Errorf("%s: %+v", c.wallet, r)
		}
	}
	for _, wallet := range []settlement.Wallet{settlement.TaobaoAggregated, settlement.Bank, settlement.NoWallet} {
		if r := s.Select(Subject{Wallet: wallet, Event: OnPayment}, day); r != nil {
			t.Errorf("%q has a preset: %s", wallet, r)
		}
	}
}

func TestParseRules(t *testing.T) {
	const valid = `
rules:
  - rule_id: terms
    version: "2024-10"
    wallet: wechat
    event: payment
    from: 2024-10-01
    until: "2024-11-19 12:00:00"
    kind: percent
    rate_ppm: 3800
    rounding: half_up
    refund_policy: none
    source: contract 12
    mark: O
`
	read, err := ReadContract("terms.yaml", []byte(valid))
	if err != nil {
		t.Fatal(err)
	}
	rules := read.Rules
	want := Rule{
		ID: "terms", Version: "2024-10", Wallet: settlement.WeChat, Event: OnPayment,
		From: at(t, "2024-10-01 00:00:00"), Until: at(t, "2024-11-19 12:00:00"), Kind: Percent, Rate: 3800,
		Rounding: HalfUp, Refund: RefundNone, Source: "contract 12", Mark: Official,
		Component: settlement.ChannelFee, Base: BaseSettled, ListRate: settlement.NoRate,
		MinFee: settlement.NoAmount, MaxFee: settlement.NoAmount, At: settlement.Position{File: "terms.yaml", Line: 3}, plain: true, everyone: true,
	}
	if diff := cmp.Diff([]Rule{want}, rules, cmp.AllowUnexported(Rule{})); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct{ name, from, to, want string }{
		{"an unknown key", "rate_ppm:", "rate_pm:", "rate_pm"},
		{"a key twice", "mark: O", "mark: O\n    mark: O", "mark"},
		{"a rate with a point", "3800", "0.38", "rate_ppm: 0.38 is no rate"},
		{"a rate in scientific notation", "3800", "38e2", "rate_ppm: 38e2 is no rate"},
		{"a rate in another base", "3800", "0x1000", "rate_ppm: 0x1000 is no rate"},
		{"a rate that is too high", "3800", "1000001", "rate_ppm: 1000001 is no rate"},
		{"a rate beyond 32 bits", "3800", "4294967296", "rate_ppm: 4294967296 is no rate"},
		{"a negative rate", "3800", "-1", "rate_ppm: -1 is no rate"},
		{"a list for a rate", "3800", "[3800]", "single value"},
		{"an unknown wallet", "wallet: wechat", "wallet: paypal", `"paypal"`},
		{"an unknown event", "event: payment", "event: revoke", `"revoke"`},
		{"a day that is none", "2024-10-01", "2024-02-30", `from: "2024-02-30"`},
		{"a time that is none", "12:00:00", "12:00:61", "until"},
		{"no rules", "rules:", "rules: []\nrest:", "terms.yaml"},
		{"a second document", "mark: O\n", "mark: O\n---\nrules: []\n", "a second document"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(valid, c.from, c.to, 1)
			if text == valid {
				t.Fatal("the fault was not planted")
			}
			if _, err := ReadContract("terms.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want a message with %q", err, c.want)
			}
		})
	}
	t.Run("a version that looks like a number keeps its digits", func(t *testing.T) {
		c, err := ReadContract("terms.yaml", []byte(strings.Replace(valid, `"2024-10"`, "1.10", 1)))
		if err != nil || c.Rules[0].Version != "1.10" {
			t.Errorf("got %v, %v", c.Rules, err)
		}
	})
	t.Run("an empty file", func(t *testing.T) {
		if _, err := ReadContract("terms.yaml", nil); err == nil {
			t.Error("accepted")
		}
	})
	t.Run("a percentage without a rate", func(t *testing.T) {
		_, err := ReadContract("terms.yaml", []byte(strings.Replace(valid, "    rate_ppm: 3800\n", "", 1)))
		if err == nil || !strings.Contains(err.Error(), "terms.yaml:3:5: fee rule \"terms\": rate_ppm must be given") {
			t.Errorf("got %v", err)
		}
	})
}
