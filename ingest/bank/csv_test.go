package bank

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

const (
	plainHeader = "account,booked_at,amount,balance,reference,counterparty,purpose\n"
	plainFile   = plainHeader +
		"110900000010001,2024-09-12 09:00:00,1000.00,5000.00,B0912001,财付通支付科技有限公司,商户提现 1230000109\n" +
		"110900000010001,2024-09-12 10:30:00,-200.50,4799.50,B0912002,张三丰,张三丰九月房租\n" +
		"110900000010001,2024-09-12 11:00:00,-5.00,4794.50,,,账户管理费\n" +
		"110900000010001,2024-09-13,1.23,4795.73,,,结息\n"

	// mappedFile is of the shape that banks' counters export.
	mappedFile = "账户明细查询\n账号：,1109 0000\n\n" +
		"交易日期,交易时间,贷方发生额,借方发生额,余额,流水号,对方户名,附言,摘要\n" +
		"20240912,090000,\"1,000.00\",,\"5,000.00\",'B0912001\t,支付宝（中国）网络技术有限公司,提现,跨行汇入\n" +
		"20240912,10:30:00,0.00,200.50,\"4,799.50\",=\"B0912002\",某某商贸,货款,转账\n"
)

var mapped = Mapping{Preamble: 3, Thousands: true, Account: "110900000010001", Columns: map[string]string{
	"date": "交易日期", "time": "交易时间", "credit": "贷方发生额", "debit": "借方发生额", "balance": "余额", "reference": "流水号",
	"counterparty": "对方户名", "purpose": "附言", "type": "摘要"}}

func TestThePlainLayout(t *testing.T) {
	for name, content := range map[string]string{
		"as it is":         plainFile,
		"with a BOM":       "\uFEFF" + plainFile,
		"CRLF":             strings.ReplaceAll(plainFile, "\n", "\r\n"),
		"no final newline": strings.TrimSuffix(plainFile, "\n"),
		"blank lines":      plainFile + "\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			if !Recognise([]byte(content), Mapping{}) {
				t.Fatal("not recognised")
			}
			st, lines := accepted(t, content, Mapping{})
			if st.Rows != 4 || st.Account != "110900000010001" || st.From.String() != "2024-09-12" || st.Until.String() != "2024-09-14" {
				t.Errorf("%+v", st)
			}
			if st.KindSums[settlement.Income].Gross != 100123 || st.KindSums[settlement.Expense].Gross != -20550 {
				t.Errorf("sums %+v", st.KindSums)
			}
			for i, want := range []struct {
				flow, note string
				category   settlement.Category
				at         string
				balance    settlement.Amount
			}{
				{"B0912001", "财付通支付科技有限公司; 商户提现 1230000109", settlement.FundTransfer, "2024-09-12 09:00:00", 500000},
				{"B0912002", "九月房租", settlement.FundOther, "2024-09-12 10:30:00", 479950},
				{"", "账户管理费", settlement.FundFee, "2024-09-12 11:00:00", 479450},
				{"", "结息", settlement.FundOther, "", 479573},
			} {
				flow := lines.FlowNo.StringAt(i)
				if want.flow == "" && (len(flow) != 17 || flow[0] != '~') || want.flow != "" && flow != want.flow {
					t.Errorf("line %d: number %q", i, flow)
				}
				if lines.RawNote.StringAt(i) != want.note || lines.Category[i] != want.category || lines.OccurredAt[i].String() != want.at ||
					lines.Balance[i] != want.balance || lines.Line[i] != int64(i+2) {
					t.Errorf("line %d: %q %s %s %s", i, lines.RawNote.At(i), lines.Category[i], lines.OccurredAt[i], lines.Balance[i])
				}
			}
			if !hasNote(st, "no totals") || !hasNote(st, "2 lines have no reference") || hasNote(st, "balances") {
				t.Errorf("%q", st.Notes)
			}
		})
	}
}

