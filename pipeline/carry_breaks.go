package pipeline

import (
	"fmt"

	"reconcile/match"
	"reconcile/settlement"
)

// carryOn joins a bucket's breaks with those of the day before.
func (r *run) carryOn(b int, out *BucketOutput) {
	if r.state == nil {
		return
	}
	h := breakHistory{day: r.job.Day, files: r.files, earlier: r.earlier}
	before, rows := &settlement.Breaks{}, r.earlier.inBucket(b, r.bucketOf)
	if r.earlier != nil {
		before = r.earlier.rows
	}
	h.carryBreaks(out, before, rows)
	r.job.Decisions.Apply(out.Breaks)
	openBefore := map[settlement.ID]bool{}
	for _, row := range rows {
		openBefore[before.ID[row]] = true
	}
	dropDecided(out, openBefore)
	out.Breaks = match.SortBreaks(out.Breaks)
}

// breakHistory decides what becomes of the breaks of the day before.
type breakHistory struct {
	day     settlement.Day
	files   []string
	earlier *earlierBreaks
}

// carryBreaks joins the breaks of a bucket with those that were open before: a break
// that is found again keeps its first day, one whose counterpart came is closed and
// says by what, any other stays open and ages.
func (h *breakHistory) carryBreaks(out *BucketOutput, before *settlement.Breaks, rows []int32) {
	found := map[settlement.ID]int{}
	for i, id := range out.Breaks.ID {
		found[id] = i
		out.Breaks.FirstSeenOn[i], out.Breaks.AgeDays[i] = h.day, 0
	}
	var stay []int32
	for _, row := range rows {
		if i, again := found[before.ID[row]]; again {
			out.Breaks.FirstSeenOn[i] = before.FirstSeenOn[row]
			h.age(out.Breaks, i)
			continue
		}
		stay = append(stay, row)
	}
	if stay, whys := h.staying(out, before, stay); len(stay) > 0 {
		h.append(out, before, stay, whys)
	}
}

// staying leaves out those of the breaks that were not found again of which it is known that
// they are over: a break that waited for its counterpart and is reopened would have been found.
// The others have the reason why they are closed, "" where they are not.
func (h *breakHistory) staying(out *BucketOutput, before *settlement.Breaks, rows []int32) (stay []int32, whys []string) {
	if len(rows) == 0 {
		return nil, nil
	}
	sides := h.sides(out, before, rows)
	for _, row := range rows {
		kind, why := before.Kind[row], ""
		switch {
		case kind == settlement.SettlementMismatch || isOfPayout(kind):
			why = out.Settled.Closed[before.LineID[row]]
		case waitsForOther(kind):
			why = sides[sideOf(before, int(row))]
		}
		if why == "" && h.earlier.isReopened(row) && (waitsForOther(kind) || isOfPayout(kind)) {
			continue
		}
		stay, whys = append(stay, row), append(whys, why)
	}
	return stay, whys
}

// append adds breaks of the day before to those of the day.
func (h *breakHistory) append(out *BucketOutput, before *settlement.Breaks, rows []int32, whys []string) {
	at := out.Breaks.Len()
	settlement.AppendRows(out.Breaks, before, rows)
	all := settlement.Text{}
	for i := range at {
		all.Append(out.Breaks.Reason.At(i))
	}
	for n, why := range whys {
		i := at + n
		h.age(out.Breaks, i)
		if why == "" {
			all.Append(out.Breaks.Reason.At(i))
			continue
		}
		out.Breaks.Status[i], out.Breaks.ClosedOn[i] = settlement.BreakClosed, h.day
		all.AppendString(why)
	}
	out.Breaks.Reason = all
}

func (h *breakHistory) age(b *settlement.Breaks, i int) {
	if b.FirstSeenOn[i] != settlement.NoDay {
		b.AgeDays[i] = max(int64(h.day)-int64(b.FirstSeenOn[i]), 0)
	}
}

// sides says for the lines and events of breaks why these are closed, "" where they
// are not.
func (h *breakHistory) sides(out *BucketOutput, before *settlement.Breaks, rows []int32) map[settlement.ID]string {
	why := map[settlement.ID]string{}
	for _, row := range rows {
		why[sideOf(before, int(row))] = ""
	}
	l, e := out.Earlier.Lines, out.Events
	for i, id := range l.ID {
		if _, asked := why[id]; !asked {
			continue
		}
		claim, elsewhere := out.Resolved.Line(id)
		switch event := out.Earlier.EventOfLine[i]; {
		case event >= 0:
			why[id] = fmt.Sprintf("its order came on %s: %s:%d, %s %s", h.day, h.files[e.File[event]], e.Line[event], e.OrderNo.At(int(event)), e.Amount[event])
		case elsewhere:
			why[id] = fmt.Sprintf("its order came on %s: %s", h.day, claim.OrderNo)
		case l.MatchState[i] == settlement.NotExpected:
			why[id] = fmt.Sprintf("since %s it settles nothing", h.day)
		}
	}
	for i, id := range e.ID {
		if _, asked := why[id]; !asked {
			continue
		}
		claim, elsewhere := out.Resolved.Event(id)
		switch l, line, ok := out.lineOfEvent(i); {
		case ok:
			why[id] = fmt.Sprintf("its line came on %s: %s:%d, %s %s", h.day, h.files[l.File[line]], l.Line[line], l.Wallet[line], l.Gross[line])
		case elsewhere:
			why[id] = fmt.Sprintf("its line came on %s: %s %s", h.day, claim.Wallet, claim.Account)
		case e.MatchState[i] == settlement.NotExpected || e.MatchState[i] == settlement.AwaitingRelease:
			why[id] = fmt.Sprintf("since %s no money is expected: the order is %s", h.day, e.Status[i])
		}
	}
	return why
}

// dropDecided leaves out the breaks that an earlier day showed as accepted or written
// off: they are done with, although their rows are still carried in case that the
// counterpart comes, or that somebody reopens them. openBefore is which breaks were open the
// day before.
func dropDecided(out *BucketOutput, openBefore map[settlement.ID]bool) {
	earlier := map[settlement.ID]bool{}
	for _, id := range out.Earlier.Lines.ID {
		earlier[id] = true
	}
	for i, file := range out.Events.File {
		if file >= out.FirstCarried && file < out.FirstSettled {
			earlier[out.Events.ID[i]] = true
		}
	}
	for i, id := range out.Settled.Unsettled.ID {
		if out.Settled.Unsettled.File[i] >= out.FirstCarried {
			earlier[id] = true
		}
	}
	b := out.Breaks
	out.Done = map[settlement.ID]bool{}
	out.Breaks = keepRows(b, func(i int) bool {
		decided := b.Status[i] == settlement.BreakAccepted || b.Status[i] == settlement.BreakWrittenOff
		if !decided || openBefore[b.ID[i]] || !waitsForOther(b.Kind[i]) || !earlier[sideOf(b, i)] {
			return true
		}
		out.Done[sideOf(b, i)] = true
		return false
	})
}
