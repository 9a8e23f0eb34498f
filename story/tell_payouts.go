package story

import (
	"strings"

	"reconcile/funds"
	"reconcile/settlement"
)

// payouts tells of withdrawals: the wallet's line, the fee, when it was due, and what the
// bank says.
func (t *telling) payouts() {
	for _, f := range t.Payouts {
		t.begin(t.Say("Payout"), f["payout_no"], f["wallet"], f["account"])
		t.line(1, t.Say("withdrawn"), f["amount"], f["withdrawn_at"])
		t.line(2, f.Place())
		for _, w := range t.Withdrawals {
			if w["line_id"] == f["line_id"] {
				t.withdrawalFee(w)
			}
		}
		if f["due_on"] != "" {
			t.line(1, t.sayf("due on %s: the second working day of banks after it (T+2)", f["due_on"]))
			t.line(2, t.named("banks do not work on", t.daysOff(f)))
		}
		t.line(1, "→ "+f["status"], f["arrival"], f["arrived_on"], f["arrived_amount"], f["bank_account"])
		for _, line := range t.Bank {
			if strings.Contains(","+f["bank_reference"]+",", ","+line["flow_no"]+",") && line["account"] == f["bank_account"] {
				t.line(2, t.named("bank line", line["flow_no"]), line["settled_on"], line["amount"], line["raw_note"])
				t.line(3, line.Place())
			}
		}
		if f["leg_of"] != "" {
			t.line(1, t.Say("went on into"), f["leg_wallet"], f["leg_account"], f["leg_of"], f["movement"], t.named("fee", f["leg_fee"]))
		}
		t.line(1, t.reason(f["note"]))
	}
}

// daysOff names the days between a withdrawal and when it was due on which banks do not
// work, by the calendar that is configured here.
func (t *telling) daysOff(f Fact) string {
	calendar := t.Calendar
	if calendar == nil {
		calendar = funds.ChineseCalendar()
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
func (t *telling) withdrawalFee(w Fact) {
	t.line(1, t.Say("fee"), t.sayf("expected %s − charged %s = %s", t.or(w["expected_fee"]), t.or(w["charged_fee"]), t.or(w["variance"])),
		t.named("free", w["quota_used"]), w["rule_id"], w["variance_class"])
}

// payoutVerdict is the verdict of a story that is of payouts alone, "" of any other.
func (t *telling) payoutVerdict() string {
	if len(t.Payouts) == 0 || len(t.Events)+len(t.Lines) > 0 {
		return ""
	}
	if len(t.Payouts) == 1 {
		return t.Payouts[0]["status"]
	}
	return t.sayf("%s payouts", settlement.GroupedCount(int64(len(t.Payouts))))
}