func TestAMappedLayout(t *testing.T) {
	stated := mapped
	rows, credit, debit := int64(2), settlement.Amount(100000), settlement.Amount(20050)
	stated.TotalRows, stated.TotalCredit, stated.TotalDebit = &rows, &credit, &debit
	gb18030 := stated
	gb18030.Encoding = "gb18030"
	for name, c := range map[string]struct {
		content string
		m       Mapping
	}{"UTF-8": {mappedFile, stated}, "GB18030": {gb(t, mappedFile), gb18030}, "a BOM wins": {"\uFEFF" + mappedFile, gb18030}} {
		t.Run(name, func(t *testing.T) {
			if !Recognise([]byte(c.content), c.m) || Recognise([]byte(c.content), Mapping{}) {
				t.Fatal("recognised wrongly")
			}
			st, lines := accepted(t, c.content, c.m)
			if st.Rows != 2 || len(st.Totals) != 3 || st.Account != "110900000010001" {
				t.Errorf("%+v", st)
			}
			if lines.FlowNo.StringAt(0) != "B0912001" || lines.FlowNo.StringAt(1) != "B0912002" || lines.Amount[0] != 100000 || lines.Amount[1] != -20050 ||
				lines.RawType.StringAt(0) != "跨行汇入" || lines.Category[0] != settlement.FundTransfer || lines.Category[1] != settlement.FundTransfer ||
				lines.RawNote.StringAt(1) != "货款" || lines.OccurredAt[0].String() != "2024-09-12 09:00:00" || lines.Line[1] != 6 {
				t.Errorf("%+v", lines)
			}
			if !hasNote(st, "3 rows before the header") {
				t.Errorf("%q", st.Notes)
			}
		})
	}
	t.Run("totals that do not tie", func(t *testing.T) {
		rows, credit, debit = 3, 100001, 20049
		refusal := refused(t, mappedFile, stated,
			"bank.csv: total_rows: stated 3, the lines give 2: difference -1",
			"bank.csv: total_credit: stated 1000.01, the lines give 1000.00: difference -0.01",
			"bank.csv: total_debit: stated 200.49, the lines give 200.50: difference 0.01")
		if len(refusal.Totals) != 3 || refusal.Statement == nil {
			t.Errorf("%+v", refusal)
		}
	})
}

func TestADirectionBesideTheAmount(t *testing.T) {
	m := Mapping{Columns: map[string]string{"amount": "金额", "direction": "借贷", "date": "日期"}}
	st, lines := accepted(t, "日期,借贷,金额\n2024/9/2,贷,5.00\n2024年9月3日,借,0.00\n2024-09-04,D,+1.5\n", m)
	if lines.Direction[1] != settlement.Expense || lines.Amount[2] != -150 || st.Account != "" || !hasNote(st, "nothing tells the account") {
		t.Errorf("%+v, %q", lines, st.Notes)
	}
	refused(t, "日期,借贷,金额\n2024/9/2,?,5.00\n2024/9/2,借,-5.00\n", m,
		`bank.csv:2:10: 借贷: "?" does not say which way the money goes`, "bank.csv:3:12: 金额: -5.00 is negative")
}

func TestRedInkTakesBackABooking(t *testing.T) {
	st, lines := accepted(t, "booked_at,credit,debit,reference\n2024-09-12,,-5.00,A\n", Mapping{})
	if lines.Amount[0] != 500 || lines.Direction[0] != settlement.Expense || !hasNote(st, "红字") {
		t.Errorf("%+v, %q", lines, st.Notes)
	}
}

func TestAStatementWithoutLines(t *testing.T) {
	st, lines := accepted(t, plainHeader, Mapping{Account: "1"})
	if lines.Len() != 0 || st.From != settlement.NoDay || st.Account != "1" || !hasNote(st, "without lines") {
		t.Errorf("%+v", st)
	}
}

// Lines without a reference have the same number in a later export of the same days, and
// equal lines different ones.
func TestNumbersOfLinesWithoutReference(t *testing.T) {
	const row = "2024-09-12,5.00,,\n"
	const header = "booked_at,amount,reference,purpose\n"
	_, first := accepted(t, header+row+row, Mapping{})
	_, second := accepted(t, header+row+row+"2024-09-13,5.00,,\n", Mapping{})
	for i := range 2 {
		if first.FlowNo.StringAt(i) != second.FlowNo.StringAt(i) || first.ID[i] != second.ID[i] {
			t.Errorf("line %d: %q then %q", i, first.FlowNo.At(i), second.FlowNo.At(i))
		}
	}
	if first.FlowNo.StringAt(0) == first.FlowNo.StringAt(1) || second.FlowNo.StringAt(0) == second.FlowNo.StringAt(2) {
		t.Errorf("%q", first.FlowNo.Data)
	}
}

