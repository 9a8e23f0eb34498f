// Command plaingo does the job as a Go programmer would at first: encoding/csv,
// structs in maps, and xitongsys' Parquet writer.
//
// Usage: plaingo DAY_FOLDER OUT_FOLDER
package main

import (
	"encoding/base32"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/zeebo/xxh3"
)

type day struct {
	UTF8, WeChat                   []string
	OrdersCSV, RefundsCSV, On, PID string
}

var letters = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

func shortHash(b []byte) string {
	sum := xxh3.Hash128(b).Bytes()
	return letters.EncodeToString(sum[:])[:20]
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, out string) error {
	text, err := os.ReadFile(filepath.Join(dir, "day.json"))
	if err != nil {
		return err
	}
	var d day
	if err := json.Unmarshal(text, &d); err != nil {
		return err
	}
	m := &matcher{}
	for _, path := range d.UTF8 {
		if m.lines, err = readAlipay(path, filepath.Base(path), d.PID, m.lines); err != nil {
			return err
		}
	}
	for _, path := range d.WeChat {
		if m.lines, err = readWeChat(path, filepath.Base(path), m.lines); err != nil {
			return err
		}
	}
	if m.orders, err = readOrders(d.OrdersCSV); err != nil {
		return err
	}
	if m.refunds, err = readRefunds(d.RefundsCSV); err != nil {
		return err
	}
	on, err := time.Parse(time.DateOnly, d.On)
	if err != nil {
		return err
	}
	const window = 30 * 60 * 1e6
	m.opens = on.UnixMicro() - shanghai*1e6 + window
	m.closes = m.opens + 24*3600*1e6 - 2*window
	m.index()
	m.matchPayments()
	m.matchRefunds()
	m.price()
	return m.write(out, int32(on.Unix()/86400))
}

func (m *matcher) write(out string, on int32) error {
	cores := int64(runtime.GOMAXPROCS(0))
	for _, t := range []struct {
		name      string
		prototype any
		rows      func(func(any) error) error
	}{
		{"statement_lines", new(lineRow), func(write func(any) error) error { return m.lineRows(on, write) }},
		{"matches", new(matchRow), func(write func(any) error) error { return m.matchRows(on, write) }},
		{"breaks", new(breakRow), func(write func(any) error) error { return m.breakRows(on, write) }},
		{"charges", new(chargeRow), func(write func(any) error) error { return m.chargeRows(on, write) }},
		{"summary", new(summaryRow), func(write func(any) error) error { return m.summaryRows(on, write) }},
	} {
		if err := table(out, t.name, t.prototype, cores, t.rows); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}
