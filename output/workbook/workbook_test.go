package workbook

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"reconcile/output/overview"
	"reconcile/settlement"
)

// written is an amount as a cell of a file has it.
func written(t *rapid.T, a settlement.Amount) (cell cellXML) {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("amount-%d.xlsx", os.Getpid()))
	defer os.Remove(path)
	b, err := newBook("", Options{Chinese: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	table := &table{columns: []column{{name: "Amount", of: "a", kind: asMoney}}, rows: listed([]record{{money: map[string]settlement.Amount{"a": a}}})}
	if err := b.sheet("余额", "余额", nil, table); err != nil {
		t.Fatal(err)
	}
	if err := b.save(path); err != nil {
		t.Fatal(err)
	}
	cells, _ := sheetsOf(&testing.T{}, path)[0].column(&testing.T{}, "金额")
	return cells[0]
}

// TestAmountsAreWrittenToTheFen: every amount that a spreadsheet can hold is a number
// whose text is that amount, whatever it is; any other is text.
func TestAmountsAreWrittenToTheFen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := settlement.Amount(rapid.OneOf(
			rapid.Int64Range(-int64(mostHeld)-3, -int64(mostHeld)+3),
			rapid.Int64Range(int64(mostHeld)-3, int64(mostHeld)+3),
			rapid.Int64Range(-1_000, 1_000),
			rapid.Int64Range(-int64(mostHeld), int64(mostHeld)),
			rapid.Int64Range(-1<<62, 1<<62),
		).Draw(t, "fen"))
		cell := written(t, a)
		if !held(a) {
			if cell.Type != "inlineStr" || cell.Text != a.String() {
				t.Fatalf("%s is written as %+v", a, cell)
			}
			return
		}
		back, err := settlement.ParseAmount([]byte(cell.Value))
		if cell.Type != "" || err != nil || back != a {
			t.Fatalf("%s is written as %+v", a, cell)
		}
	})
}

// TestTheLargestAmountHasFifteenDigits holds the limit to what Excel says of itself.
func TestTheLargestAmountHasFifteenDigits(t *testing.T) {
	if digits := strings.ReplaceAll(mostHeld.String(), ".", ""); len(digits) != 15 || strings.Trim(digits, "9") != "" {
		t.Errorf("the largest amount held is %s", mostHeld)
	}
}

// TestATotalThatNoSpreadsheetHoldsIsText: its value is exact, and no formula contradicts
// it.
func TestATotalThatNoSpreadsheetHoldsIsText(t *testing.T) {
	for name, c := range map[string]struct {
		differences []settlement.Amount
		want        string
		formula     bool
	}{
		"held":             {[]settlement.Amount{mostHeld - 1, 1}, "9999999999999.99", true},
		"the sum is not":   {[]settlement.Amount{mostHeld, 1}, "10000000000000.00", false},
		"an amount is not": {[]settlement.Amount{mostHeld + 1, -mostHeld}, "0.01", false},
	} {
		t.Run(name, func(t *testing.T) {
			var breaks []breakOf
			for i, d := range c.differences {
				breaks = append(breaks, breakOf{id: uint64(i + 1), order: "A", reason: "x", difference: d, status: settlement.BreakOpen})
			}
			path := filepath.Join(t.TempDir(), "w.xlsx")
			if _, err := WriteBreaks(path, resultWith(t, 10, breaks...), Options{Chinese: true}); err != nil {
				t.Fatal(err)
			}
			_, above := sheetsOf(t, path)[0].column(t, "差额")
			total := above[slices.IndexFunc(breakColumns, func(c column) bool { return c.of == "difference" })]
			if got := total.Value + total.Text; got != c.want || (total.Formula != "") != c.formula || (total.Type == "inlineStr") == c.formula {
				t.Errorf("the total is %+v", total)
			}
		})
	}
}

// manyBreaks are n breaks of ages 0 to 6 whose differences add up to the sum.
func manyBreaks(n int) (breaks []breakOf, sum settlement.Amount) {
	for i := range n {
		d := settlement.Amount(i%7*101 - 250)
		sum += d
		breaks = append(breaks, breakOf{id: uint64(i + 1), order: fmt.Sprintf("%028d", i), reason: "the order says other than the wallet", difference: d,
			age: int64(i % 7), status: settlement.BreakStatus(1 + i%2)})
	}
	return breaks, sum
}

