package settlement

import "testing"

// someBreak is a refund that came back short.
func someBreak() Break {
	return Break{
		Kind: AmountMismatch, Wallet: WeChat, Account: []byte("1600123456"), OrderNo: []byte("S1"), PaymentNo: []byte("P1"),
		RefundNo: []byte("R1"), ProviderID: []byte("4200"), Shop: []byte("shop"), LineID: ID{1, 2}, EventID: ID{3, 4},
		Expected: -5000, Actual: -6000, SeenOn: 19_978, Reason: "differs", Suggest: "look", File: 2, FileLine: 7,
	}
}

func added(f Break, on Day) *Breaks {
	var h IDHasher
	b := &Breaks{}
	b.Add(&h, f, on)
	return b
}

func TestDifferenceIsActualMinusExpected(t *testing.T) {
	for _, c := range []struct {
		name                   string
		expected, actual, want Amount
	}{
		{"money that did not come hurts", 10_000, NoAmount, -10_000},
		{"money nobody asked for", NoAmount, 10_000, 10_000},
		{"too little came", 10_000, 9_999, -1},
		{"a refund that took too much", -5000, -6000, -1000},
		{"a refund that is in no statement", -5000, NoAmount, 5000},
		{"nothing on either side", NoAmount, NoAmount, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := someBreak()
			f.Expected, f.Actual = c.expected, c.actual
			b := added(f, 19_978)
			if b.Difference[0] != c.want || b.Expected[0] != c.expected || b.Actual[0] != c.actual {
				t.Errorf("%s − %s = %s", b.Actual[0], b.Expected[0], b.Difference[0])
			}
		})
	}
}

func TestABreakIDFollowsFromItsKindAndNumbersAlone(t *testing.T) {
	first := added(someBreak(), 19_978).ID[0]
	for name, change := range map[string]func(*Break){
		"the file":     func(f *Break) { f.File, f.FileLine = 9, 99 },
		"the amounts":  func(f *Break) { f.Expected, f.Actual = 1, 2 },
		"the day":      func(f *Break) { f.SeenOn = 20_000 },
		"the wording":  func(f *Break) { f.Reason, f.Suggest = "x", "y" },
		"the shop":     func(f *Break) { f.Shop = nil },
		"the identity": func(f *Break) { f.LineID, f.EventID = ID{}, ID{} },
	} {
		f := someBreak()
		change(&f)
		if got := added(f, 20_001).ID[0]; got != first {
			t.Errorf("%s changes the id", name)
		}
	}
	seen := map[ID]string{first: "the break itself"}
	for name, change := range map[string]func(*Break){
		"kind":                           func(f *Break) { f.Kind = StatusMismatch },
		"wallet":                         func(f *Break) { f.Wallet = Alipay },
		"account":                        func(f *Break) { f.Account = []byte("1600123457") },
		"no account":                     func(f *Break) { f.Account = nil },
		"order":                          func(f *Break) { f.OrderNo = []byte("S2") },
		"payment":                        func(f *Break) { f.PaymentNo = []byte("P2") },
		"refund":                         func(f *Break) { f.RefundNo = []byte("R2") },
		"provider's number":              func(f *Break) { f.ProviderID = []byte("4201") },
		"order and payment run together": func(f *Break) { f.OrderNo, f.PaymentNo = []byte("S1P1"), nil },
		"the second of its kind":         func(f *Break) { f.Nth = 1 },
		"the third of its kind":          func(f *Break) { f.Nth = 2 },
	} {
		f := someBreak()
		change(&f)
		id := added(f, 19_978).ID[0]
		if other, ok := seen[id]; ok {
			t.Errorf("%s: the same id as %s", name, other)
		}
		seen[id] = name
	}
}

func TestABreakIsAddedOpenWithItsAge(t *testing.T) {
	for _, c := range []struct {
		name    string
		on, see Day
		want    int64
	}{
		{"on its first day", 19_978, 19_978, 0},
		{"three days later", 19_981, 19_978, 3},
		{"first seen after the run's day", 19_970, 19_978, 0},
		{"of a run without a day", NoDay, 19_978, 0},
		{"of an unknown day", 19_978, NoDay, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := someBreak()
			f.SeenOn = c.see
			b := added(f, c.on)
			if b.AgeDays[0] != c.want || b.Status[0] != BreakOpen || b.ClosedOn[0] != NoDay || b.FirstSeenOn[0] != c.see {
				t.Errorf("age %d, status %s, closed %s, first seen %s", b.AgeDays[0], b.Status[0], b.ClosedOn[0], b.FirstSeenOn[0])
			}
		})
	}
}

func TestAddFillsEveryColumn(t *testing.T) {
	b := added(someBreak(), 19_978)
	rec := Record(b) // panics where a column is short
	defer rec.Release()
	for name, got := range map[string]string{
		"1600123456": b.Account.StringAt(0), "S1": b.OrderNo.StringAt(0), "P1": b.PaymentNo.StringAt(0), "R1": b.RefundNo.StringAt(0),
		"4200": b.ProviderID.StringAt(0), "shop": b.Shop.StringAt(0), "differs": b.Reason.StringAt(0), "look": b.Suggestion.StringAt(0),
		"CNY": b.Currency[0].String(), "amount_mismatch": b.Kind[0].String(), "wechat": b.Wallet[0].String(),
	} {
		if got != name {
			t.Errorf("got %q where %q was given", got, name)
		}
	}
	if b.File[0] != 2 || b.Line[0] != 7 || b.LineID[0] != (ID{1, 2}) || b.EventID[0] != (ID{3, 4}) {
		t.Errorf("got %d, %d, %v, %v", b.File[0], b.Line[0], b.LineID[0], b.EventID[0])
	}
}
