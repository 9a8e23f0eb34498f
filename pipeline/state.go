package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/match"
	"reconcile/opening"
	"reconcile/output"
	"reconcile/settlement"
)

// A dataset is a folder of days, dt=2024-09-12 and so on. A day is a function of its
// files and of what the committed day before it handed on: the tables carried_lines,
// carried_events and the open ones of breaks, and in run.json up to when statements
// and orders speak. Rows of payments settled earlier are looked up where a row of the
// day needs them (history.go).

// DayFolder is the folder of a day in a dataset.
func DayFolder(dataset string, day settlement.Day) string {
	return filepath.Join(dataset, dayMark+day.String())
}

const dayMark = "dt="

// pastDay is a committed day before that of the run.
type pastDay struct {
	day     settlement.Day
	dir     string
	buckets int
}

// state is what the days before have left.
type state struct {
	days     []pastDay // newest first
	previous *output.Manifest
	// opening is how things stood before the first day; nil where nothing says it.
	opening *opening.State
}

// Days returns the days of a dataset that are committed whole or in part, in order. A
// dataset that does not exist has none.
func Days(dataset string) ([]settlement.Day, error) {
	entries, err := os.ReadDir(dataset)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var days []settlement.Day
	for _, e := range entries {
		text, ok := strings.CutPrefix(e.Name(), dayMark)
		day, err := settlement.ParseDay([]byte(text))
		if !ok || err != nil || !e.IsDir() {
			continue
		}
		if _, err := os.Stat(filepath.Join(dataset, e.Name(), output.ManifestName)); err == nil {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	return days, nil
}

// openState reads what the days of a dataset before day have left.
func openState(dataset string, day settlement.Day) (*state, error) {
	days, err := Days(dataset)
	if err != nil {
		return nil, err
	}
	s := &state{}
	for _, d := range slices.Backward(days) {
		if d >= day {
			continue
		}
		dir := DayFolder(dataset, d)
		m, err := output.ReadManifest(dir)
		if err != nil {
			return nil, err
		}
		if m.Day == nil {
			return nil, fmt.Errorf("%s: %w: it was not written as a day of a dataset", dir, output.ErrManifest)
		}
		if s.previous == nil {
			s.previous = m
		}
		s.days = append(s.days, pastDay{d, dir, m.Buckets})
	}
	if s.previous != nil {
		err = checkHashes(s.days[0].dir, s.previous, "carried_lines", "carried_events", "unsettled", "breaks", "proceeds", "quotas", "withdrawals", "payouts", "carried_transfers", "balances")
	}
	return s, err
}

// supersededBefore is which statements the committed run of the day did not use because
// another was named to take their place: that decision holds when the schedule runs the
// day again. A day that was never run, or is damaged, has none.
func supersededBefore(dir string) map[string]string {
	m, err := output.ReadManifest(dir)
	if err != nil {
		return nil
	}
	source := func(in output.Input) string {
		if in.Member == "" {
			return in.Name
		}
		return in.Name + "!" + in.Member
	}
	sums, by := map[string]string{}, map[string]string{}
	for _, in := range m.Inputs {
		sums[source(in)] = in.SHA256
	}
	for _, in := range m.Inputs {
		if winner := sums[in.Superseded]; in.Superseded != "" && winner != "" {
			by[in.SHA256] = winner
		}
	}
	return by
}

// checkHashes says whether the parts of tables are those that run.json lists.
func checkHashes(dir string, m *output.Manifest, tables ...string) error {
	for _, t := range m.Tables {
		if !slices.Contains(tables, t.Name) {
			continue
		}
		for _, part := range t.Parts {
			sum, err := hashOfFile(filepath.Join(dir, filepath.FromSlash(part.Path)))
			if err != nil {
				return fmt.Errorf("the day before cannot be read: %w (run it again)", err)
			}
			if sum != part.SHA256 {
				return fmt.Errorf("%s: %s was changed after the day was written: its SHA-256 differs from run.json (run that day again)", dir, part.Path)
			}
		}
	}
	return nil
}

func hashOfFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// applyState adds to the rules what the days before have delivered.
func (r *run) applyState(rules *match.Rules, flows *settlement.Coverage) error {
	if r.state == nil {
		return nil
	}
	rules.Day = r.job.Day
	rules.FirstCarried, rules.FirstSettled = r.firstCarried, r.settledFile
	if r.state.previous == nil {
		if r.state.opening != nil {
			coverOpening(&rules.Coverage, r.state.opening)
		}
		return nil
	}
	before := r.state.previous.Day
	for _, delivered := range [...]struct {
		spans []output.CoverageSpan
		to    *settlement.Coverage
	}{{before.Coverage, &rules.Coverage}, {before.FundFlows, flows}} {
		if err := addSpans(delivered.to, delivered.spans); err != nil {
			return fmt.Errorf("%s: %w: coverage: %w", r.state.days[0].dir, output.ErrManifest, err)
		}
	}
	for _, mark := range []struct {
		text string
		to   *settlement.Instant
	}{{before.Watermark, &rules.Watermark}, {before.RefundWatermark, &rules.RefundWatermark}} {
		if mark.text == "" {
			continue
		}
		at, err := settlement.ParseInstant([]byte(mark.text))
		if err != nil {
			return fmt.Errorf("%s: %w: watermark: %w", r.state.days[0].dir, output.ErrManifest, err)
		}
		*mark.to = max(*mark.to, at)
	}
	rules.RefundsListed = rules.RefundsListed || before.RefundsListed
	return nil
}

func addSpans(to *settlement.Coverage, spans []output.CoverageSpan) error {
	for _, span := range spans {
		wallet, _ := settlement.ParseWallet(span.Wallet)
		from, errFrom := settlement.ParseDay([]byte(span.From))
		until, errUntil := settlement.ParseDay([]byte(span.Until))
		if err := errors.Join(errFrom, errUntil); err != nil {
			return err
		}
		to.AddSpan(wallet, span.Account, span.Refunds, from, until)
	}
	return nil
}

func spansOf(c *settlement.Coverage) (spans []output.CoverageSpan) {
	for _, s := range c.Spans() {
		spans = append(spans, output.CoverageSpan{
			Wallet: s.Wallet.String(), Account: s.Account, Refunds: s.Refunds, From: s.From.String(), Until: s.Until.String()})
	}
	return spans
}

// dayState is what run.json says of a day for the next one.
func (r *run) dayState() *output.DayState {
	if r.state == nil {
		return nil
	}
	rules := r.rules.Match
	d := &output.DayState{
		Day: r.job.Day.String(), Watermark: rules.Watermark.String(), RefundWatermark: rules.RefundWatermark.String(),
		InputsDigest: r.job.InputsDigest, RefundsListed: rules.RefundsListed, CarriedLines: r.carriedRows[0], CarriedEvents: r.carriedRows[1],
	}
	if o := r.state.opening; o != nil {
		d.OpeningSHA256 = o.SHA256
		if r.state.previous == nil {
			d.PreviousDigest = o.SHA256
		}
	}
	if r.state.previous != nil {
		d.Previous = r.state.previous.Day.Day
		d.PreviousDigest = r.state.previous.TablesDigest()
	}
	if r.restated != nil {
		d.Restatement, d.RestatedFor = r.restated.Number, r.restated.Reason
	}
	d.Coverage, d.FundFlows = spansOf(&rules.Coverage), spansOf(r.rules.Funds.FundFlows)
	return d
}
