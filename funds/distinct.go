package funds

import (
	"bytes"
	"cmp"
	"slices"

	"reconcile/settlement"
)

// Copied is a line that stands in the table under another file.
type Copied struct {
	File, KeptFile     int32
	FileLine, KeptLine int64
	Direction          settlement.Kind
	Amount             settlement.Amount
}

// Distinct returns each line once, in the order of the table: by wallet, order number
// and identity. Segments of an export overlap, and a daily bill repeats in a monthly
// one; the copy of the file that comes first by rank stays.
//
// Lines come with the identity of their flow number and direction. Where no file has
// two lines of one identity, lines that share it are copies and must agree in amount
// and numbers: a difference is a conflict. Where a file has several, they are lines of
// their own, told apart by amount and then counted.
//
// The batch is Distinct's to change. rank is the rank of each file.
func Distinct(rank []int32, lines *settlement.FundLines) (*settlement.FundLines, []Copied, *settlement.ConflictError) {
	if inTableOrder(lines) && !hasTwins(lines.ID) {
		return lines, nil, nil
	}
	order := make([]int32, lines.Len())
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int {
		return cmp.Or(lines.ID[x].Compare(lines.ID[y]), cmp.Compare(rank[lines.File[x]], rank[lines.File[y]]), cmp.Compare(lines.Line[x], lines.Line[y]))
	})
	d := &distinct{rank: rank, lines: lines, kept: order[:0:0]}
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && lines.ID[order[to]] == lines.ID[order[from]] {
			to++
		}
		d.identity(order[from:to])
		from = to
	}
	if d.conflict != nil {
		return nil, nil, d.conflict
	}
	slices.SortFunc(d.kept, func(x, y int32) int { return tableOrder(lines, x, y) })
	out := &settlement.FundLines{}
	settlement.AppendRows(out, lines, d.kept)
	return out, d.copied, nil
}

func inTableOrder(lines *settlement.FundLines) bool {
	for i := 1; i < lines.Len(); i++ {
		if tableOrder(lines, int32(i-1), int32(i)) > 0 {
			return false
		}
	}
	return true
}

func tableOrder(lines *settlement.FundLines, x, y int32) int {
	return cmp.Or(cmp.Compare(lines.Wallet[x], lines.Wallet[y]), bytes.Compare(lines.OrderNo.At(int(x)), lines.OrderNo.At(int(y))), lines.ID[x].Compare(lines.ID[y]))
}

// hasTwins says that two rows have one identity. A table of rows by hash, as an identity
// is one, tells that in one pass, where sorting would take as long as matching.
func hasTwins(ids []settlement.ID) bool {
	size := uint64(1)
	for size < 2*uint64(len(ids)) {
		size *= 2
	}
	rows := make([]int32, size) // 1 + row, 0 for none
	for i, id := range ids {
		at := (id.Hi ^ id.Lo) & (size - 1)
		for ; rows[at] != 0; at = (at + 1) & (size - 1) {
			if ids[rows[at]-1] == id {
				return true
			}
		}
		rows[at] = int32(i + 1)
	}
	return false
}

type distinct struct {
	rank     []int32
	lines    *settlement.FundLines
	kept     []int32
	copied   []Copied
	conflict *settlement.ConflictError
	hash     settlement.IDHasher
}

// identity takes the lines of one identity, by file and line.
func (d *distinct) identity(rows []int32) {
	several := false
	for i := 1; i < len(rows); i++ {
		several = several || d.lines.File[rows[i]] == d.lines.File[rows[i-1]]
	}
	if !several {
		d.copies(rows)
		return
	}
	// By amount, then by how often a file has had that amount before.
	base := d.lines.ID[rows[0]]
	byNth := map[[2]int64][]int32{}
	var keys [][2]int64
	seen := map[[2]int64]int64{} // by file and amount
	for _, row := range rows {
		amount := int64(d.lines.Amount[row])
		of := [2]int64{int64(d.lines.File[row]), amount}
		key := [2]int64{amount, seen[of]}
		seen[of]++
		if byNth[key] == nil {
			keys = append(keys, key)
		}
		byNth[key] = append(byNth[key], row)
	}
	for _, key := range keys {
		id := d.hash.Start("fund line").Identity(base).Code(uint64(key[0])).Code(uint64(key[1])).ID()
		for _, row := range byNth[key] {
			d.lines.ID[row] = id
		}
		d.copies(byNth[key])
	}
}

// copies keeps the first of lines that are copies of each other. A line that one file marks
// as another account's (聚合结算渠道) is that also where a file without the mark shows it:
// the portal's CSV lacks the column.
func (d *distinct) copies(rows []int32) {
	l, first := d.lines, rows[0]
	d.kept = append(d.kept, first)
	for _, row := range rows[1:] {
		if c := compare(l, first, row); c != nil {
			d.conflict = settlement.FirstConflict(d.rank, d.conflict, c)
			continue
		}
		if l.State[row] == settlement.CopiedLine {
			l.State[first] = settlement.CopiedLine
		}
		d.copied = append(d.copied, Copied{
			File: l.File[row], FileLine: l.Line[row], KeptFile: l.File[first], KeptLine: l.Line[first],
			Direction: l.Direction[row], Amount: l.Amount[row],
		})
	}
}

func compare(l *settlement.FundLines, x, y int32) *settlement.ConflictError {
	differ := func(column, value, other string) *settlement.ConflictError {
		return &settlement.ConflictError{
			File: l.File[x], Line: l.Line[x], OtherFile: l.File[y], OtherLine: l.Line[y],
			Column: column, Value: value, Other: other, Key: "flow number " + l.FlowNo.StringAt(int(x)),
		}
	}
	if a, b := l.Amount[x], l.Amount[y]; a != b {
		return differ("amount", a.String(), b.String())
	}
	for _, text := range []struct {
		name   string
		column *settlement.Text
	}{{"order_no", &l.OrderNo}, {"provider_txn_id", &l.ProviderTxnID}, {"refund_no", &l.RefundNo}} {
		if a, b := text.column.At(int(x)), text.column.At(int(y)); len(a) > 0 && len(b) > 0 && !bytes.Equal(a, b) {
			return differ(text.name, string(a), string(b))
		}
	}
	return nil
}
