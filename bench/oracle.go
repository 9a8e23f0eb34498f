package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/generate"
	"reconcile/settlement"
)

// verdict is the oracle's answer about one day.
type verdict struct {
	Breaks, Charges, Differences int
	Kinds                        map[string]int
	Shown                        []string
}

// layouts are the shapes that the days of the oracle take in turn.
var layouts = []struct {
	name   string
	change func(*generate.Options)
}{
	{"as delivered", func(*generate.Options) {}},
	{"no provider numbers in the orders", func(o *generate.Options) {
		o.Extract.ProviderTxnID = false
		delete(o.Cases, generate.ProviderNo)
	}},
	{"no accounts in the orders", func(o *generate.Options) { o.Extract.Account = false }},
	{"SUCCESS and REFUND", func(o *generate.Options) {
		o.WeChat.Bills = []generate.BillType{generate.BillSuccess, generate.BillRefund}
	}},
	{"ALL beside SUCCESS and REFUND", func(o *generate.Options) {
		o.WeChat.Bills = []generate.BillType{generate.BillAll, generate.BillSuccess, generate.BillRefund}
	}},
	{"legacy layouts", func(o *generate.Options) { o.WeChat.Legacy, o.WeChat.BOM = true, true }},
	{"Alipay returns its fee, prints it positive, delivers parts", func(o *generate.Options) {
		o.Alipay.FeeReturned, o.Alipay.FeePositive, o.Alipay.PartRows = true, true, 1000
	}},
	{"escrow orders", func(o *generate.Options) {
		o.Extract.Escrow, o.Extract.SucceededAt = true, true
		o.Cases[generate.Unreleased], o.Cases[generate.RefundBeforeRelease] = generate.Count(25), generate.Count(25)
	}},
}

// askOracle compares the findings on random days, each as generated and once more with
// its extracts disturbed.
func askOracle(ctx context.Context, out io.Writer, first uint64, seeds, orders int) error {
	t, err := build(ctx)
	if err != nil {
		return err
	}
	defer os.RemoveAll(t.work)
	failed, kinds := 0, map[string]int{}
	for seed := first; seed < first+uint64(seeds); seed++ {
		for _, disturbed := range []bool{false, true} {
			layout := layouts[int(seed)%len(layouts)]
			o := generate.Defaults()
			o.Orders, o.Seed = orders, seed
			layout.change(&o)
			name := fmt.Sprintf("seed %d, %s", seed, layout.name)
			if disturbed {
				name += ", disturbed"
			}
			v, err := t.compare(ctx, filepath.Join(t.work, "day"), o, disturbed)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			fmt.Fprintf(out, "%-78s %5d breaks %7d charges %4d differences\n", name, v.Breaks, v.Charges, v.Differences)
			for _, shown := range v.Shown {
				fmt.Fprintln(out, "  ", shown)
			}
			if v.Differences > 0 {
				failed++
			}
			for kind, n := range v.Kinds {
				kinds[kind] += n
			}
		}
	}
	if missing := unseen(kinds); len(missing) > 0 {
		return errors.New("days that prove nothing of " + strings.Join(missing, ", "))
	}
	if failed > 0 {
		return fmt.Errorf("on %d of %d days the oracle finds something else", failed, 2*seeds)
	}
	return nil
}

// compare has one day reconciled and asks the oracle about it.
func (t *tools) compare(ctx context.Context, dir string, o generate.Options, disturbed bool) (*verdict, error) {
	defer os.RemoveAll(dir)
	d, err := generateDay(dir, o, true)
	if err != nil {
		return nil, err
	}
	if disturbed {
		if err := disturb(d, o.Seed); err != nil {
			return nil, err
		}
	}
	result := filepath.Join(dir, "result")
	if _, err := t.runReconcile(ctx, d, result); err != nil {
		return nil, err
	}
	c, err := start(ctx, ".", nil, t.python, "oracle/oracle.py", dir, result)
	if err != nil && len(c.stdout) == 0 {
		return nil, err
	}
	v := &verdict{}
	if err := json.Unmarshal(c.stdout, v); err != nil {
		return nil, err
	}
	return v, nil
}

// unseen are the kinds of breaks that days with these kinds prove nothing of.
func unseen(kinds map[string]int) (missing []string) {
	for kind := settlement.MissingInStatement; kind <= settlement.FeeVariance; kind++ {
		if kinds[kind.String()] == 0 {
			missing = append(missing, kind.String())
		}
	}
	return missing
}

// runReconcile runs the program with its defaults.
func (t *tools) runReconcile(ctx context.Context, d *day, out string) (cost, error) {
	args := slices.Concat([]string{t.reconcile, "run"}, d.Input, []string{"--out", out, "--breaks-ok", "--quiet"})
	return start(ctx, ".", nil, args...)
}
