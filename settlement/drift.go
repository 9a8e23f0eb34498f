package settlement

import (
	"fmt"
	"strings"
)

// DriftChange is a way in which a header differs from the layout that is known.
type DriftChange string

const (
	NewColumn     DriftChange = "new"     // of no known name
	RenamedColumn DriftChange = "renamed" // of no known name, and most like one that is missing
	MovedColumn   DriftChange = "moved"   // in another order than the layout's
	MissingColumn DriftChange = "missing"
)

// Drift is one difference between a file's header and the layout that is known of
// its kind: what a wallet changed, and what that meant for this file.
type Drift struct {
	Change DriftChange
	Column string // as the header has it; of a missing column its known name
	Known  string // of a renamed column: the name that it was known by
	// At and KnownAt are places in the header and in the known layout, from 1; 0 where
	// the column has none there.
	At, KnownAt int
	// Refused says that the file cannot be used because of it.
	Refused bool
	// Meaning is what came of it: what is read all the same, or what needs the column.
	Meaning string
}

func (d Drift) String() string {
	switch d.Change {
	case RenamedColumn:
		return fmt.Sprintf("renamed: %s, column %d, was known as %s: %s", d.Column, d.At, d.Known, d.Meaning)
	case MovedColumn:
		return fmt.Sprintf("moved: %s, from column %d to %d: %s", d.Column, d.KnownAt, d.At, d.Meaning)
	case MissingColumn:
		return fmt.Sprintf("missing: %s, known as column %d: %s", d.Column, d.KnownAt, d.Meaning)
	}
	return fmt.Sprintf("%s: %s, column %d: %s", d.Change, d.Column, d.At, d.Meaning)
}

// DriftTexts prints drift for people, new columns that mean the same on one line.
func DriftTexts(all []Drift) []string {
	var texts, fresh []string
	meaning := ""
	for _, d := range all {
		if d.Change == NewColumn {
			fresh, meaning = append(fresh, strings.TrimSuffix(fmt.Sprintf("%s (%d)", d.Column, d.At), " (0)")), d.Meaning
			continue
		}
		texts = append(texts, d.String())
	}
	if len(fresh) > 0 {
		texts = append(texts, fmt.Sprintf("new: %s: %s", strings.Join(fresh, ", "), meaning))
	}
	return texts
}
