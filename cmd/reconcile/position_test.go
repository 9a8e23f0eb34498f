package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/output/journal"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// plantedDays runs days with fund flows and bank statements, each with every fault that
// can be planted, into a dataset.
func plantedDays(t *testing.T, days int) (dataset string, ran []settlement.Day) {
	t.Helper()
	dataset = filepath.Join(t.TempDir(), "days")
	for n := range days {
		o := generate.Defaults()
		o.Orders, o.FundFlow, o.Bank, o.Nth = 1500, true, true, n
		o.Day = generate.Defaults().Day + settlement.Day(n)
		for c := generate.FeeRowMissing; c <= generate.MoneyRowShort; c++ {
			o.Cases[c] = generate.Count(4)
		}
		key, err := generate.Day(t.TempDir(), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pipeline.Run(context.Background(), pipeline.Job{Paths: key.Files, Dataset: dataset, Day: o.Day}); err != nil {
			t.Fatal(err)
		}
		ran = append(ran, o.Day)
	}
	return dataset, ran
}

func said(t *testing.T, args ...string) string {
	t.Helper()
	code, out, stderr := call(context.Background(), args...)
	if code != 0 {
		t.Fatalf("%v: exit %d: %s", args, code, stderr)
	}
	return out
}

// What was sold, less what was taken, is what the accounts hold more, and what is not
// booked: on every day, to the fen, whatever was planted.
func TestThePositionAddsUpOnEveryDay(t *testing.T) {
	dataset, days := plantedDays(t, 3)
	notBooked := false
	for _, day := range days {
		var p struct {
			Accounts []map[string]any
			Total    map[string]any
		}
		if err := json.Unmarshal([]byte(said(t, "position", "--out", dataset, "--date", day.String(), "--json")), &p); err != nil {
			t.Fatal(err)
		}
		if len(p.Accounts) != 2 {
			t.Errorf("%s: %d accounts", day, len(p.Accounts))
		}
		for _, a := range append(p.Accounts, p.Total) {
			if a["difference"] != "0.00" || a["fees_not_booked"] != "0.00" {
				t.Errorf("%s, %v: difference %v, fees not booked %v", day, a["wallet"], a["difference"], a["fees_not_booked"])
			}
			notBooked = notBooked || a["not_booked"] != "0.00"
		}
	}
	if !notBooked {
		t.Error("nothing is not booked: this proves little")
	}
}

// The vouchers of all days together leave in each wallet what its own file says, and in
// the clearing accounts what the position says is not booked.
func TestTheJournalLeavesWhatTheAccountsHold(t *testing.T) {
	dataset, days := plantedDays(t, 3)
	b, err := readBooks(t.Context(), dataset, &dayFlags{from: days[0].String(), to: days[2].String()})
	if err != nil {
		t.Fatal(err)
	}
	accounts := b.all()
	vouchers, err := journal.Vouchers(nil, accounts, b.payouts)
	if err != nil {
		t.Fatal(err)
	}
	moved := map[journal.Role]settlement.Amount{}
	numbers := map[string]bool{}
	for _, v := range vouchers {
		if numbers[v.No] {
			t.Errorf("voucher %s twice", v.No)
		}
		numbers[v.No] = true
		for _, e := range v.Entries {
			moved[e.Role] += e.Amount
		}
	}
	var held, waiting settlement.Amount
	for _, a := range accounts {
		if a.Opening == settlement.NoAmount || a.Closing == settlement.NoAmount {
			t.Fatalf("%s: the balance of %s is not known", a.On, a.Account)
		}
		held += a.Closing - a.Opening
	}
	if err := eachBatch(pipeline.DayFolder(dataset, days[2]), "unsettled", func(u *settlement.Unsettled) error {
		for i := range u.Len() {
			waiting += notBooked(u, i)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if moved[journal.Wallet] != held || moved[journal.Clearing] != waiting || waiting == 0 {
		t.Errorf("wallets moved by %s and hold %s more; clearing %s, not booked %s", moved[journal.Wallet], held, moved[journal.Clearing], waiting)
	}
	first := said(t, "journal", "--out", dataset, "--from", days[0].String(), "--to", days[2].String())
	if again := said(t, "journal", "--out", dataset, "--from", days[0].String(), "--to", days[2].String()); again != first || len(first) < 1000 {
		t.Error("the same days give other vouchers")
	}
}

func TestTheJournalIsConfigured(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "reconcile.yaml")
	text := "journal:\n  accounts:\n    wallet: \"1012.{wallet}\"\n    receivable: \"1122\"\n  columns: [voucher_no, account, debit, credit]\n  names:\n    account: 科目\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	dataset, _ := plantedDays(t, 1)
	got := said(t, "journal", "--out", dataset, "--config", config)
	if !strings.HasPrefix(got, "\uFEFFvoucher_no,科目,debit,credit\r\n") || !strings.Contains(got, ",1122,,") {
		t.Errorf("%s", got)
	}
	for text, want := range map[string]string{
		"journal:\n  accounts:\n    till: x\n":     "journal.accounts.till: no key of this name",
		"journal:\n  accounts:\n    wallet: \" \"": "journal.accounts.wallet",
		"journal:\n  columns: [debits]\n":          "journal.columns",
		"journal:\n  names:\n    debits: Soll\n":   `journal.names: "debits" is no column`,
	} {
		if _, err := parseConfig("c.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// Of a shop that a day has only breaks or open items of, no fee is known, which is no amount.
func TestTheFeesOfShopsAreThoseOfTheirAccounts(t *testing.T) {
	_, out := sampleDay(t)
	var p struct {
		Total struct{ Fees string }
		Shops []struct{ Shop, Fees string }
	}
	if err := json.Unmarshal([]byte(said(t, "position", "--out", out, "--json")), &p); err != nil {
		t.Fatal(err)
	}
	amount := func(text string) settlement.Amount {
		a, err := settlement.ParseAmount([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	var sum settlement.Amount
	for _, shop := range p.Shops {
		sum += amount(shop.Fees)
	}
	if total := amount(p.Total.Fees); len(p.Shops) < 5 || sum != -total {
		t.Errorf("%d shops had fees of %s, the accounts %s", len(p.Shops), sum, total)
	}
}
