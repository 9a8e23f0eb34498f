package pipeline_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/opening"
	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// flowDay is the files of a day of the shop on which its account took in so much.
func flowDay(t testing.TB, dir, day string, opening settlement.Amount, amounts ...settlement.Amount) []string {
	var rows []movement
	for n, amount := range amounts {
		rows = append(rows, movement{kind: "充值", day: day, amount: amount, at: fmt.Sprintf("12:00:%02d", n)})
	}
	return []string{fundFlowFrom(t, dir, day, opening, rows...), wechatBill(t, dir, day), extract(t, dir, day), refundList(t, dir, day)}
}

var balanceColumns = []string{"settled_on", "opening", "income", "expense", "computed_closing", "closing", "unexplained", "opening_known_by", "missing_days"}

// gapsIn lists the balance gaps of a day: amounts, row, status, and what the reason says
// behind the day's beginning.
func gapsIn(t testing.TB, dir string) (list []string) {
	t.Helper()
	for _, row := range values(t, dir, "breaks", func(r output.Row) bool { return r.Text("kind") == "balance_gap" }, "expected_amount", "actual_amount", "source_line", "status", "reason") {
		_, missing, _ := strings.Cut(row, "; ")
		list = append(list, strings.Join(strings.Fields(row)[:4], " ")+strings.TrimRight(" "+missing, " "))
	}
	return list
}

func TestBalancesGoOnFromDayToDay(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	first := s.run("2024-09-12", flowDay(t, dir, "2024-09-12", 100_00, 10_00, -3_00)...)
	expect(t, "the first day", tableRows(t, first, "balances", balanceColumns...), "2024-09-12 100.00 10.00 3.00 107.00 107.00 0.00 first_row 0")
	second := s.run("2024-09-13", flowDay(t, dir, "2024-09-13", 107_00, 1_00)...)
	expect(t, "it goes on", tableRows(t, second, "balances", balanceColumns...), "2024-09-13 107.00 1.00 0.00 108.00 108.00 0.00 day_before 0")
	expect(t, "gaps", gapsIn(t, second))
	third := s.run("2024-09-14", flowDay(t, dir, "2024-09-14", 108_05, 1_00)...)
	expect(t, "it does not go on", tableRows(t, third, "balances", balanceColumns...), "2024-09-14 108.00 1.00 0.00 109.00 109.05 0.05 day_before 0")
	expect(t, "gaps", gapsIn(t, third), "108.00 108.05 2 open")

	quiet := s.run("2024-09-15", flowDay(t, dir, "2024-09-15", 0)...)
	expect(t, "nothing moved", tableRows(t, quiet, "balances", balanceColumns...), "2024-09-15 109.05 0.00 0.00 109.05   day_before 0")
	expect(t, "the gap stays open", gapsIn(t, quiet), "108.00 108.05 2 open")

	// No fund flow on the 16th: the 17th is held against the 15th.
	without := s.run("2024-09-16", flowDay(t, dir, "2024-09-16", 0)[1:]...)
	expect(t, "a day without a fund flow", tableRows(t, without, "balances", balanceColumns...))
	after := s.run("2024-09-17", flowDay(t, dir, "2024-09-17", 200_00, 1_00)...)
	expect(t, "after it", tableRows(t, after, "balances", balanceColumns...), "2024-09-17 200.00 1.00 0.00 201.00 201.00 0.00 first_row 1")
	expect(t, "gaps", gapsIn(t, after), "108.00 108.05 2 open", "109.05 200.00 2 open the fund flow of 2024-09-16 is missing: what moved then is not known")

	// It comes: the days are run again, and the gap is gone.
	s.run("2024-09-16", flowDay(t, dir, "2024-09-16", 109_05, 90_95)...)
	again := s.run("2024-09-17", flowDay(t, dir, "2024-09-17", 200_00, 1_00)...)
	expect(t, "the day again", tableRows(t, again, "balances", balanceColumns...), "2024-09-17 200.00 1.00 0.00 201.00 201.00 0.00 day_before 0")
	expect(t, "gaps", gapsIn(t, again), "108.00 108.05 2 open")
}

