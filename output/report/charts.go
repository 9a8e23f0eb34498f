package report

import (
	"html/template"

	"reconcile/output/overview"
	"reconcile/settlement"
)

// bar is one step of the waterfall: where it is drawn, on an axis of barWidth.
type bar struct {
	Name      template.HTML
	Amount    settlement.Amount
	Class     string // up, down, sum
	From      int64
	Width     int64
	Zero      int64 // where 0 stands
	Link, End int64 // where the step before ended, and this one ends
}

// waterfall lays the steps out one below the other.
func waterfall(steps []overview.Step) (bars []bar) {
	var all axis
	var at settlement.Amount
	for _, s := range steps {
		if !s.Subtotal {
			at += s.Amount
		}
		all.hold(at)
	}
	if all.low == all.high {
		return nil
	}
	at = 0
	for _, s := range steps {
		from, to, class := at, at+s.Amount, "up"
		switch {
		case s.Subtotal:
			from, to, class = 0, s.Amount, "sum"
		case s.Amount < 0:
			class = "down"
		}
		before := all.at(at, barWidth)
		at = to
		low, high := all.at(min(from, to), barWidth), all.at(max(from, to), barWidth)
		bars = append(bars, bar{Name: say(s.Name), Amount: s.Amount, Class: class, From: min(low, barWidth-2), Width: max(high-low, 2),
			Zero: all.at(0, barWidth), Link: before, End: all.at(to, barWidth)})
	}
	return bars
}

// daysChart is the history as two charts of one bar a day.
type daysChart struct {
	Columns     []dayColumn
	MostBreaks  int64
	Most, Least settlement.Amount // over, short
	Width       int64             // of the drawing
	Zero        int64             // height at which no difference stands
	First, Last settlement.Day
}

// dayColumn is one day of it. Heights are of chartHeight.
type dayColumn struct {
	overview.HistoryDay
	X             int64
	State         string // balanced, breaks, incomplete, not compared, unknown
	Height        int64  // of the breaks
	OverAt, OverH int64
	ShortH        int64
	Matched       template.HTML
}

const (
	chartHeight = 100
	dayWidth    = 10
)

// historyChart draws the history; nil where there is none to speak of.
func historyChart(days []overview.HistoryDay) *daysChart {
	if len(days) < 2 {
		return nil
	}
	c := &daysChart{Width: int64(len(days)) * dayWidth, First: days[0].Day, Last: days[len(days)-1].Day}
	var differences axis
	for _, d := range days {
		c.MostBreaks = max(c.MostBreaks, d.Breaks)
		differences.hold(d.Over)
		differences.hold(d.Short)
	}
	c.Most, c.Least = differences.high, differences.low
	c.Zero = chartHeight
	if differences.high > differences.low {
		c.Zero = chartHeight - differences.at(0, chartHeight)
	}
	for i, d := range days {
		col := dayColumn{HistoryDay: d, X: int64(i) * dayWidth, State: dayState(&d), Matched: share(d.Matched.Matched, d.Matched.Rows)}
		if d.Breaks > 0 {
			col.Height = max(settlement.PartsDown(d.Breaks, c.MostBreaks, chartHeight), 2)
		}
		if d.Over > 0 {
			col.OverH = max(c.Zero-(chartHeight-differences.at(d.Over, chartHeight)), 1)
			col.OverAt = c.Zero - col.OverH
		}
		if d.Short < 0 {
			col.ShortH = max(chartHeight-differences.at(d.Short, chartHeight)-c.Zero, 1)
		}
		c.Columns = append(c.Columns, col)
	}
	return c
}

func dayState(d *overview.HistoryDay) string {
	switch {
	case d.Unknown:
		return "unknown"
	case d.Refused > 0:
		return "incomplete"
	case !d.Compared:
		return "not compared"
	case d.Breaks > 0:
		return "breaks"
	}
	return "balanced"
}
