package main

import (
	"strings"
	"testing"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/pipeline"
	"reconcile/settlement"
)

func TestGridAlignsByCells(t *testing.T) {
	g := newGrid("类型", "amount")
	g.row("短款", "-391.90")
	g.row("refund", "5.00")
	want := "  类型     amount\n" +
		"  ───────────────\n" +
		"  短款    -391.90\n" +
		"  refund     5.00\n"
	if got := g.text("  "); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDigitsAreGrouped(t *testing.T) {
	for text, want := range map[string]string{"0.00": "0.00", "999.99": "999.99", "1000.00": "1,000.00", "-1234567.80": "-1,234,567.80",
		"-100.00": "-100.00", "123456": "123,456", "12": "12"} {
		if got := settlement.GroupDigits(text); got != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
	}
}

func TestShellWords(t *testing.T) {
	for path, want := range map[string]string{"out": "out", "a b": "'a b'", "it's": `'it'\''s'`, "结果": "结果", "$HOME": "'$HOME'"} {
		if got := shellWord(path); got != want {
			t.Errorf("%s becomes %s, want %s", path, got, want)
		}
	}
}

// TestFiguresFitATerminal sets many accounts with large sums: every account has its
// column, the total is last, and no line is wider than a terminal.
func TestFiguresFitATerminal(t *testing.T) {
	var accounts []pipeline.AccountOverview
	for _, number := range []string{"", "2088000000000001", "2088000000000002", "2088000000000003", "2088000000000004"} {
		wallet := settlement.Alipay
		if number == "" {
			wallet = settlement.NoWallet
		}
		accounts = append(accounts, pipeline.AccountOverview{Wallet: wallet, Account: number, Lines: 1000, Gross: 1_234_567_890_12, Net: 1_234_567_890_12})
	}
	for _, language := range []language{english, chinese} {
		s := summary{app: &app{language: language}, result: &pipeline.Result{Overview: pipeline.Overview{Figures: output.Figures{Accounts: accounts}}}}
		s.figures()
		text := s.b.String()
		for line := range strings.Lines(text) {
			if w := cells.StringWidth(strings.TrimRight(line, "\n")); w > pageWidth {
				t.Errorf("%d cells: %s", w, line)
			}
		}
		at := -1
		for _, want := range []string{"2088000000000001", "2088000000000004", s.say("(no account)"), s.say("total")} {
			next := strings.Index(text, want)
			if next <= at && want != s.say("total") || next < 0 {
				t.Errorf("%s at %d, after %d:\n%s", want, next, at, text)
			}
			at = next
		}
		blocks := strings.Split(strings.TrimSpace(text), "\n\n")
		if last := blocks[len(blocks)-1]; !strings.Contains(last, s.say("total")) || !strings.Contains(last, s.say("alipay")) && !strings.Contains(last, s.say("(no wallet)")) {
			t.Errorf("the total stands alone:\n%s", last)
		}
		if !strings.Contains(text, "6,172,839,450.60") {
			t.Errorf("the total is missing:\n%s", text)
		}
	}
}

// TestFiguresAddUp: what is printed between gross and net explains their difference.
func TestFiguresAddUp(t *testing.T) {
	a := pipeline.AccountOverview{Gross: 100_00, Refunds: -20_00, Billed: 48, Net: 77_52}
	if got := overview.Unsettled(&a); got != -2_00 {
		t.Errorf("coupons %s", got)
	}
}
