package settlement

import "cmp"

// ConflictError says that two copies of one line differ: one of the two files is
// wrong, and nothing here can say which.
type ConflictError struct {
	File, OtherFile int32
	Line, OtherLine int64
	Column          string
	Value, Other    string
	Key             string
}

func (e *ConflictError) Error() string {
	return "two files give different values for " + e.Column + " of " + e.Key + ": " + e.Value + " and " + e.Other
}

// FirstConflict returns that of two conflicts, either may be nil, which comes first
// by the ranks of its files. Nothing may depend on which is found first: the files
// of a conflict are refused.
func FirstConflict(rank []int32, a, b *ConflictError) *ConflictError {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	if cmp.Or(cmp.Compare(rank[a.File], rank[b.File]), cmp.Compare(rank[a.OtherFile], rank[b.OtherFile]),
		cmp.Compare(a.Line, b.Line), cmp.Compare(a.OtherLine, b.OtherLine)) <= 0 {
		return a
	}
	return b
}
