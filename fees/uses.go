package fees

import (
	"fmt"
	"strings"

	"reconcile/settlement"
)

// WriteUses writes how a withdrawal used quotas, as the table withdrawals holds it:
// "day from 2024-09-12 00:00:00: 100.00; lifetime: 50.00". "" of no use.
func WriteUses(uses []Use) string {
	var parts []string
	for _, u := range uses {
		text := string(u.Period)
		if u.Start != settlement.NoInstant {
			text += " from " + u.Start.String()
		}
		parts = append(parts, text+": "+u.Amount.String())
	}
	return strings.Join(parts, "; ")
}

// ReadUses reads what WriteUses wrote.
func ReadUses(text string) (uses []Use, err error) {
	if text == "" {
		return nil, nil
	}
	for _, part := range strings.Split(text, "; ") {
		at := strings.LastIndex(part, ": ")
		if at < 0 {
			return nil, fmt.Errorf("%q does not say how a quota was used", text)
		}
		u := Use{Start: settlement.NoInstant}
		if u.Amount, err = settlement.ParseAmount([]byte(part[at+2:])); err != nil {
			return nil, fmt.Errorf("quota use %q: %w", part, err)
		}
		period, start, dated := strings.Cut(part[:at], " from ")
		if u.Period = Period(period); dated {
			if u.Start, err = settlement.ParseInstant([]byte(start)); err != nil {
				return nil, fmt.Errorf("quota use %q: %w", part, err)
			}
		}
		uses = append(uses, u)
	}
	return uses, nil
}

// Rule returns the rule of an id and version, nil where there is none.
func (s *Schedule) Rule(id, version string) *Rule {
	for i := range s.rules {
		if r := &s.rules[i]; r.ID == id && r.Version == version {
			return r
		}
	}
	return nil
}
