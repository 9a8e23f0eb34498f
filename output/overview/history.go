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
	// Without is the days before it of which there is no run, as people read them; "" where it
	// follows the run before.
	Without string
}

// history reads the last runs up to v's day from the run.json of their days; v itself is the
// last one. Days without a run take the place of none: the run behind them says which they are.
// What is wrong with another day is no reason not to show this one.
func history(dataset string, v *Overview, runs int) (list []HistoryDay, err error) {
	var before []settlement.Day
	if dataset != "" {
		if before, err = daysBefore(dataset, v.Day); err != nil {
			return nil, err
		}
	}
	for _, day := range before[max(len(before)-(runs-1), 0):] {
		m, err := output.ReadManifest(filepath.Join(dataset, dayMark+day.String()))
		one := HistoryDay{Day: day, Unknown: true}
		if err == nil && m.Figures != nil {
			if told, err := historyDay(day, m); err == nil {
				one = told
			}
		}
		list = append(list, one)
	}
	own, err := historyDay(v.Day, v.Manifest)
	list = append(list, own)
	for i := range list[1:] {
		if last, next := list[i].Day, &list[i+1]; last+1 < next.Day {
			next.Without = output.DaysText(last+1, next.Day-1)
		}
	}
	return list, err
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
