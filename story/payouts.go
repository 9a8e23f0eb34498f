package story

import (
	"strings"

	"reconcile/settlement"
)

// gatherPayouts reads the payouts that a number is of: the wallet's of the withdrawal or
// of the deposit that it went on to, the bank's of what it received.
func (s *Story) gatherPayouts() error {
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
	var lines []Fact
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
