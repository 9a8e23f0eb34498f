package delimited

import (
	"cmp"
	"slices"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/settlement"
)

// Problems gathers the bad records of one file from many workers. It keeps the
// settlement.MaxListed that stand first in the file and counts the rest.
type Problems struct {
	mu    sync.Mutex
	list  []*settlement.InputError
	count int64
}

// Add records one problem.
func (p *Problems) Add(e *settlement.InputError) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	p.list = append(p.list, e)
	if len(p.list) >= 4*settlement.MaxListed {
		p.trim()
	}
}

func (p *Problems) trim() {
	// Stable: problems of one place come from one worker, in order.
	slices.SortStableFunc(p.list, func(a, b *settlement.InputError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	p.list = p.list[:min(len(p.list), settlement.MaxListed)]
}

// Refusal returns the problems in file order, nil where there are none.
func (p *Problems) Refusal(source string) *settlement.Refusal {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count == 0 {
		return nil
	}
	p.trim()
	return &settlement.Refusal{Source: source, Errors: p.list, More: p.count - int64(len(p.list))}
}

// ColumnAt returns the column, counted from 1 in decoded characters, of the byte
// at offset in line. gb18030 says which encoding line is in.
func ColumnAt(line []byte, offset int, gb18030 bool) int64 {
	before := line[:min(max(offset, 0), len(line))]
	if gb18030 {
		if decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(before); err == nil {
			before = decoded
		}
	}
	return int64(utf8.RuneCount(before)) + 1
}