func TestBalancesThatDoNotFollowAreNoted(t *testing.T) {
	const header = "booked_at,amount,balance,reference\n"
	for name, c := range map[string]struct {
		rows string
		gap  bool
	}{
		"ascending":  {"2024-09-12,1.00,1.00,a\n2024-09-12,2.00,3.00,b\n2024-09-12,-1.00,2.00,c\n", false},
		"descending": {"2024-09-12,-1.00,2.00,c\n2024-09-12,2.00,3.00,b\n2024-09-12,1.00,1.00,a\n", false},
		"a gap":      {"2024-09-12,1.00,1.00,a\n2024-09-12,-1.00,2.00,c\n2024-09-12,-1.00,1.00,d\n", true},
	} {
		st, _ := accepted(t, header+c.rows, Mapping{})
		if hasNote(st, "1 of 2 balances do not follow from the line before, first in line 3") != c.gap {
			t.Errorf("%s: %q", name, st.Notes)
		}
	}
}

func TestCSVRefusals(t *testing.T) {
	const header = "booked_at,amount,reference,purpose\n"
	row := func(text string) string { return header + "2024-09-12,1.00,A,x\n" + text }
	for _, c := range []struct {
		name, content string
		m             Mapping
		wants         []string
	}{
		{"zero bytes", "", Mapping{}, []string{"bank.csv: the file is empty"}},
		{"no header", "a,b\n1,2\n", Mapping{}, []string{`bank.csv:1: no header of a bank's statement in the first 1 rows: the first is "a,b"`}},
		{"a preamble that is not stated", "账户明细\n" + header, Mapping{}, []string{"bank.csv:1: no header of a bank's statement in the first 1 rows"}},
		{"a header too far down", "1\n2\n" + header, Mapping{Preamble: 1}, []string{"bank.csv:1: no header of a bank's statement in the first 2 rows"}},
		{"no amount", "booked_at,reference,purpose,balance\n", Mapping{}, []string{"bank.csv:1:1: amount: this column is missing, and credit and debit too"}},
		{"no day", "amount,reference,purpose,balance\n", Mapping{}, []string{"bank.csv:1:1: booked_at: this column is missing, and date too"}},
		{"one side only", "booked_at,credit,reference\n", Mapping{}, []string{"bank.csv:1:1: debit: this column is missing beside credit"}},
		{"an amount twice", "booked_at,amount,credit,debit\n", Mapping{}, []string{"bank.csv:1:11: amount: the file has credit or debit too"}},
		{"a name twice", "booked_at,amount,reference,amount\n", Mapping{}, []string{"bank.csv:1:28: amount: the header has this name twice"}},
		{"a mapped column that is not there", header, Mapping{Columns: map[string]string{"balance": "余额"}}, []string{"bank.csv:1:1: 余额: no such column, which bank.columns gives for balance"}},
		{"a bad day", row("2024-02-30,1.00,A,x\n"), Mapping{}, []string{`bank.csv:3:1: booked_at: "2024-02-30" is no time`}},
		{"a bad time", row("2024-09-12 25:00:00,1.00,A,x\n"), Mapping{}, []string{"bank.csv:3:1: booked_at: "}},
		{"a day of sums", row(",1.00,合计,\n"), Mapping{}, []string{"bank.csv:3:1: booked_at: empty"}},
		{"no amount in a line", row("2024-09-12,,A,x\n"), Mapping{}, []string{"bank.csv:3:12: amount: no number"}},
		{"thousands", row("2024-09-12,\"1,000.00\",A,x\n"), Mapping{}, []string{`bank.csv:3:12: amount: "1,000.00": thousands separators`}},
		{"wrong groups", row("2024-09-12,\"10,00.00\",A,x\n"), Mapping{Thousands: true}, []string{`bank.csv:3:12: amount: "10,00.00": thousands separators`}},
		{"a fraction of a fen", row("2024-09-12,1.005,A,x\n"), Mapping{}, []string{"bank.csv:3:12: amount: "}},
		{"lost digits", row("2024-09-12,1.00,6.22202E+18,x\n"), Mapping{}, []string{`bank.csv:3:17: reference: "6.22202E+18" is a number in scientific notation`}},
		{"too few fields", row("2024-09-12,1.0"), Mapping{}, []string{"bank.csv:3:1: 2 fields where the header has 4"}},
		{"too many fields", row("2024-09-12,1.00,A,x,y\n"), Mapping{}, []string{"bank.csv:3:1: 5 fields where the header has 4"}},
		{"an open quote", row("2024-09-12,1.00,A,\"x\n"), Mapping{}, []string{"bank.csv:3:19: a quote that is never closed"}},
		{"a quote inside", row("2024-09-12,1.00,A,x\"y\"\n"), Mapping{}, []string{"bank.csv:3:19: a quote inside a field"}},
		{"text behind a quote", row("2024-09-12,1.00,A,\"x\"y\n"), Mapping{}, []string{"bank.csv:3:19: text behind the closing quote"}},
		{"a blank line", row("\n2024-09-12,1.00,A,x\n"), Mapping{}, []string{"bank.csv:3: a blank line with rows behind it"}},
		{"GB18030 that is not stated", row(gb(t, "2024-09-12,1.00,A,货款\n")), Mapping{}, []string{"bank.csv:3:19: not UTF-8 (set bank.encoding: gb18030"}},
		{"not GB18030", row("2024-09-12,1.00,A,\xff\n"), Mapping{Encoding: "gbk"}, []string{"bank.csv:3: not GB18030"}},
		{"NUL", row("\x00"), Mapping{}, []string{"bank.csv:3: a NUL byte"}},
		{"no side", "booked_at,credit,debit\n2024-09-12,,\n2024-09-12,1.00,2.00\n", Mapping{}, []string{"bank.csv:2:12: credit: credit and debit are both empty", "bank.csv:3:17: debit: credit and debit are both filled"}},
		{"another currency", "booked_at,amount,currency\n2024-09-12,1.00,CNY\n2024-09-12,1.00,USD\n", Mapping{}, []string{`bank.csv:3:17: currency: "USD" where only CNY is read`}},
		{"two accounts", "account,booked_at,amount\n1,2024-09-12,1.00\n2,2024-09-12,1.00\n", Mapping{}, []string{`bank.csv:3:1: account: "2" is another account than "1" before (deliver a file for each account)`}},
		{"no account in a line", "account,booked_at,amount\n,2024-09-12,1.00\n", Mapping{}, []string{"bank.csv:2:1: account: empty"}},
		{"a time beside the date", "date,time,amount\n2024-09-12,noon,1.00\n", Mapping{}, []string{`bank.csv:2:12: time: "****" is no time of a day`}},
		{"all of them", "booked_at,amount,reference\nx,y,A\n2024-09-12,z,A\n", Mapping{}, []string{"bank.csv:2:1: booked_at", "bank.csv:2:3: amount", "bank.csv:3:12: amount"}},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, c.content, c.m, c.wants...) })
	}
}