// A file of opening balances proves a first day; the day before counts before it.
func TestAnOpeningBalanceProvesTheFirstDay(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	before, err := opening.Parse("opening.csv", []byte("kind,wallet,account,amount,time\nday,,,,2024-09-11\nbalance,wechat,1230000109,99.00,\n"))
	if err != nil {
		t.Fatal(err)
	}
	s.change = func(job *pipeline.Job) { job.Opening = before }
	first := s.run("2024-09-12", flowDay(t, dir, "2024-09-12", 100_00, 10_00)...)
	expect(t, "the first day", tableRows(t, first, "balances", balanceColumns...), "2024-09-12 99.00 10.00 0.00 109.00 110.00 1.00 opening_file 0")
	expect(t, "gaps", gapsIn(t, first), "99.00 100.00 2 open")
	if reasons := tableRows(t, first, "breaks", "reason"); len(reasons) != 1 || !strings.HasSuffix(reasons[0], ", but opening.csv:3:27 opens it with 99.00") {
		t.Errorf("%q", reasons)
	}
	second := s.run("2024-09-13", flowDay(t, dir, "2024-09-13", 110_00, 1_00)...)
	expect(t, "the second day", tableRows(t, second, "balances", balanceColumns...), "2024-09-13 110.00 1.00 0.00 111.00 111.00 0.00 day_before 0")
}

// Refused files, copies of a file and rows that another file shows again move nothing
// twice, and break no chain.
func TestRowsThatDoNotCountMoveNoBalance(t *testing.T) {
	dir := t.TempDir()
	files := flowDay(t, dir, "2024-09-12", 100_00, 10_00, -3_00)
	want := []string{"2024-09-12 100.00 10.00 3.00 107.00 107.00 0.00 first_row 0"}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	copied := writeText(t, filepath.Join(dir, "copy", filepath.Base(files[0])), string(text))
	_, out := ran(t, append(files, copied)...)
	expect(t, "beside its copy", tableRows(t, out, "balances", balanceColumns...), want...)

	wrong := writeText(t, filepath.Join(dir, "wrong", "1230000109_fundflow_BASIC_2024-09-13.csv"), strings.Replace(string(text), "`10.00,`110.00", "`11.00,`111.00", 1))
	result, out := ran(t, append(files, wrong)...)
	if len(result.Refusals) != 1 {
		t.Fatalf("%d refused", len(result.Refusals))
	}
	expect(t, "beside a refused file", tableRows(t, out, "balances", balanceColumns...), want...)
	expect(t, "gaps", gapsIn(t, out))

	// A bill of two days shows the first again.
	rows := strings.SplitAfter(string(text), "\n")
	next := strings.NewReplacer("2024-09-12", "2024-09-13", "F20240912", "F20240913", "920240912", "920240913", "`110.00", "`117.00").Replace(rows[1])
	month := strings.Join(rows[:3], "") + next + rows[3] + "`3,`2,`20.00,`1,`3.00\n"
	longer := writeText(t, filepath.Join(dir, "month", "1230000109_fundflow_BASIC_2024-09.csv"), month)
	result, out = ran(t, append(files, longer)...)
	complete(t, result, out)
	expect(t, "beside the bill of two days", tableRows(t, out, "balances", balanceColumns...), append(want, "2024-09-13 107.00 10.00 0.00 117.00 117.00 0.00 day_before 0")...)
	expect(t, "gaps", gapsIn(t, out))

	// And shows it with other balances.
	other := strings.NewReplacer("`110.00", "`210.00", "`107.00", "`207.00", "`117.00", "`217.00").Replace(month)
	writeText(t, longer, other)
	_, out = ran(t, append(files, longer)...)
	reasons := tableRows(t, out, "breaks", "kind", "reason")
	if len(reasons) != 1 || !strings.Contains(reasons[0], "two files show another balance before the first row of the day") ||
		!strings.Contains(reasons[0], "2024-09.csv:2 says ") || !strings.Contains(reasons[0], "2024-09-12.csv:2 says ") {
		t.Errorf("%q", reasons)
	}
}

