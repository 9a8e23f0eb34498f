package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// tieControlTotals computes the control totals of every bill again from the tables
// statement_lines and fund_lines, with the second Parquet implementation, and ties them
// with the table control_totals and with what run.json says of the inputs.
func (v *verification) tieControlTotals() error {
	lines := map[output.FileKind]output.LineTotals{}
	for _, table := range []string{"statement_lines", "fund_lines"} {
		parts, err := output.Parts(v.dir, table)
		if err != nil {
			return err
		}
		totals, err := output.FileTotals(table, parts)
		if err != nil {
			return err
		}
		maps.Copy(lines, totals) // of other kinds
	}
	notes := map[string]string{}
	for _, c := range v.m.Proof {
		notes[c.Name] = c.Note
	}
	var told []string
	for _, in := range v.m.Inputs {
		if in.DuplicateOf != "" || in.Superseded != "" {
			continue
		}
		source := settlement.Position{File: in.Name, Member: in.Member}.String()
		of := func(kind settlement.Kind) output.LineTotals {
			return lines[output.FileKind{File: source, Kind: kind}]
		}
		for _, t := range in.Totals {
			told = append(told, totalText(source, in.SHA256, in.Wallet, in.Account, in.Kind, in.From, t.Name, t.Stated, t.Computed, t.Difference))
			if in.Part == 0 && t.Stated != t.Computed {
				v.fault(output.ManifestName, "%s of %s: stated %s, computed %s", t.Name, source, t.Stated, t.Computed)
			}
			if isBill(in.Kind) || settlement.StatementKind(in.Kind).IsFunds() {
				v.tieOne(source, t, notes, of)
			}
		}
		written, moved := int64(0), of(settlement.Income).Rows+of(settlement.Expense).Rows
		for kind := settlement.Payment; kind <= settlement.Expense; kind++ {
			if kind <= settlement.Revoke {
				written += of(kind).Rows
			}
			delete(lines, output.FileKind{File: source, Kind: kind})
		}
		if isBill(in.Kind) && written > in.Rows {
			v.fault("statement_lines", "%d rows of %s, which has %d", written, source, in.Rows)
		}
		if moved > in.Rows {
			v.fault("fund_lines", "%d rows of %s, which has %d", moved, source, in.Rows)
		}
	}
	for key := range lines {
		v.fault("statement_lines, fund_lines", "rows of %s, which is no input of the run", key.File)
	}
	return v.tieTotalsTable(told)
}

// tieOne computes one control total again.
func (v *verification) tieOne(source string, t output.InputTotal, notes map[string]string, of func(settlement.Kind) output.LineTotals) {
	name := fmt.Sprintf("%s of %s, from Parquet", t.Name, source)
	recount, err := pipeline.ParseRecount(notes[name])
	if err != nil {
		v.fault(output.ManifestName, "%s: %v", name, err)
		return
	}
	again := settlement.ControlTotal{Computed: recount.Of(of), Measure: recount.Measure}
	v.equal("statement_lines", name, t.Computed, again.ComputedText())
}

// tieTotalsTable holds the table control_totals against run.json.
func (v *verification) tieTotalsTable(told []string) error {
	var written []string
	err := output.ReadTable(v.dir, "control_totals", func(r output.Row) error {
		written = append(written, totalText(r.Text("source_file"), r.Text("sha256"), r.Text("wallet"), r.Text("account"), r.Text("statement_kind"), r.Text("settled_on"), r.Text("name"), r.Text("stated"), r.Text("computed"), r.Text("difference")))
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(told)
	slices.Sort(written)
	v.equal("control_totals", "rows", len(told), len(written))
	for i := range min(len(told), len(written)) {
		v.equal("control_totals", "row", told[i], written[i])
	}
	return nil
}

// totalText is a control total as text that is the same from run.json and from the
// table, where counts stand as 45.00.
func totalText(source, sha, wallet, account, kind, day, name string, values ...string) string {
	for i, value := range values {
		if !strings.Contains(value, ".") {
			values[i] = value + ".00"
		}
	}
	return fmt.Sprintf("%s %s %s %s %s %s %s: %s", source, sha, kind, wallet, account, day, name, strings.Join(values, " "))
}
