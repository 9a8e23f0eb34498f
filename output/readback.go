package output

import (
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"reconcile/settlement"
)

// provenColumn is the money column of each table that is summed again from the
// written file. Those that FileTotals sums anyway are not chosen.
var provenColumn = map[string]string{
	"statement_lines":   "net_amount",
	"fund_lines":        "amount",
	"unsettled":         "booked_amount",
	"order_events":      "amount",
	"matches":           "difference",
	"breaks":            "difference",
	"open_items":        "amount",
	"charges":           "charged_fee",
	"withdrawals":       "charged_fee",
	"payouts":           "amount",
	"carried_transfers": "amount",
	"quotas":            "used_amount",
	"proceeds":          "net_amount",
	"cross_wallet":      "paid_amount",
	"control_totals":    "computed",
	"summary":           "net",
	"carried_lines":     "net_amount",
	"carried_events":    "amount",
	"balances":          "computed_closing",
}

// totalled is what FileTotals reads of a table: the file, the kind, and the money that
// it sums.
var totalled = map[string][]string{
	"statement_lines": {"source_file", "kind", "gross_amount", "settled_amount", "fee_amount", "coupon_amount"},
	"fund_lines":      {"source_file", "direction", "amount"},
}

// isReadBack says whether every run reads a money column again to prove it.
func isReadBack(table, column string) bool {
	return provenColumn[table] == column || slices.Contains(totalled[table], column)
}

// Proof is what a written part says of itself when it is read back.
type Proof struct {
	Rows   int64
	Column string            // the money column that was summed, "" where the table has none
	Sum    settlement.Amount // fen, nulls left out
}

// ReadBack reads a part with the second Parquet implementation: its row count and
// the sum of one money column.
func ReadBack(path string, table settlement.Table) (Proof, error) {
	w, err := openWitness(path)
	if err != nil {
		return Proof{}, err
	}
	defer w.close()
	proof := Proof{Column: provenColumn[table.Name]}
	if proof.Column == "" {
		proof.Rows = w.footer.NumRows
		return proof, nil
	}
	column := w.column(proof.Column)
	if column < 0 {
		return Proof{}, fmt.Errorf("%s: %w: no column %s", path, ErrDamaged, proof.Column)
	}
	for group := range w.footer.RowGroups {
		err := w.pages(group, column, func(p *decodedPage) error {
			proof.Rows += int64(p.rows)
			for i := range p.values {
				if proof.Sum, err = proof.Sum.Add(settlement.Amount(p.value(i).(int64))); err != nil {
					return fmt.Errorf("%s: column %s: %w", path, proof.Column, err)
				}
			}
			return nil
		})
		if err != nil {
			return Proof{}, err
		}
	}
	return proof, nil
}

// Prove reads the part back and ties it with what was written.
func (p PartInfo) Prove() error {
	table, ok := settlement.TableNamed(p.Table)
	if !ok {
		return fmt.Errorf("%s: no table %s", p.Path, p.Table)
	}
	read, err := ReadBack(p.Path, table)
	if err != nil {
		return err
	}
	if read.Rows != p.Rows {
		return fmt.Errorf("%s: %d rows were written, %d read back", p.Path, p.Rows, read.Rows)
	}
	if read.Column != "" && read.Sum != p.MoneySums[read.Column] {
		return fmt.Errorf("%s: column %s: %s was written, %s read back", p.Path, read.Column, p.MoneySums[read.Column], read.Sum)
	}
	return nil
}

// FileKind is a source file, by the name that source_file holds, and a kind of
// line.
type FileKind struct {
	File string
	Kind settlement.Kind
}

// LineTotals are totals over lines: a count, and sums in fen with the signs of
// statement_lines. Nulls are left out.
type LineTotals struct {
	Rows                        int64
	Gross, Settled, Fee, Coupon settlement.Amount
}

// Measure returns the total that a control total's measure means: "rows", or a
// sum in fen of the named column, before Negate is applied. The amounts of fund lines
// are Gross.
func (t LineTotals) Measure(column string) (int64, bool) {
	switch column {
	case "rows":
		return t.Rows, true
	case "gross_amount", "amount":
		return int64(t.Gross), true
	case "settled_amount":
		return int64(t.Settled), true
	case "fee_amount":
		return int64(t.Fee), true
	case "coupon_amount":
		return int64(t.Coupon), true
	}
	return 0, false
}

