package overview

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/output"
	"reconcile/settlement"
)

// dayMark begins the name of the folder of a day of a dataset.
const dayMark = "dt="

// HistoryDay is a day of the dataset, as its run.json says it.
type HistoryDay struct {
	Day      settlement.Day
	Breaks   int64
	Short    settlement.Amount
	Over     settlement.Amount
	Open     int64 // items that wait
	Refused  int
	Compared bool                // a bill and orders were there
	Matched  output.MatchFigures // of the lines
	Gross    settlement.Amount
	Refunds  settlement.Amount
	Charged  settlement.Amount
	Variance settlement.Amount
	Unknown  bool // its run.json has no figures, or cannot be read: nothing but the day is known
	Absent   bool // no run of the day is there
}

// history reads the last runs up to v's day from the run.json of their days; v itself is the
// last one. Days between the first and the last of which there is no run are told as such.
func history(dataset string, v *Overview, days int) (list []HistoryDay, err error) {
	var before []settlement.Day
	if dataset != "" {
		if before, err = daysBefore(dataset, v.Day); err != nil {
			return nil, err
		}
	}
	before = before[max(len(before)-(days-1), 0):]
	for _, day := range before {
		for len(list) > 0 && list[len(list)-1].Day+1 < day && len(list) < 10*days {
			list = append(list, HistoryDay{Day: list[len(list)-1].Day + 1, Absent: true})
		}
		one := HistoryDay{Day: day, Unknown: true}
		m, err := output.ReadManifest(filepath.Join(dataset, dayMark+day.String()))
		switch {
		case errors.Is(err, output.ErrManifest), errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case m.Figures != nil:
			if one, err = historyDay(day, m); err != nil {
				return nil, err
			}
		}
		list = append(list, one)
	}
	for len(list) > 0 && list[len(list)-1].Day+1 < v.Day && len(list) < 10*days {
		list = append(list, HistoryDay{Day: list[len(list)-1].Day + 1, Absent: true})
	}
	own, err := historyDay(v.Day, v.Manifest)
	list = append(list, own)
	return list[max(len(list)-days, 0):], err
}

// daysBefore are the days of a dataset before day, in order.
func daysBefore(dataset string, day settlement.Day) (days []settlement.Day, err error) {
	entries, err := os.ReadDir(dataset)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		text, ok := strings.CutPrefix(e.Name(), dayMark)
		d, err := settlement.ParseDay([]byte(text))
		if ok && err == nil && e.IsDir() && d < day {
			days = append(days, d)
		}
	}
	slices.Sort(days)
	return days, nil
}

func historyDay(day settlement.Day, m *output.Manifest) (HistoryDay, error) {
	f := m.Figures
	h := HistoryDay{Day: day, Breaks: f.BreakCount(), Refused: len(m.Refused), Compared: f.Bills > 0 && f.Orders > 0}
	total, err := TotalOf(f.Accounts)
	for _, b := range f.Breaks {
		h.Short += b.Short
		h.Over += b.Over
	}
	h.Open, h.Matched, h.Gross, h.Refunds, h.Charged, h.Variance = total.Open, total.LinesRate, total.Gross, total.Refunds, total.Charged, total.Variance
	return h, err
}