// A file of which the number of lines is stated is refused where it is cut off.
func TestACSVCutOffAnywhere(t *testing.T) {
	n := int64(4)
	lastField := strings.Index(plainFile, "结息") // its loss is all that no total shows
	for end := range lastField {
		if _, _, err := read([]byte(plainFile[:end]), Mapping{TotalRows: &n}); err == nil {
			t.Errorf("accepted up to byte %d", end)
		}
	}
}

func TestQuotedTextOverLines(t *testing.T) {
	_, lines := accepted(t, "booked_at,amount,purpose\n2024-09-12,1.00,\"货款 \"\"九月\"\",\n尾款\"\n2024-09-12,2.00,\n", Mapping{})
	if lines.RawNote.StringAt(0) != `货款 "九月", 尾款` || lines.Line[1] != 4 {
		t.Errorf("%q, line %d", lines.RawNote.At(0), lines.Line[1])
	}
}

func TestTimesWithAZone(t *testing.T) {
	_, lines := accepted(t, "booked_at,amount,purpose\n2024-09-12T20:00:00Z,1.00,\n20240912083000,1.00,\n2024-09-12 08:30,1.00,\n", Mapping{})
	for i, want := range []string{"2024-09-13 04:00:00", "2024-09-12 08:30:00", "2024-09-12 08:30:00"} {
		if got := lines.OccurredAt[i].String(); got != want || lines.SettledOn[i].String() != want[:10] {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestManyLinesComeInBatches(t *testing.T) {
	content := "booked_at,amount,reference\n" + strings.Repeat("2024-09-12,1.00,A\n", 3*batchRows+1)
	st, _ := accepted(t, content, Mapping{})
	if st.Rows != 3*batchRows+1 {
		t.Errorf("%d rows", st.Rows)
	}
}

func TestAnErrorOfEmitIsReturnedAsItIs(t *testing.T) {
	mine := errors.New("mine")
	emit := func(arrow.Record) error { return mine }
	in := delimited.Input{File: "a", Stream: strings.NewReader(plainFile)}
	if _, err := Read(context.Background(), in, Mapping{}, emit); err != mine {
		t.Errorf("CSV: %v", err)
	}
	in.Stream = strings.NewReader(document("08", statementOf("")))
	if _, err := ReadCAMT(context.Background(), in, Mapping{}, emit); err != mine {
		t.Errorf("camt.053: %v", err)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	in.Stream = strings.NewReader(plainFile)
	if _, err := Read(cancelled, in, Mapping{}, emit); err != context.Canceled {
		t.Errorf("cancelled CSV: %v", err)
	}
	in.Stream = strings.NewReader(document("08", statementOf("")))
	if _, err := ReadCAMT(cancelled, in, Mapping{}, emit); err != context.Canceled {
		t.Errorf("cancelled camt.053: %v", err)
	}
}

func TestMappingFaults(t *testing.T) {
	minus := settlement.Amount(-1)
	m := Mapping{Encoding: "latin1", Preamble: -1, Account: " 1", TotalDebit: &minus, Columns: map[string]string{
		"amont": "金额", "amount": "金额", "credit": "收入", "balance": " ", "reference": "金额"}}
	var got []string
	for _, f := range m.Validate() {
		got = append(got, f.Key)
	}
	if want := "account columns.amont columns.balance columns.credit columns.reference encoding preamble total_debit"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
	if _, err := Read(context.Background(), delimited.Input{Stream: &bytes.Buffer{}}, m, nil); err == nil {
		t.Error("read with a faulty mapping")
	}
	if faults := mapped.Validate(); len(faults) > 0 {
		t.Errorf("%v", faults)
	}
}

func TestCategories(t *testing.T) {
	in, out := settlement.Income, settlement.Expense
	for _, c := range []struct {
		direction                      settlement.Kind
		counterparty, rawType, purpose string
		want                           settlement.Category
	}{
		{in, "支付宝（中国）网络技术有限公司", "", "提现，已扣手续费", settlement.FundTransfer},
		{in, "", "", "微信支付 结算款", settlement.FundTransfer},
		{in, "Tenpay Payment Technology", "", "", settlement.FundTransfer},
		{out, "支付宝（中国）网络技术有限公司", "", "充值", settlement.FundTransfer},
		{out, "", "", "Alipay recharge", settlement.FundTransfer},
		{out, "", "", "汇款手续费", settlement.FundFee},
		{out, "", "PMNT/ICDT/CHRG", "", settlement.FundFee},
		{in, "", "", "手续费退回", settlement.FundFeeReturn},
		{out, "", "", "保证金", settlement.FundFreeze},
		{out, "", "PMNT/ICDT/DMCT", "", settlement.FundTransfer},
		{out, "", "代发工资", "", settlement.FundTransfer},
		{in, "", "", "结息", settlement.FundOther},
		{in, "", "", "coffee", settlement.FundOther},
	} {
		if got := categoryOf(c.direction, new(parties).of(c.counterparty), c.rawType, c.purpose); got != c.want {
			t.Errorf("%+v is %s", c, got)
		}
	}
}

func TestForeign(t *testing.T) {
	for content, want := range map[string]string{
		`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.052.001.08">`: "camt.052",
		`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.02">`: "camt.054",
		":20:STMT\r\n:25:1109\r\n": "MT940",
		"{1:F01BANKCNBJ":           "MT940",
		"OFXHEADER:100":            "OFX",
		"%PDF-1.7":                 "PDF",
	} {
		if what, do, ok := Foreign([]byte(content)); !ok || do == "" || !strings.Contains(what, want) || RecogniseCAMT([]byte(content)) || Recognise([]byte(content), Mapping{}) {
			t.Errorf("%s: %q", content, what)
		}
	}
	for _, content := range []string{plainFile, document("02"), "", "order_no,amount,paid_at,status\n"} {
		if what, _, ok := Foreign([]byte(content)); ok {
			t.Errorf("%q is %s", content, what)
		}
	}
	if Recognise([]byte("order_no,amount,booked_at,purpose\n"), Mapping{}) || Recognise([]byte("a,b\n"), Mapping{Preamble: 5}) {
		t.Error("recognised wrongly")
	}
}