// Generated days of both wallets go on from each other; a planted opening does not.
func TestGeneratedDaysGoOnFromEachOther(t *testing.T) {
	s := newShop(t)
	var keys []*generate.Key
	for n := range 3 {
		o := generate.Defaults()
		o.Orders, o.FundFlow, o.Nth, o.Cases = 400, true, n, nil
		if o.Day += settlement.Day(n); n == 2 {
			o.OpeningOff = 7
		}
		key, err := generate.Day(t.TempDir(), o)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
		out := s.run(o.Day.String(), key.Files...)
		for _, row := range tableRows(t, out, "balances", "wallet", "opening_known_by", "opening", "closing", "unexplained") {
			_, row, _ = strings.Cut(row, " ")
			want := []string{"first_row 2000000.00 2000000.00 0.00", "day_before 2000000.00 2000000.00 0.00", "day_before 2000000.00 2000000.00 0.07"}[n]
			if row != want {
				t.Errorf("day %d: %s, want %s", n, row, want)
			}
		}
		gaps := slices.DeleteFunc(found(t, out), func(text string) bool { return !strings.HasPrefix(text, "balance_gap") })
		if want := planted(keys[n]); !slices.Equal(gaps, want) || (n == 2) != (len(want) == 2) {
			t.Errorf("day %d: %q, planted %q", n, gaps, want)
		}
	}
}

// camtDay is a bank's statement of a day with one entry.
func camtDay(t testing.TB, dir, day string, opening, amount settlement.Amount) string {
	t.Helper()
	balance := func(code string, amount settlement.Amount) string {
		return fmt.Sprintf(`<Bal><Tp><CdOrPrtry><Cd>%s</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>%s</Dt></Dt></Bal>`+"\n", code, amount, day)
	}
	return writeText(t, filepath.Join(dir, "bank-"+day+".xml"), `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id><Othr><Id>110900000010001</Id></Othr></Id><Ccy>CNY</Ccy></Acct>
`+balance("OPBD", opening)+balance("CLBD", opening+amount)+fmt.Sprintf(`<Ntry><Amt Ccy="CNY">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>%s</Dt></BookgDt><AcctSvcrRef>B%s</AcctSvcrRef><AddtlNtryInf>rent</AddtlNtryInf></Ntry>
</Stmt></BkToCstmrStmt></Document>
`, amount, day, day))
}

func TestBanksHaveBalances(t *testing.T) {
	s, dir := newShop(t), t.TempDir()
	ofBank := func(r output.Row) bool { return r.Text("wallet") == "bank" }
	with := func(day string, opening settlement.Amount, bank string) string {
		return s.run(day, append(flowDay(t, dir, day, opening, 1_00), bank)...)
	}
	columns := []string{"account", "opening", "income", "closing", "unexplained", "opening_known_by", "other"}
	first := with("2024-09-12", 0, camtDay(t, dir, "2024-09-12", 50_00, 7_00))
	expect(t, "the statement states it", values(t, first, "balances", ofBank, columns...), "110900000010001 50.00 7.00 57.00 0.00 statement 7.00")
	m, err := output.ReadManifest(first)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(m.Notes, func(note string) bool {
		return strings.HasPrefix(note, "lines of banks whose kind is not known, of category other: 110900000010001 ") && strings.HasSuffix(note, " (1 rows, 7.00)")
	}) {
		t.Errorf("%q", m.Notes)
	}
	second := with("2024-09-13", 1_00, camtDay(t, dir, "2024-09-13", 58_00, 7_00))
	expect(t, "it does not go on", values(t, second, "balances", ofBank, columns...), "110900000010001 57.00 7.00 65.00 1.00 day_before 7.00")
	expect(t, "gaps", gapsIn(t, second), "57.00 58.00 4 open")

	// The balances of a CSV, the newest line first.
	csv := writeText(t, filepath.Join(dir, "bank-2024-09-14.csv"), "account,booked_at,amount,balance,reference,counterparty,purpose\n"+
		"110900000010001,2024-09-14 12:00:00,-2.00,66.00,R2,X,rent\n110900000010001,2024-09-14 09:00:00,3.00,68.00,R1,X,rent\n")
	third := with("2024-09-14", 2_00, csv)
	expect(t, "lines of a CSV tell it", values(t, third, "balances", ofBank, columns...), "110900000010001 65.00 3.00 66.00 0.00 day_before 1.00")
}
