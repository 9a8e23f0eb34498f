package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/output"
	"reconcile/settlement"
	"reconcile/yamlfile"
)

// writeBreaks writes three findings as a part of the table breaks.
func writeBreaks(t testing.TB) string {
	t.Helper()
	b := &settlement.Breaks{}
	add := func(n uint64, kind settlement.BreakKind, wallet settlement.Wallet, order string, expected, actual settlement.Amount, on settlement.Day, reason string) {
		b.ID = append(b.ID, settlement.ID{Hi: n << 59})
		b.Kind = append(b.Kind, kind)
		b.Wallet = append(b.Wallet, wallet)
		b.LineID, b.EventID = append(b.LineID, settlement.ID{}), append(b.EventID, settlement.ID{})
		b.Expected, b.Actual = append(b.Expected, expected), append(b.Actual, actual)
		b.Difference = append(b.Difference, actual-expected)
		b.Currency = append(b.Currency, settlement.CNY)
		b.FirstSeenOn, b.ClosedOn = append(b.FirstSeenOn, on), append(b.ClosedOn, settlement.NoDay)
		b.AgeDays = append(b.AgeDays, int64(n))
		b.Status, b.DecidedAt = append(b.Status, settlement.BreakOpen), append(b.DecidedAt, settlement.NoInstant)
		b.File, b.Line = append(b.File, 0), append(b.Line, int64(n))
		for _, text := range []*settlement.Text{&b.Account, &b.RefundNo, &b.Suggestion, &b.PaymentNo, &b.ProviderID, &b.Shop, &b.Decision, &b.DecidedBy, &b.Assignee, &b.Note} {
			text.AppendString("")
		}
		b.OrderNo.AppendString(order)
		b.Reason.AppendString(reason)
	}
	day, err := settlement.CivilDay(2024, 9, 12)
	if err != nil {
		t.Fatal(err)
	}
	add(1, settlement.AmountMismatch, settlement.Alipay, "=1+1", 10000, 9000, day, "it's “less”, by 10.00\nor so")
	add(2, settlement.AmountMismatch, settlement.WeChat, "9007199254740993", 9_007_199_254_740_993, 9_007_199_254_740_994, day+1, "＝full width")
	add(3, settlement.MissingInStatement, settlement.NoWallet, "-5", 500, 0, settlement.NoDay, "+49")
	path := filepath.Join(t.TempDir(), "breaks", "part-00000.parquet")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	table, _ := settlement.TableNamed("breaks")
	w, err := output.NewPart(path, table, []string{"@orders.csv"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(settlement.Record(b)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhereSelectsByTheTypeOfTheColumn(t *testing.T) {
	path := writeBreaks(t)
	table, _ := settlement.TableNamed("breaks")
	for expression, want := range map[string]string{
		"":                                       "1 2 3",
		"kind = amount_mismatch":                 "1 2",
		"kind != amount_mismatch":                "3",
		"kind=amount_mismatch and wallet=wechat": "2",
		"KIND = amount_mismatch":                 "no column",
		"kind = amount_mismatch AND age_days > 1": "2",
		// money, as fen: no float tells 90071992547409.93 and .94 apart
		"difference < -9.99":                  "1",
		"difference <= -10":                   "1",
		"difference < -10.00":                 "",
		"difference = 0.01":                   "2",
		"expected_amount = 90071992547409.93": "2",
		"actual_amount > 90071992547409.93":   "2",
		"difference ~ 10.":                    "1",
		// texts are compared as texts, in quotes or without
		"order_no = -5":           "3",
		"order_no = '=1+1'":       "1",
		`order_no = "=1+1"`:       "1",
		"order_no ~ 4740993":      "2",
		"reason ~ 'it''s “less”'": "1",
		"reason = ''":             "",
		// as in SQL, null is found by = null alone
		"wallet = null":                      "3",
		"wallet != null":                     "1 2",
		"wallet != alipay":                   "2",
		"first_seen_on < 2024-09-13":         "1",
		"first_seen_on >= 2024-09-12":        "1 2",
		"first_seen_on != 2024-09-12":        "2",
		"refund_no = null and age_days >= 2": "2 3",
		"order_no = 'null'":                  "",
		// faults
		"kind":                    "operator",
		"kind =":                  "value",
		"kind = = x":              "value",
		"= x":                     "column",
		"kind == amount_mismatch": "value",
		"kind = amount_mismatch or wallet=wechat": "“and” is expected",
		"kind = amount_mismatch and":              "column",
		"difference < 1e2":                        "no amount",
		"difference < 1.005":                      "no amount",
		"difference < '１２'":                       "no amount",
		"difference < 1,000.00":                   "no amount",
		"age_days = 1.5":                          "no whole number",
		"first_seen_on = yesterday":               "no day",
		"first_seen_on = 2024-02-30":              "no day",
		"kind < amount_mismatch":                  "no order",
		"wallet > null":                           "null is not greater",
		"order_no = 'open":                        "not closed",
		"kind ! amount_mismatch":                  "no operator",
	} {
		t.Run(expression, func(t *testing.T) {
			filter, err := compileWhere(expression, table.Columns)
			if err != nil {
				if want == "" || !strings.Contains(err.Error(), want) {
					t.Fatalf("%v, want %q", err, want)
				}
				return
			}
			var found []string
			if err := output.ReadFile(path, func(r output.Row) error {
				if filter.holds(r) {
					found = append(found, r.Text("age_days"))
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(found, " "); got != want {
				t.Errorf("rows %q, want %q", got, want)
			}
		})
	}
}

func TestWhereReadsRatesAndTimes(t *testing.T) {
	for text, want := range map[string]settlement.Rate{"0.006": 6000, "0.6%": 6000, "0.60%": 6000, "0.006000": 6000, "1": 1_000_000, "0": 0, "0.0001%": 1} {
		if got, err := parseFraction(text); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "%", ".5", "5.", "-0.6%", "0.0000001", "0.00001%", "1e2", "0.6 %", "99999999"} {
		if got, err := parseFraction(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
	for _, text := range []string{"2024-09-12", "2024-09-12 08:30", "2024-09-12T08:30", "2024-09-12 08:30:01"} {
		if _, err := compareInstant("at", text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"", "08:30", "2024-09-12 25:00", "2024-9-12"} {
		if _, err := compareInstant("at", text); err == nil {
			t.Errorf("%q is a time", text)
		}
	}
}

func TestWhereFaultsPointAtTheirPlace(t *testing.T) {
	table, _ := settlement.TableNamed("breaks")
	_, err := compileWhere("reason ~ 短款 and difference < ten", table.Columns)
	want := "--where:30: difference: \"ten\" is no amount: not a plain decimal number (an optional minus, digits, an optional point with one or two digits)\n" +
		"  reason ~ 短款 and difference < ten\n" +
		"                                 ^"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// FuzzWhere proves that no expression panics.
func FuzzWhere(f *testing.F) {
	table, _ := settlement.TableNamed("breaks")
	for _, seed := range []string{"kind = amount_mismatch and difference < -10.00", `reason ~ "a""b"`, "a", "'", "=", "!=", "first_seen_on >= 2024-09-12"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		if _, err := compileWhere(expression, table.Columns); err != nil && err.Error() == "" {
			t.Error("an error without a message")
		}
	})
}

func TestCSVHasNoFormulas(t *testing.T) {
	path := writeBreaks(t)
	table, _ := settlement.TableNamed("breaks")
	columns, err := chooseColumns(table, "order_no,difference,reason,source_file,source_line", false)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	p := &csvPrinter{w: &b, columns: columns}
	if err := output.ReadFile(path, p.row); err != nil {
		t.Fatal(err)
	}
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	want := "order_no,difference,reason,source_file,source_line\n" +
		"'=1+1,-10.00,\"it's “less”, by 10.00\nor so\",'@orders.csv,1\n" +
		"9007199254740993,0.01,'＝full width,'@orders.csv,2\n" +
		"-5,-5.00,'+49,'@orders.csv,3\n"
	if b.String() != want {
		t.Errorf("got\n%q\nwant\n%q", b.String(), want)
	}
}

func TestTerminalShowsNoControlCharacters(t *testing.T) {
	if got := printable("a\x1b[2Jb\u009b\n订"); got != "a�[2Jb��订" {
		t.Errorf("%q", got)
	}
}

func TestShortColumnsExist(t *testing.T) {
	for _, table := range settlement.Tables {
		names := shortColumns[table.Name]
		if len(names) == 0 {
			t.Errorf("%s has none", table.Name)
		}
		for _, name := range names {
			if !slices.Contains(columnNames(table.Columns), name) {
				t.Errorf("%s has no column %s", table.Name, name)
			}
		}
	}
}

func TestClosestName(t *testing.T) {
	known := []string{"orders", "refunds", "window", "memory", "schedule"}
	for name, want := range map[string]string{"ordres": "orders", "order": "orders", "widnow": "window", "Memory": "memory", "xyz": "", "": "", "schedul": "schedule"} {
		if got := yamlfile.Closest(name, known); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
