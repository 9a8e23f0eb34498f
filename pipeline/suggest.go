package pipeline

import (
	"fmt"
	"os"

	"reconcile/match"
	"reconcile/output"
	"reconcile/settlement"
)

// suggestions collects, over all buckets, what has no counterpart: pass 4 looks for two
// that may be one another's, whichever bucket they are in.
type suggestions struct {
	candidates []match.Candidate
	rows       int
}

// mostCandidates is for how many rows without a counterpart pass 4 is run. Where there
// are more, a file is missing, and no one amount tells anything.
const mostCandidates = 200_000

func (s *suggestions) add(more []match.Candidate) {
	if s.rows += len(more); s.rows > mostCandidates {
		s.candidates = nil
		return
	}
	s.candidates = append(s.candidates, more...)
}

// note says that pass 4 was not run, "" where it was.
func (s *suggestions) note() string {
	if s.rows <= mostCandidates {
		return ""
	}
	return fmt.Sprintf("%d lines and order events miss their counterpart: with more than %d none is suggested for another", s.rows, mostCandidates)
}

// suggest writes the suggestions of pass 4 into the breaks that have any: their parts,
// which are written, are few and small, and are written again.
func (r *run) suggest(staging *output.Staging) error {
	said := match.Suggest(r.suggestions.candidates)
	if len(said) == 0 {
		return nil
	}
	paths := map[string]bool{}
	for i := range r.suggestions.candidates {
		if c := &r.suggestions.candidates[i]; said[c.BreakID] != "" {
			paths[staging.PartPath("breaks", c.Bucket)] = true
		}
	}
	names := make(map[string]int32, len(r.files))
	for i, name := range r.files {
		if _, known := names[name]; !known {
			names[name] = int32(i)
		}
	}
	number := func(name string) int32 { return names[name] }
	for i, part := range r.parts {
		if !paths[part.Path] {
			continue
		}
		breaks := &settlement.Breaks{}
		if err := readPart(part.Path, part.Table, func(in *output.BatchReader, rows int) error { return in.Append(breaks, allRows(rows), number) }); err != nil {
			return err
		}
		suggested := settlement.Text{}
		for row, id := range breaks.ID {
			text := breaks.Suggestion.StringAt(row)
			if likely := said[id]; likely != "" {
				text = likely + "; else: " + text
			}
			suggested.AppendString(text)
		}
		breaks.Suggestion = suggested
		if err := os.Remove(part.Path); err != nil {
			return err
		}
		again, err := r.writePartTo(part.Path, part.Table, breaks)
		if err != nil {
			return err
		}
		r.parts[i] = again
	}
	return nil
}
