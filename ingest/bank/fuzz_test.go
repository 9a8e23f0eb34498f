package bank

import (
	"errors"
	"testing"

	"reconcile/settlement"
)

// FuzzRead: arbitrary bytes never panic; what is accepted has the sums that it states, and
// ties with totals stated from its own lines.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{plainFile, mappedFile, gb(f, mappedFile), plainHeader, "booked_at,credit,debit\n2024-09-12,,-1\n", "booked_at,amount,purpose\n2024-09-12T08:00:00Z,1,\"a\nb\"", ""} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, content []byte, isMapped bool) {
		if RecogniseCAMT(content) {
			return
		}
		m := Mapping{}
		if isMapped {
			m = mapped
			m.Encoding = "gb18030"
		}
		Foreign(content)
		Recognise(content, m)
		st, lines, err := read(content, m)
		if err != nil {
			mustBeRefusal(t, err)
			return
		}
		checkSums(t, st, lines)
		credit, debit := st.KindSums[settlement.Income].Gross, -st.KindSums[settlement.Expense].Gross
		if m.TotalRows = &st.Rows; credit >= 0 && debit >= 0 {
			m.TotalCredit, m.TotalDebit = &credit, &debit
		}
		if _, _, err := read(content, m); err != nil {
			t.Fatalf("its own totals do not tie: %v", err)
		}
	})
}

// FuzzReadCAMT: arbitrary bytes never panic; what is accepted has totals that tie.
func FuzzReadCAMT(f *testing.F) {
	for _, seed := range []string{document("02", statementOf(pending)), document("08", statementOf(""), statementOf("")), document("13"), gb(f, document("04", statementOf("")))} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		Foreign(content)
		if !RecogniseCAMT(content) {
			return
		}
		st, lines, err := read(content, Mapping{})
		if err != nil {
			mustBeRefusal(t, err)
			return
		}
		checkSums(t, st, lines)
	})
}

func mustBeRefusal(t *testing.T, err error) {
	t.Helper()
	var refusal *settlement.Refusal
	if !errors.As(err, &refusal) || len(refusal.Errors) == 0 {
		t.Fatalf("%v is no refusal", err)
	}
}

// FuzzTimes: a day and time of whatever form is read as what it prints as, or not at all.
func FuzzTimes(f *testing.F) {
	for _, seed := range []string{"2024-09-12", "2024年9月12日", "20240912083000", "2024.9.12 08:30", "2024-09-12T08:30:00+09:00", "2024-02-30", "2024/9/12 24:00:00", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		day, at, ok := bookedAt(text)
		if !ok {
			return
		}
		text = day.String()
		if at != settlement.NoInstant {
			text = at.Time().Format("2006-01-02 15:04:05.999999")
		}
		if d, again, ok := bookedAt(text); !ok || d != day || again != at {
			t.Fatalf("%s %s is read as %s %s", day, at, d, again)
		}
	})
}
