package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/settlement"
)

// monthLag is how many days lines, orders and lists come late with --nights.
const monthLag = 5

const generatedFiles = "files"

// month is how the files of the days are delivered.
func (f *generateFlags) month() (generate.Month, error) {
	m := generate.Month{Days: f.days}
	var faults []error
	sum := settlement.Rate(0)
	for _, share := range []struct {
		flag, text string
		to         *settlement.Rate
	}{{"--late-files", f.late, &m.Late}, {"--corrected-files", f.corrected, &m.Corrected}, {"--doubled-files", f.doubled, &m.Double}} {
		rate, err := settlement.ParseRate([]byte(share.text))
		if err != nil {
			faults = append(faults, fmt.Errorf("%s %q: a share such as 5%%", share.flag, share.text))
		}
		*share.to = rate
		sum += rate
	}
	if sum > 1_000_000 {
		faults = append(faults, errors.New("--late-files, --corrected-files and --doubled-files: together more than 100%"))
	}
	return m, errors.Join(faults...)
}

// generateMonth writes days as they are delivered night by night, or nothing.
func (a *app) generateMonth(ctx context.Context, dir string, o generate.Options, m generate.Month) error {
	for _, name := range []string{generatedFiles, generatedKey} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return usage(fmt.Errorf("%s exists already, and nothing was written (choose another folder, or move it away)", filepath.Join(dir, name)))
		}
	}
	bar := a.progress()
	key, err := generate.WriteMonth(ctx, filepath.Join(dir, generatedFiles), o, m, func(done, total int64) { bar.orders(done, total, int64(o.Orders)*int64(m.Days)) })
	bar.finish()
	keys := []string{"history_key.csv", "history_key.parquet", "deliveries.csv"}
	for i, name := range keys {
		keys[i] = filepath.Join(dir, generatedKey, name)
	}
	if err == nil {
		err = writeMonthKey(key, keys)
	}
	if err != nil {
		for _, name := range []string{generatedFiles, generatedKey} {
			os.RemoveAll(filepath.Join(dir, name)) // it was not there before; the first error is what counts
		}
		os.Remove(dir)
		return err
	}
	return a.printMonth(dir, key, keys)
}

func writeMonthKey(key *generate.MonthKey, paths []string) error {
	if err := os.MkdirAll(filepath.Dir(paths[0]), 0o777); err != nil {
		return err
	}
	var history, plan bytes.Buffer
	if err := errors.Join(key.WriteCSV(&history), key.WritePlan(&plan)); err != nil {
		return err
	}
	if err := errors.Join(writeNew(paths[0], history.Bytes()), writeNew(paths[2], plan.Bytes())); err != nil {
		return err
	}
	batch := &settlement.HistoryKey{}
	for _, p := range key.Planted {
		addPlanted(&batch.AnswerKey, &p)
		batch.FirstSeenOn = append(batch.FirstSeenOn, p.FirstSeenOn)
		batch.ClosedOn = append(batch.ClosedOn, p.ClosedOn)
		batch.ClosedBy.AppendString(p.ClosedBy)
		batch.Closing.AppendString(p.Closing())
	}
	return writeKeyTable(paths[1], settlement.HistoryKeyTable, batch)
}

func addPlanted(batch *settlement.AnswerKey, p *generate.Planted) {
	batch.Kind = append(batch.Kind, p.Kind)
	batch.OrderNo.AppendString(p.OrderNo)
	batch.RefundNo.AppendString(p.RefundNo)
	batch.Expected = append(batch.Expected, p.Expected)
	batch.Actual = append(batch.Actual, p.Actual)
	batch.PlantedAs.AppendString(p.Case.String())
}

func writeKeyTable(path string, table settlement.Table, batch settlement.Batch) error {
	part, err := output.NewPart(path, table, nil)
	if err != nil {
		return err
	}
	if err := part.Write(settlement.Record(batch)); err != nil {
		return errors.Join(err, part.Discard())
	}
	_, err = part.Close()
	return err
}

func (a *app) printMonth(dir string, key *generate.MonthKey, keys []string) error {
	cases, closings, ways := map[string]int64{}, map[string]int64{}, map[string]int64{}
	for _, c := range generate.Askable() {
		if n := key.Cases[c]; n > 0 {
			cases[c.String()] = n
		}
	}
	for _, p := range key.Planted {
		closings[p.Closing()]++
	}
	for _, d := range key.Deliveries {
		ways[string(d.How)]++
	}
	switch {
	case a.json:
		return printJSON(a.out, struct {
			Files      []string         `json:"files"`
			Key        []string         `json:"key"`
			Cases      map[string]int64 `json:"cases"`
			Breaks     map[string]int64 `json:"breaks"`
			Deliveries map[string]int64 `json:"deliveries"`
		}{key.Files, keys, cases, closings, ways})
	case a.quiet:
		return nil
	}
	fmt.Fprintf(a.out, "%s %s\n", a.say("wrote"), filepath.Join(dir, generatedFiles))
	for _, path := range keys {
		fmt.Fprintf(a.out, "%s %s\n", a.say("wrote"), path)
	}
	fmt.Fprintln(a.out)
	for _, counts := range []struct {
		heading string
		of      map[string]int64
	}{{a.say("planted breaks by their end"), closings}, {a.say("deliveries"), ways}} {
		g := newGrid(counts.heading, a.say("count"))
		for _, word := range slices.Sorted(maps.Keys(counts.of)) {
			g.row(word, groupedCount(counts.of[word]))
		}
		fmt.Fprintln(a.out, a.table(g, ""))
	}
	return nil
}
