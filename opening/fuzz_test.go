package opening

import (
	"errors"
	"strings"
	"testing"

	"reconcile/settlement"
)

func FuzzParse(f *testing.F) {
	f.Add([]byte(header + day + "order,wechat,1,A1,,,25.00,2024-09-11 23:59:40,,\n"))
	f.Add([]byte("\ufeff" + header + day + "payment,wechat,1,A2,,42,100.00,2024-09-10 12:00:00,0.60,30.00\nbalance,wechat,1,,,,1520.35,,,\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := Parse("opening.csv", raw)
		var refusal *settlement.Refusal
		switch {
		case err == nil && (s == nil || s.Day == settlement.NoDay):
			t.Error("accepted without a day")
		case err != nil && (!errors.As(err, &refusal) || len(refusal.Errors) == 0 || s != nil):
			t.Errorf("neither accepted nor refused: %v", err)
		case err == nil && s.Payments.Len() != s.Paid.Len():
			t.Errorf("%d payments of %d orders", s.Payments.Len(), s.Paid.Len())
		}
	})
}

func TestALineOfAMillionFieldsIsRefusedAtOnce(t *testing.T) {
	_, err := Parse("opening.csv", []byte(header+strings.Repeat(",", 1_000_000)+"\n"))
	if err == nil || !strings.Contains(err.Error(), "opening.csv:2:1: a row of 1000001 fields") {
		t.Errorf("%v", err)
	}
}