// TestASheetGoesOnWhereItIsFull: no row is lost or shown twice, every sheet has its
// headings, filter and total, the first one that of all; the formulas come to what the
// cells say.
func TestASheetGoesOnWhereItIsFull(t *testing.T) {
	breaks, sum := manyBreaks(100)
	dir, path := resultWith(t, 30, breaks...), filepath.Join(t.TempDir(), Name)
	if err := Write(path, dir, overviewOf(t, dir, manifestOf(100)), Options{Chinese: true, rows: 40}); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ids := map[string]bool{}
	var parts settlement.Amount
	for i, name := range []string{"差异明细", "差异明细 (2)", "差异明细 (3)"} {
		s := named(t, sheetsOf(t, path), name)
		if len(s.rows) > 40 {
			t.Errorf("%s has %d rows", name, len(s.rows))
		}
		cells, _ := s.column(t, "差异编号")
		for _, c := range cells {
			if ids[c.Text] {
				t.Errorf("%s stands twice", c.Text)
			}
			ids[c.Text] = true
		}
		_, above := s.column(t, "差额")
		at := slices.IndexFunc(above, func(c cellXML) bool { return strings.HasPrefix(c.Ref, "H") })
		total, err := settlement.ParseAmount([]byte(above[at].Value))
		if err != nil {
			t.Fatal(err)
		}
		calculated, err := f.CalcCellValue(name, above[at].Ref, excelize.Options{RawCellValue: true})
		if err != nil || calculated != above[at].Value {
			t.Errorf("%s: %s comes to %s (%v), the cell says %s", name, above[at].Formula, calculated, err, above[at].Value)
		}
		if i == 0 && total != sum {
			t.Errorf("the total of all is %s, want %s", total, sum)
		}
		if i > 0 {
			parts += total
		}
		if lists, err := f.GetDataValidations(name); err != nil || len(lists) != 1 {
			t.Errorf("%s: lists %v, %v", name, lists, err)
		}
	}
	if len(ids) != 100 {
		t.Errorf("%d breaks are shown", len(ids))
	}
	if parts == sum || parts == 0 {
		t.Errorf("the later sheets' totals %s are no part of %s", parts, sum)
	}
}

