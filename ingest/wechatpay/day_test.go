package wechatpay

import (
	"slices"
	"strings"
	"testing"

	"reconcile/settlement"
)

func day(t *testing.T, text string) settlement.Day {
	t.Helper()
	if text == "" {
		return settlement.NoDay
	}
	d, err := settlement.ParseDay([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDayInName(t *testing.T) {
	for _, c := range []struct {
		name, want string
		several    bool
	}{
		{"1900000109All2024-09-12_2024-09-12.csv", "2024-09-12", false},
		{"1900000109_ALL_20240912.csv", "2024-09-12", false},
		{"20240912.csv.gz", "2024-09-12", false},
		{"2024-09-12", "2024-09-12", false},
		{"bill-2024-09-12-20240912.csv", "2024-09-12", false},
		{"1900000109All2024-09-01_2024-09-30.csv", "", true},
		{"20240912101112.csv", "", false},           // a time, or any number
		{"4200002412202409121234567890", "", false}, // a date inside a longer number
		{"2024-13-01.csv", "", false},
		{"20240230.csv", "", false},
		{"2024-09-123.csv", "", false},
		{"10014843.csv", "", false}, // a merchant number of eight digits
		{"bill.csv", "", false},
		{"", "", false},
		{"2024-09", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, several := dayInName(c.name)
			if got != day(t, c.want) || several != c.several {
				t.Errorf("%q, several %v", got.String(), several)
			}
		})
	}
}

func TestDayOfTheBill(t *testing.T) {
	paid := func(on string) fields { return paymentRow("交易时间", on+" 10:11:12") }
	for _, c := range []struct {
		name                 string
		stated, member, file string
		rows                 []fields
		want                 string // the statement's day, "" where it is not known
		inRows               string // settled_on of the rows
		note                 string
	}{
		{"the request says it", "2024-09-12", "", "bill.csv", []fields{paid("2024-09-12")}, "2024-09-12", "2024-09-12", ""},
		{"the file's name says it", "", "", "x/2024-09-12.csv", []fields{paid("2024-09-12"), refundRow()}, "2024-09-12", "2024-09-12", ""},
		{"the member's name comes before the file's", "", "in/20240912.csv", "20240913.zip", []fields{paid("2024-09-12")}, "2024-09-12", "2024-09-12", ""},
		{"a folder's name does not count", "", "", "2024-09-13/bill.csv", []fields{paid("2024-09-12")}, "2024-09-12", "", ""},
		{"payment rows that agree", "", "", "bill.csv", []fields{paid("2024-09-12"), paid("2024-09-12")}, "2024-09-12", "", ""},
		{"payment rows that do not", "", "", "bill.csv", []fields{paid("2024-09-12"), paid("2024-09-14")}, "", "", "its payment rows are of 2024-09-12 to 2024-09-14"},
		{"the time of a refund is no evidence", "2024-09-12", "", "bill.csv", []fields{refundRow("交易时间", "2024-08-01 00:00:00")}, "2024-09-12", "2024-09-12", ""},
		{"only refunds", "", "", "bill.csv", []fields{refundRow()}, "", "", "there are no payment rows"},
		{"nothing at all", "", "", "bill.csv", nil, "", "", "there are no payment rows"},
		{"an empty day with a name", "", "", "20240912.csv", nil, "2024-09-12", "", ""},
		{"several days in the name", "", "", "2024-09-01_2024-09-30.csv", []fields{paid("2024-09-12"), paid("2024-09-13")}, "", "", "more than one date"},
		{"a name that the rows and the request contradict", "2024-09-12", "", "2024-09-13.csv", []fields{paid("2024-09-12")}, "2024-09-12", "2024-09-12", "the file's name says 2024-09-13; the payment rows agree with 2024-09-12"},
		{"the last second of the day", "", "", "20240912.csv", []fields{paymentRow("交易时间", "2024-09-12 23:59:59")}, "2024-09-12", "2024-09-12", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := input(newBill(currentALL, c.rows...).text())
			in.Day, in.Member, in.File = day(t, c.stated), c.member, c.file
			lines, s := accept(t, in)
			until := ""
			if c.want != "" {
				until = (day(t, c.want) + 1).String()
			}
			if s.From.String() != c.want || s.Until.String() != until {
				t.Errorf("from %q until %q", s.From, s.Until)
			}
			for i := range lines.Len() {
				if lines.SettledOn[i].String() != c.inRows {
					t.Errorf("settled_on %q", lines.SettledOn[i])
				}
			}
			if c.note != "" && !slices.ContainsFunc(s.Notes, func(n string) bool { return strings.Contains(n, c.note) }) {
				t.Errorf("notes %q", s.Notes)
			}
		})
	}
}

func TestContradictingDaysAreRefused(t *testing.T) {
	first := paymentRow("交易时间", "2024-09-12 00:00:00")
	later := paymentRow("交易时间", "2024-09-13 00:00:00")
	for _, c := range []struct {
		name, stated, file string
		rows               []fields
		want               string
	}{
		{"the name and a payment", "", "2024-09-12.csv", []fields{first, later, later},
			"2024-09-12.csv:3:2: 交易时间: a payment of 2024-09-13 in the bill of 2024-09-12, the day given by the file's name (and 1 more such rows)"},
		{"the request and a payment", "2024-09-11", "bill.csv", []fields{first},
			"bill.csv:2:2: 交易时间: a payment of 2024-09-12 in the bill of 2024-09-11, the day given by the request or the configuration"},
		{"the request and the name, without payments", "2024-09-11", "2024-09-12.csv", []fields{refundRow()},
			"2024-09-12.csv: the file's name says 2024-09-12, the request or the configuration says 2024-09-11, and no payment row tells"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := input(newBill(currentALL, c.rows...).text())
			in.Day, in.File = day(t, c.stated), c.file
			refuse(t, in, c.want)
		})
	}
}