// FileTotals reads written parts of statement_lines or fund_lines with the second Parquet
// implementation, as many at a time as there are cores, and adds them up by source
// file and kind: what the control totals of each file are proved against once more.
func FileTotals(table string, paths []string) (map[FileKind]LineTotals, error) {
	parts := make([]map[FileKind]LineTotals, len(paths))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range paths {
		group.Go(func() (err error) {
			parts[i], err = partTotals(table, path)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := map[FileKind]LineTotals{}
	for i, part := range parts {
		for key, totals := range part {
			sum, err := all[key].plus(totals)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", paths[i], err)
			}
			all[key] = sum
		}
	}
	return all, nil
}

// partTotals is FileTotals of one part.
func partTotals(table, path string) (map[FileKind]LineTotals, error) {
	w, err := openWitness(path)
	if err != nil {
		return nil, err
	}
	defer w.close()
	all := map[FileKind]LineTotals{}
	for group := range w.footer.RowGroups {
		if err := w.addTotals(group, totalled[table], all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// addTotals adds the lines of one row group to all.
func (w *witness) addTotals(group int, names []string, all map[FileKind]LineTotals) error {
	columns := make([]int, len(names))
	for i, name := range names {
		if columns[i] = w.column(name); columns[i] < 0 {
			return fmt.Errorf("%s: %w: no column %s", w.path, ErrDamaged, name)
		}
	}
	slots, keys, err := w.slots(group, columns[0], columns[1])
	if err != nil {
		return err
	}
	totals := make([]LineTotals, len(keys))
	for _, slot := range slots {
		totals[slot].Rows++
	}
	for i, field := range []func(*LineTotals) *settlement.Amount{
		func(t *LineTotals) *settlement.Amount { return &t.Gross },
		func(t *LineTotals) *settlement.Amount { return &t.Settled },
		func(t *LineTotals) *settlement.Amount { return &t.Fee },
		func(t *LineTotals) *settlement.Amount { return &t.Coupon },
	}[:len(columns)-2] {
		sums := make([]settlement.Amount, len(keys))
		if err := w.sumBySlot(group, columns[2+i], slots, sums); err != nil {
			return err
		}
		for slot := range sums {
			*field(&totals[slot]) = sums[slot]
		}
	}
	for slot, key := range keys {
		sum := all[key]
		if sum, err = sum.plus(totals[slot]); err != nil {
			return fmt.Errorf("%s: %w", w.path, err)
		}
		all[key] = sum
	}
	return nil
}

// slots numbers the pairs of file and kind of a row group: slots[row] is an index
// into keys.
func (w *witness) slots(group, file, kind int) (slots []int32, keys []FileKind, err error) {
	var files []string
	numbers := map[string]int32{}
	slots = w.rows[:0]
	err = w.words(group, file, func(name string) (int32, error) {
		number, ok := numbers[name]
		if !ok {
			number = int32(len(files))
			numbers[name] = number
			files = append(files, name)
		}
		return number, nil
	}, func(_ int, number int32) { slots = append(slots, number) })
	if err != nil {
		return nil, nil, err
	}
	w.rows = slots
	kinds := int32(len(settlement.KindWords))
	err = w.words(group, kind, func(word string) (int32, error) {
		code := slices.Index(settlement.KindWords, word)
		if code < 0 {
			return 0, fmt.Errorf("%s: %w: kind %q", w.path, ErrDamaged, word)
		}
		return int32(code), nil
	}, func(row int, code int32) { slots[row] = slots[row]*kinds + code })
	if err != nil {
		return nil, nil, err
	}
	// Pairs that no row has get no key.
	renumber := make([]int32, int32(len(files))*kinds)
	for i, pair := range slots {
		if renumber[pair] == 0 {
			keys = append(keys, FileKind{files[pair/kinds], settlement.Kind(pair % kinds)})
			renumber[pair] = int32(len(keys))
		}
		slots[i] = renumber[pair] - 1
	}
	return slots, keys, nil
}

// words calls each with every row of a column of words, which is never null, and with
// the word's number. Words are numbered once a page, entry by entry of the dictionary.
func (w *witness) words(group, column int, number func(string) (int32, error), each func(row int, number int32)) error {
	var numbers []int32
	row := 0
	return w.pages(group, column, func(p *decodedPage) error {
		if p.dict == nil {
			return fmt.Errorf("%s: column %s: %w: words without a dictionary", w.path, w.columns[column].Name, ErrDamaged)
		}
		numbers = sized(numbers, len(p.dict))
		for i, word := range p.dict {
			n, err := number(word.(string))
			if err != nil {
				return err
			}
			numbers[i] = n
		}
		for _, entry := range p.values {
			each(row, numbers[entry.(int64)])
			row++
		}
		return nil
	})
}

// sumBySlot adds a money column of a row group into sums, by the slot of its rows.
func (w *witness) sumBySlot(group, column int, slots []int32, sums []settlement.Amount) error {
	row := 0
	return w.pages(group, column, func(p *decodedPage) error {
		next := 0
		for i, slot := range slots[row : row+p.rows] {
			if p.null(i) {
				continue
			}
			sum, err := sums[slot].Add(settlement.Amount(p.value(next).(int64)))
			if err != nil {
				return fmt.Errorf("%s: column %s: %w", w.path, w.columns[column].Name, err)
			}
			sums[slot] = sum
			next++
		}
		row += p.rows
		return nil
	})
}

func (t LineTotals) plus(more LineTotals) (LineTotals, error) {
	t.Rows += more.Rows
	var err error
	for _, pair := range []struct {
		sum *settlement.Amount
		add settlement.Amount
	}{{&t.Gross, more.Gross}, {&t.Settled, more.Settled}, {&t.Fee, more.Fee}, {&t.Coupon, more.Coupon}} {
		if *pair.sum, err = pair.sum.Add(pair.add); err != nil {
			return t, err
		}
	}
	return t, nil
}
