package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestNoFileSteersTheTerminal: neither by what stands in it nor by its name, whatever is
// said of it.
func TestNoFileSteersTheTerminal(t *testing.T) {
	dir := t.TempDir()
	osc, red := "\x1b]0;title\a", "\x1b[31m"
	for name, text := range map[string]string{
		"first.csv": "or" + red + "der,wal" + osc + "\u202e,bold\x1b[1m\nx,1,2\n",
		"orders" + red + osc + ".csv": "order_no,wallet,amount,paid_at,status,new" + red + osc + "\x1b[1m\n" +
			"S1,alipay,10.00,2024-09-12 10:00:00,paid,x\n",
		"orders_bad.csv": "order_no,wallet,amount,paid_at,status\nS1,al" + osc + "i,1" + red + ",2024-09-12 10:00:00,pa\u0085id\n",
	} {
		writeFile(t, filepath.Join(dir, "inbox", name), []byte(text))
	}
	steers := func(what, printed string) {
		t.Helper()
		for _, bad := range []string{"\x1b", "\a", "\u0085", "\u202e"} {
			if strings.Contains(printed, bad) {
				t.Errorf("%s prints %q:\n%q", what, bad, printed)
			}
		}
	}
	t.Chdir(dir)
	for _, args := range [][]string{{"check", "inbox"}, {"check", "inbox", "--quiet"}, {"check", "inbox", "--json"}, {"run", "inbox", "--out", "result"},
		{"run", "inbox", "--out", "result", "--quiet"}, {"check", "gone" + osc + red}, {"show", "no" + osc}, {"nothing" + red}} {
		printed, _ := called(t, args...)
		if printed == "" {
			t.Fatalf("%q printed nothing", args)
		}
		steers(strings.Join(args, " "), printed)
	}
	// A terminal that has colours gets ours, and no others.
	if got := harmless(painted(true, bad, "x"+osc) + red + "\n\t"); got != "\x1b[1;31mx�]0;title�\x1b[0m�[31m\n\t" {
		t.Errorf("%q", got)
	}
}
