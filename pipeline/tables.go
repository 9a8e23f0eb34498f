package pipeline

import (
	"cmp"
	"errors"
	"slices"

	"reconcile/fees"
	"reconcile/output"
	"reconcile/settlement"
)

// writeParts writes bucket b's part of every table that is cut by bucket. It takes
// the rows out of out, and gives the memory of each table back as it is written.
func (r *run) writeParts(staging *output.Staging, b int, out *BucketOutput) ([]output.PartInfo, error) {
	var parts []output.PartInfo
	if r.state != nil {
		carried, err := r.writeCarried(staging, b, out)
		if err != nil {
			return nil, err
		}
		parts = carried
		out.Events = keepRows(out.Events, func(i int) bool { return out.Events.File[i] < out.FirstCarried })
	}
	tables := []struct {
		name string
		rows settlement.Batch
	}{
		{"statement_lines", out.Lines}, {"fund_lines", out.Funds}, {"unsettled", out.Settled.Unsettled}, {"order_events", out.Events}, {"matches", out.Matches},
		{"breaks", out.Breaks}, {"open_items", out.Open}, {"charges", fees.InOrder(out.Charges, out.Lines.Len())},
	}
	*out = BucketOutput{}
	for i := range tables {
		part, err := r.writePart(staging, tables[i].name, b, tables[i].rows)
		if err != nil {
			return nil, err
		}
		tables[i].rows = nil
		parts = append(parts, part)
	}
	return parts, nil
}

func (r *run) writePart(staging *output.Staging, name string, b int, rows settlement.Batch) (output.PartInfo, error) {
	return r.writePartTo(staging.PartPath(name, b), name, rows)
}

func (r *run) writePartTo(path, name string, rows settlement.Batch) (output.PartInfo, error) {
	table, _ := settlement.TableNamed(name)
	w, err := output.NewPart(path, table, r.files)
	if err != nil {
		return output.PartInfo{}, err
	}
	if err := w.WriteLast(settlement.Record(rows)); err != nil {
		return output.PartInfo{}, errors.Join(err, w.Discard())
	}
	return w.Close()
}

// writeTotals writes the tables that are not cut by bucket: control_totals and
// summary.
func (r *run) writeTotals(staging *output.Staging) error {
	for _, table := range []struct {
		name string
		rows settlement.Batch
	}{{"control_totals", r.controlTotals()}, {"summary", r.tally.table()}} {
		part, err := r.writePart(staging, table.name, 0, table.rows)
		if err != nil {
			return err
		}
		r.parts = append(r.parts, part)
	}
	slices.SortFunc(r.parts, func(a, b output.PartInfo) int { return cmp.Compare(a.Path, b.Path) })
	return r.tally.overflow
}

// controlTotals is the table control_totals: those of every statement that counts.
func (r *run) controlTotals() *settlement.ControlTotals {
	t := &settlement.ControlTotals{}
	for _, i := range r.inNameOrder() {
		s := r.intake.Statements[i]
		for _, total := range s.Totals {
			scale := settlement.Amount(1)
			if total.Measure.Column == "rows" {
				scale = 100 // counts stand as 45.00 in the decimal columns
			}
			t.File = append(t.File, i)
			t.SHA256.AppendString(s.SHA256)
			t.Wallet = append(t.Wallet, s.Wallet)
			t.Account.AppendString(s.Account)
			t.Kind.AppendString(string(s.Kind))
			t.SettledOn = append(t.SettledOn, s.From)
			t.Name.AppendString(total.Name)
			t.Stated = append(t.Stated, settlement.Amount(total.Stated)*scale)
			t.Computed = append(t.Computed, settlement.Amount(total.Computed)*scale)
			t.Difference = append(t.Difference, settlement.Amount(total.Computed-total.Stated)*scale)
		}
	}
	return t
}

// inNameOrder returns the statements that count in the order of their names.
func (r *run) inNameOrder() []int32 {
	var order []int32
	for i := range r.intake.Statements {
		if r.intake.Accepted(int32(i)) {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(r.files[a], r.files[b]) })
	return order
}
