package main

import (
	"strings"

	"reconcile/funds"
	"reconcile/settlement"
)

// gatherPayouts reads the payouts that a number is of: the wallet's of the withdrawal or
// of the deposit that it went on to, the bank's of what it received.
func (s *story) gatherPayouts() error {
	if err := s.gather("payouts", &s.Payouts, []keyed{
		{"payout_no", s.exactly}, {"provider_txn_id", s.exactly}, {"line_id", s.exactly},
		{"bank_reference", s.exactly}, {"bank_line_id", s.exactly}, {"leg_of", s.exactly},
	}); err != nil {
		return err
	}
	s.Payouts = latest(s.Payouts, "line_id") // as it stands on the last day
	ids, bank := map[string]bool{}, map[string]bool{}
	for _, f := range s.Payouts {
		s.ids[f["line_id"]], ids[f["line_id"]] = true, true
		for _, number := range strings.Split(f["bank_reference"], ",") {
			if number != "" {
				bank[number] = true
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := s.gather("withdrawals", &s.Withdrawals, []keyed{{"line_id", ids}}); err != nil {
		return err
	}
	var lines []fact
	if err := s.gather("fund_lines", &lines, []keyed{{"flow_no", bank}}); err != nil {
		return err
	}
	for _, f := range lines {
		if f["wallet"] == settlement.Bank.String() {
			s.Bank = append(s.Bank, f)
		}
	}
	return nil
}

// payouts tells of withdrawals: the wallet's line, the fee, when it was due, and what the
// bank says.
func (t *storyText) payouts() {
	for _, f := range t.Payouts {
		t.printf("%s\n", t.part(t.say("Payout"), f["payout_no"], f["wallet"], f["account"]))
		t.printf("  %s\n    %s\n", t.part(t.say("withdrawn"), f["amount"], f["withdrawn_at"]), placeOfFact(f))
		for _, w := range t.Withdrawals {
			if w["line_id"] == f["line_id"] {
				t.withdrawalFee(w)
			}
		}
		if f["due_on"] != "" {
			t.printf("  %s\n", t.sayf("due on %s: the second working day of banks after it (T+2)", f["due_on"]))
			if days := t.daysOff(f); days != "" {
				t.printf("    %s\n", t.named("banks do not work on", days))
			}
		}
		t.printf("  %s\n", t.part("→ "+f["status"], f["arrival"], f["arrived_on"], f["arrived_amount"], f["bank_account"]))
		for _, line := range t.Bank {
			if strings.Contains(","+f["bank_reference"]+",", ","+line["flow_no"]+",") && line["account"] == f["bank_account"] {
				t.printf("    %s\n      %s\n", t.part(t.named("bank line", line["flow_no"]), line["settled_on"], line["amount"], line["raw_note"]), placeOfFact(line))
			}
		}
		if f["leg_of"] != "" {
			t.printf("  %s\n", t.part(t.say("went on into"), f["leg_wallet"], f["leg_account"], f["leg_of"], f["movement"], t.named("fee", f["leg_fee"])))
		}
		if f["note"] != "" {
			t.printf("  %s\n", printable(f["note"]))
		}
		t.printf("\n")
	}
}

// daysOff names the days between a withdrawal and when it was due on which banks do not
// work, by the calendar that is configured here.
func (t *storyText) daysOff(f fact) string {
	calendar := funds.ChineseCalendar()
	if c, err := readConfig(t.configFlag); err == nil && c.payouts.calendar != nil {
		calendar = c.payouts.calendar
	}
	due, errDue := settlement.ParseDay([]byte(f["due_on"]))
	day, err := settlement.ParseDay([]byte(f["withdrawn_at"][:min(10, len(f["withdrawn_at"]))]))
	if errDue != nil || err != nil {
		return ""
	}
	var off []settlement.Day
	for day++; day < due; day++ {
		if !calendar.Works(day) {
			off = append(off, day)
		}
	}
	return funds.DaysText(off)
}

// withdrawalFee tells what a withdrawal cost.
func (t *storyText) withdrawalFee(w fact) {
	or := func(value string) string {
		if value == "" {
			return t.say("not known")
		}
		return value
	}
	t.printf("  %s\n", t.part(t.say("fee"), t.sayf("expected %s − charged %s = %s", or(w["expected_fee"]), or(w["charged_fee"]), or(w["variance"])),
		t.named("free", w["quota_used"]), w["rule_id"], w["variance_class"]))
}

// payoutVerdict is the verdict of a story that is of payouts alone, "" of any other.
func (s *story) payoutVerdict(a *app) string {
	if len(s.Payouts) == 0 || len(s.Events)+len(s.Lines) > 0 {
		return ""
	}
	if len(s.Payouts) == 1 {
		return s.Payouts[0]["status"]
	}
	return a.sayf("%s payouts", groupedCount(int64(len(s.Payouts))))
}
