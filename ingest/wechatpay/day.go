package wechatpay

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// expectedDay is the bill's day as it is known before the rows are read.
type expectedDay struct {
	day    settlement.Day // NoDay where nothing gives it
	from   string         // what gave it, for messages
	inName settlement.Day // the one date in the file's name, else NoDay
	notes  []string
}

// dayBefore takes the day from the request or the configuration, else from the
// name of the member, else of the file. A name with several dates gives none.
func dayBefore(in delimited.Input) expectedDay {
	e := expectedDay{day: settlement.NoDay, inName: settlement.NoDay}
	for _, name := range []string{in.Member, in.File} {
		day, several := dayInName(baseName(name))
		if several {
			e.notes = append(e.notes, "the name "+baseName(name)+" has more than one date: none is taken as the bill's day")
		}
		if several || day != settlement.NoDay {
			e.inName = day
			break
		}
	}
	switch {
	case in.Day != settlement.NoDay:
		e.day, e.from = in.Day, "the request or the configuration"
	case e.inName != settlement.NoDay:
		e.day, e.from = e.inName, "the file's name"
	}
	return e
}

func baseName(name string) string {
	return path.Base(strings.ReplaceAll(name, `\`, "/"))
}

// dayInName finds dates of the forms 2021-01-28 and 20210128 that no other digit
// touches. several says that there are different ones; the day is then NoDay.
func dayInName(name string) (day settlement.Day, several bool) {
	day = settlement.NoDay
	for at := 0; at < len(name); {
		if !isDigit(name[at]) {
			at++
			continue
		}
		end := at
		for end < len(name) && isDigit(name[end]) {
			end++
		}
		found, next := dateAt(name, at, end)
		if found != settlement.NoDay {
			if day != settlement.NoDay && day != found {
				return settlement.NoDay, true
			}
			day = found
		}
		at = next
	}
	return day, false
}

// dateAt reads the run of digits name[at:end], with what follows it, as a date.
// next is where to look on.
func dateAt(name string, at, end int) (day settlement.Day, next int) {
	day, next = settlement.NoDay, end
	var text string
	switch {
	case end-at == 8:
		text = name[at:at+4] + "-" + name[at+4:at+6] + "-" + name[at+6:end]
	case end-at == 4 && len(name) >= at+10 && (len(name) == at+10 || !isDigit(name[at+10])):
		text, next = name[at:at+10], at+10
	default:
		return day, next
	}
	found, err := settlement.ParseDay([]byte(text))
	if err != nil {
		return settlement.NoDay, end
	}
	return found, next
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// ownName is how WeChat Pay names a bill that is downloaded from the merchant
// platform: 1900000109All2024-09-12_2024-09-12.csv.
var ownName = regexp.MustCompile(`^([0-9]{8,10})[-_]?(?i:all|success|refund|fund|basic|operation|fees|profit|资金|分账)`)

// accountInName is the merchant number in the name of the member or file, for
// bills whose rows do not have it; "" where the name is not of WeChat Pay's form.
func accountInName(in delimited.Input) string {
	for _, name := range []string{in.Member, in.File} {
		m := ownName.FindStringSubmatch(baseName(name))
		if m == nil {
			continue
		}
		if day, _ := dayInName(m[1]); day == settlement.NoDay { // 20240912_资金账单.csv
			return m[1]
		}
	}
	return ""
}

var letters = regexp.MustCompile(`[A-Za-z]+`)

// purses are the accounts of a merchant by their names.
var purses = map[string]string{"basic": "basic", "operation": "operation", "fees": "fees",
	"基本账户": "basic", "运营账户": "operation", "手续费账户": "fees"}

// purseInName is which of a merchant's accounts the name of the member or file says;
// "" where it says none, or with a note several.
func purseInName(in delimited.Input) (purse string, notes []string) {
	for _, name := range []string{in.Member, in.File} {
		name = baseName(name)
		found := map[string]bool{}
		for _, word := range letters.FindAllString(name, -1) {
			word = strings.TrimPrefix(strings.ToLower(word), "fundflow")
			if purse := purses[word]; purse != "" {
				found[purse] = true
			}
		}
		for words, purse := range purses {
			if words[0] >= utf8.RuneSelf && strings.Contains(name, words) {
				found[purse] = true
			}
		}
		if len(found) > 1 {
			return "", []string{"the name " + name + " says more than one of the accounts BASIC, OPERATION, FEES: none is taken"}
		}
		for purse := range found {
			return purse, nil
		}
	}
	return "", nil
}

// noDays is where the days of rows start from.
var noDays = paidDays{min: settlement.NoDay, max: settlement.NoDay}

// paidDays gathers the days of the rows that tell a bill's, one of a worker each: of
// payment rows in a trade bill, of all in a fund-flow bill.
type paidDays struct {
	min, max  settlement.Day // NoDay before the first row
	wrong     int64          // rows whose day is not the expected one
	wrongLine int64          // the first of these
	wrongAt   int64          // its column in decoded characters
	wrongDay  settlement.Day
}

func (p *paidDays) merge(o paidDays) {
	if o.min == settlement.NoDay {
		return
	}
	if p.min == settlement.NoDay {
		*p = o
		return
	}
	p.min, p.max = min(p.min, o.min), max(p.max, o.max)
	if o.wrong > 0 && (p.wrong == 0 || o.wrongLine < p.wrongLine) {
		p.wrongLine, p.wrongAt, p.wrongDay = o.wrongLine, o.wrongAt, o.wrongDay
	}
	p.wrong += o.wrong
}

// see notes the day of a row; at is the column of its time in decoded characters.
func (p *paidDays) see(day, expected settlement.Day, line int64, at func() int64) {
	if p.min == settlement.NoDay {
		p.min, p.max = day, day
	}
	p.min, p.max = min(p.min, day), max(p.max, day)
	if expected == settlement.NoDay || expected == day {
		return
	}
	if p.wrong++; p.wrong == 1 {
		p.wrongLine, p.wrongDay, p.wrongAt = line, day, at()
	}
}

// dayRows are the rows that tell a bill's day.
type dayRows struct {
	rows, one string // "payment rows", "a payment", for messages
	column    string // of their time
	several   bool   // the bill may be of several days
}

// settleDay decides the bill's day after all rows were read: see README.md.
func (f *file) settleDay(days paidDays, by dayRows) {
	s, e := f.statement, f.expected
	s.Notes = append(s.Notes, e.notes...)
	day := e.day
	switch {
	case days.wrong > 0:
		f.problems.Add(f.errorAt(days.wrongLine, days.wrongAt, by.column,
			fmt.Sprintf("%s of %s in the bill of %s, the day given by %s%s", by.one, days.wrongDay, day, e.from, counted(days.wrong)),
			"name the right day, or fetch the bill of that day again"))
	case day != settlement.NoDay && e.inName != settlement.NoDay && e.inName != day && days.min == settlement.NoDay:
		f.problems.Add(f.in.Errorf(0, "name the right day, or fetch the bill again",
			"the file's name says %s, %s says %s, and no %s tells which is right", e.inName, e.from, day, strings.TrimSuffix(by.rows, "s")))
	case day != settlement.NoDay && e.inName != settlement.NoDay && e.inName != day:
		s.Notef("the file's name says %s; the %s agree with %s, the day given by %s", e.inName, by.rows, day, e.from)
	case day == settlement.NoDay && days.min == settlement.NoDay:
		s.Notef("the bill's day is not known: neither the request nor the name gives it, and there are no %s", by.rows)
	case day == settlement.NoDay && days.min != days.max && by.several:
		s.Notef("neither the request nor the name gives one day: the rows are of %s to %s", days.min, days.max)
		s.From, s.Until = days.min, days.max+1
	case day == settlement.NoDay && days.min != days.max:
		s.Notef("the bill's day is not known: its %s are of %s to %s", by.rows, days.min, days.max)
	case day == settlement.NoDay:
		day = days.min
	}
	if day != settlement.NoDay {
		s.From, s.Until = day, day+1
	}
}
