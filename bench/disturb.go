package main

import (
	"encoding/csv"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
)

// disturb changes a fifth of the rows in the merchant's extracts of a day at random,
// some of them several times, so that they and the bills disagree in ways nobody planned. The bills stay as
// they are: they would no longer tie.
func disturb(d *day, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 7))
	if err := disturbFile(d.OrdersCSV, rng, orderChanges); err != nil {
		return err
	}
	return disturbFile(d.RefundsCSV, rng, refundChanges)
}

// table is a CSV file while it is being changed.
type table struct {
	column map[string]int
	rows   [][]string
	rng    *rand.Rand
}

// change alters row i, or returns rows to add.
type change func(t *table, i int) (added [][]string)

func disturbFile(path string, rng *rand.Rand, changes []change) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	rows, err := csv.NewReader(file).ReadAll()
	file.Close()
	if err != nil {
		return err
	}
	t := &table{column: map[string]int{}, rows: rows[1:], rng: rng}
	for i, name := range rows[0] {
		t.column[name] = i
	}
	var added [][]string
	dropped := map[int]bool{}
	for i := range t.rows {
		for rng.IntN(5) == 0 {
			pick := rng.IntN(len(changes) + 1)
			if pick == len(changes) {
				dropped[i] = true
				break
			}
			more := changes[pick](t, i)
			added = append(added, more...)
			if more != nil {
				break // a copy that is changed again is neither a copy nor another event
			}
		}
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	w := csv.NewWriter(out)
	if err := w.Write(rows[0]); err != nil {
		return err
	}
	for i, row := range append(t.rows, added...) {
		if !dropped[i] {
			if err := w.Write(row); err != nil {
				return err
			}
		}
	}
	w.Flush()
	return w.Error()
}

// at is the place of a named cell, nil where the file has no such column.
func (t *table) at(i int, name string) *string {
	if c, ok := t.column[name]; ok {
		return &t.rows[i][c]
	}
	return nil
}

func (t *table) set(i int, name, value string) {
	if cell := t.at(i, name); cell != nil {
		*cell = value
	}
}

func (t *table) one(words ...string) string { return words[t.rng.IntN(len(words))] }

// shift adds some fen to an amount or takes them away; it stays positive and is never
// the same.
func (t *table) shift(text string) string {
	fen, err := strconv.ParseInt(strings.Replace(text, ".", "", 1), 10, 64)
	if err != nil {
		panic("an amount of the generator does not parse: " + text)
	}
	if off := 1 + int64(t.rng.IntN(200)); off < fen && t.rng.IntN(2) == 0 {
		fen -= off
	} else {
		fen += off
	}
	digits := strconv.FormatInt(fen+100_000_000, 10)[1:]
	whole := strings.TrimLeft(digits[:len(digits)-2], "0")
	if whole == "" {
		whole = "0"
	}
	return whole + "." + digits[len(digits)-2:]
}

var orderChanges = []change{
	func(t *table, i int) [][]string { t.set(i, "amount", t.shift(*t.at(i, "amount"))); return nil },
	func(t *table, i int) [][]string { t.set(i, "amount", "0.00"); return nil },
	func(t *table, i int) [][]string { t.set(i, "wallet", t.one("alipay", "wechat", "")); return nil },
	func(t *table, i int) [][]string {
		t.set(i, "wallet", t.one("alipay", "wechat"))
		t.set(i, "account", "")
		t.set(i, "provider_txn_id", "")
		return nil
	},
	func(t *table, i int) [][]string { t.set(i, "account", t.one("", "1900000001")); return nil },
	func(t *table, i int) [][]string {
		if *t.at(i, "paid_at") != "" {
			t.set(i, "status", t.one("paid", "refunded", "refunded", "closed", "cancelled", "unpaid"))
		}
		return nil
	},
	func(t *table, i int) [][]string { t.set(i, "provider_txn_id", ""); return nil },
	func(t *table, i int) [][]string { // another order's provider number
		if other := t.at(t.rng.IntN(len(t.rows)), "provider_txn_id"); other != nil {
			t.set(i, "provider_txn_id", *other)
		}
		return nil
	},
	func(t *table, i int) [][]string { t.set(i, "order_no", *t.at(i, "order_no")+"9"); return nil },
	func(t *table, i int) [][]string { t.set(i, "payment_no", "PX"+*t.at(i, "order_no")); return nil },
	func(t *table, i int) [][]string { return [][]string{slices.Clone(t.rows[i])} }, // listed twice
	func(t *table, i int) [][]string { // a second payment of the order, without numbers of its own
		if _, escrow := t.column["payout_amount"]; escrow {
			return nil // which of two payouts is which, nothing tells
		}
		again := slices.Clone(t.rows[i])
		again[t.column["amount"]] = t.shift(again[t.column["amount"]])
		for _, name := range []string{"payment_no", "provider_txn_id"} {
			if c, ok := t.column[name]; ok {
				again[c] = ""
			}
		}
		if paid := again[t.column["paid_at"]]; paid != "" {
			again[t.column["paid_at"]] = paid[:len(paid)-2] + strconv.Itoa(10+t.rng.IntN(50))
		}
		return [][]string{again}
	},
}

var refundChanges = []change{
	func(t *table, i int) [][]string { t.set(i, "amount", t.shift(*t.at(i, "amount"))); return nil },
	func(t *table, i int) [][]string {
		t.set(i, "status", t.one("success", "processing", "failed"))
		return nil
	},
	func(t *table, i int) [][]string { t.set(i, "refund_no", ""); return nil },
	func(t *table, i int) [][]string { t.set(i, "refund_no", *t.at(i, "refund_no")+"9"); return nil },
	func(t *table, i int) [][]string {
		t.set(i, "order_no", *t.at(t.rng.IntN(len(t.rows)), "order_no"))
		return nil
	},
	func(t *table, i int) [][]string { return [][]string{slices.Clone(t.rows[i])} },
}