// TestExcelsOwnLimitOfRows writes more rows than a sheet of Excel has.
func TestExcelsOwnLimitOfRows(t *testing.T) {
	if testing.Short() {
		t.Skip("a million rows: make test writes them")
	}
	const rows = excelize.TotalRows + 10
	b, err := newBook(t.TempDir(), Options{Chinese: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	one := record{money: map[string]settlement.Amount{"amount": 1}}
	many := func(fn func(row) error) error {
		for range rows {
			if err := fn(one); err != nil {
				return err
			}
		}
		return nil
	}
	table := &table{columns: []column{{name: "Amount", of: "amount", kind: asMoney}, {name: "Net", of: "amount", kind: asMoney, total: true}}, rows: many, onTop: true, filter: true}
	if err := b.sheet(sheetWaiting, "未达", nil, table); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "w.xlsx")
	if err := b.save(path); err != nil {
		t.Fatal(err)
	}
	sheets := sheetsOf(t, path)
	if len(sheets) != 2 || sheets[1].name != "未达与跨日 (2)" {
		t.Fatalf("%d sheets", len(sheets))
	}
	if n := len(sheets[0].rows); n != excelize.TotalRows {
		t.Errorf("the first sheet has %d rows", n)
	}
	// Three rows stand above the data of each.
	if n := len(sheets[1].rows); n != 3+10+3 {
		t.Errorf("the second sheet has %d rows", n)
	}
	if total := sheets[0].rows[1][1]; total.Value != "10485.86" || !strings.Contains(total.Formula, "'未达与跨日 (2)'!B4:B16") {
		t.Errorf("%+v", total)
	}
}

// hostile are texts that somebody who makes a file may put into it.
var hostile = []string{"=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1", "＋1", "－1", "＠A1", `=HYPERLINK("http://x","y")`, "=cmd|'/c calc'!A1",
	"A\x01B", "\x00", "\x7f", "\ufffe", "_x0001_", "<c><f>1+1</f></c>", "]]>", "&amp;", " ", "'=1", strings.Repeat("长", 40_000), strings.Repeat("𠀀", 20_000)}

// TestTextIsNeverAFormula: whatever a text begins with, its cell is text; and no text
// breaks the file.
func TestTextIsNeverAFormula(t *testing.T) {
	var breaks []breakOf
	for i, text := range hostile {
		breaks = append(breaks, breakOf{id: uint64(i + 1), order: text, reason: text, note: text, difference: 1, status: settlement.BreakOpen})
	}
	dir, path := resultWith(t, 100, breaks...), filepath.Join(t.TempDir(), Name)
	m := manifestOf(int64(len(breaks)))
	m.Notes, m.Inputs[0].Name = append(hostile, "\xff\xfe"), "=1+1\x01.csv"
	if err := Write(path, dir, overviewOf(t, dir, m), Options{Chinese: true}); err != nil {
		t.Fatal(err)
	}
	sheets := sheetsOf(t, path)
	for _, s := range sheets {
		for _, row := range s.rows {
			for _, c := range row {
				if c.Formula != "" && !strings.Contains(c.Formula, "SUM") && !strings.Contains(c.Formula, "SUBTOTAL") {
					t.Errorf("%s %s is the formula %s", s.name, c.Ref, c.Formula)
				}
				if n := len(c.Text); n > excelize.TotalCellChars*4 || !utf8.ValidString(c.Text) {
					t.Errorf("%s %s: %d bytes", s.name, c.Ref, n)
				}
			}
		}
	}
	cells, _ := named(t, sheets, sheetBreaks).column(t, "订单号")
	if len(cells) != len(hostile) {
		t.Fatalf("%d orders", len(cells))
	}
	for i, text := range hostile[:13] {
		if cells[i].Type != "inlineStr" || strings.ReplaceAll(cells[i].Text, "␍", "\r") != text {
			t.Errorf("%q is %+v", text, cells[i])
		}
	}
	if got := cells[13].Text; got != "A␁B" {
		t.Errorf("a control character is shown as %q", got)
	}
	for _, long := range cells[len(cells)-2:] {
		if n := len([]rune(long.Text)); n < 16_000 || !strings.HasSuffix(long.Text, ")") {
			t.Errorf("%d characters, ending in %q", n, long.Text[len(long.Text)-12:])
		}
	}
}

// TestOpenBreaksComeFirst: what is open before what is not, the oldest before others,
// whether they are brought into order in memory or age by age.
func TestOpenBreaksComeFirst(t *testing.T) {
	breaks, _ := manyBreaks(60)
	dir := resultWith(t, 7, breaks...)
	var wanted []string
	for _, inMemory := range []int{1000, 10, 1} {
		order, err := breaksOf(dir, false, inMemory)
		if err != nil || order.rows != 60 {
			t.Fatal(order, err)
		}
		if inMemory == 10 && len(order.turns) < 6 || inMemory == 1000 && order.turns != nil {
			t.Errorf("%d turns with %d in memory", len(order.turns), inMemory)
		}
		var got []string
		last := breakRank{false, -1000}
		err = order.each(func(r row) error {
			rank, err := rankOf(r)
			if rank.compare(last) < 0 {
				t.Errorf("%+v stands behind %+v", rank, last)
			}
			last = rank
			got = append(got, r.Text("break_id"))
			return err
		})
		if err != nil || len(got) != 60 {
			t.Fatal(len(got), err)
		}
		if wanted == nil {
			wanted = got
		}
		if !slices.Equal(got, wanted) {
			t.Errorf("with %d in memory the order is another", inMemory)
		}
	}
}

// TestEqualResultsGiveEqualWorkbooks: nothing in the file depends on the clock.
func TestEqualResultsGiveEqualWorkbooks(t *testing.T) {
	breaks, _ := manyBreaks(20)
	dir := resultWith(t, 7, breaks...)
	var files [2][]byte
	for i := range files {
		path := filepath.Join(t.TempDir(), Name)
		if err := Write(path, dir, overviewOf(t, dir, manifestOf(20)), Options{}); err != nil {
			t.Fatal(err)
		}
		var err error
		if files[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the files differ")
	}
}

// TestEveryWordHasItsChinese: nothing that the program itself says stays English.
func TestEveryWordHasItsChinese(t *testing.T) {
	for _, columns := range [][]column{breakColumns, dailyColumns, withdrawalColumns, costColumns, crossColumns, waitingColumns, waitingSumColumns,
		ruleColumns, feeColumns, feeBreakColumns, groupColumns("Kind"), groupColumns("Age"), balanceColumns(nil)} {
		for _, c := range columns {
			if inChinese[c.name] == "" && c.name != "" {
				t.Errorf("the heading %q", c.name)
			}
		}
	}
	for _, words := range [][]string{settlement.BreakWords, settlement.WalletWords, settlement.BreakStatusWords, settlement.WithdrawalStatusWords, settlement.KnownByWords,
		settlement.CostWords, settlement.KindWords[:settlement.Income], settlement.ComponentWords, ruleRanks, overview.Ages[:], decisions} {
		for _, word := range words {
			if sayer(true)(word) == word && word != "" {
				t.Errorf("the word %q", word)
			}
		}
	}
	for _, f := range figures {
		if inChinese[f.name] == "" {
			t.Errorf("the figure %q", f.name)
		}
	}
	for _, c := range settlement.BalanceCategories {
		name := balanceName(c)
		if inChinese[name] == "" {
			t.Errorf("the category %q", name)
		}
	}
}

// TestADetailThatIsTooLongIsCutWithAPointer: sums are of all rows, and the sheet says
// where the rest stands.
func TestADetailThatIsTooLongIsCutWithAPointer(t *testing.T) {
	dir := resultWith(t, 10)
	if err := os.Mkdir(filepath.Join(dir, "open_items"), 0o755); err != nil {
		t.Fatal(err)
	}
	var b settlement.OpenItems
	for i := range 30 {
		appendOpenItem(&b, i)
	}
	writePart(t, filepath.Join(dir, "open_items", "part-00000.parquet"), "open_items", &b)
	m := manifestOf(0)
	m.Tables[0].Name, m.Tables[0].Rows = "open_items", 30
	path := filepath.Join(t.TempDir(), Name)
	if err := Write(path, dir, overviewOf(t, dir, m), Options{Chinese: true, listed: 10}); err != nil {
		t.Fatal(err)
	}
	s := named(t, sheetsOf(t, path), sheetWaiting)
	counts, _ := s.column(t, "笔数")
	if counts[0].Value != "30" {
		t.Errorf("the sums are of %s rows", counts[0].Value)
	}
	orders, _ := s.column(t, "订单号")
	listedOrders := 0
	for _, c := range orders {
		if c.Text != "" {
			listedOrders++
		}
	}
	if listedOrders != 10 {
		t.Errorf("%d rows are listed", listedOrders)
	}
	said := false
	for _, row := range s.rows {
		for _, c := range row {
			said = said || strings.Contains(c.Text, "共 30 行") && strings.Contains(c.Text, "open_items")
		}
	}
	if !said {
		t.Error("nothing says that rows are left out")
	}
}

func appendOpenItem(b *settlement.OpenItems, i int) {
	b.ID = append(b.ID, settlement.ID{Hi: uint64(i+1) << 32, Lo: 1})
	b.Side = append(b.Side, 1)
	b.Kind = append(b.Kind, settlement.Payment)
	b.Wallet = append(b.Wallet, settlement.Alipay)
	for _, text := range []*settlement.Text{&b.Account, &b.PaymentNo, &b.RefundNo, &b.ProviderID, &b.Shop} {
		text.AppendString("")
	}
	b.OrderNo.AppendString(strconv.Itoa(i))
	b.Reason.AppendString("it waits")
	b.Amount = append(b.Amount, 100)
	b.At = append(b.At, settlement.NoInstant)
	b.FirstSeenOn = append(b.FirstSeenOn, settlement.NoDay)
	b.File = append(b.File, 0)
	b.Line = append(b.Line, 1)
}
