package bank

import (
	"context"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

func document(version string, statements ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.` + version + `"><BkToCstmrStmt>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2024-09-13T01:00:00</CreDtTm></GrpHdr>
` + strings.Join(statements, "\n") + `
</BkToCstmrStmt></Document>
`
}

const (
	accountOf1 = `<Acct><Id><Othr><Id>110900000010001</Id></Othr></Id><Ccy>CNY</Ccy><Ownr><Nm>某某商贸有限公司</Nm></Ownr></Acct>`
	opening    = `<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">100.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Dt><Dt>2024-09-12</Dt></Dt></Bal>`
	closing    = `<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">894.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2024-09-12</Dt></Dt></Bal>`
	summary    = `<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries><Sum>1005.5</Sum></TtlNtries><TtlCdtNtries><NbOfNtries>1</NbOfNtries><Sum>1000</Sum></TtlCdtNtries><TtlDbtNtries><NbOfNtries>1</NbOfNtries><Sum>5.50000</Sum></TtlDbtNtries></TxsSummry>`
	period     = `<FrToDt><FrDtTm>2024-09-12T00:00:00</FrDtTm><ToDtTm>2024-09-13T00:00:00+08:00</ToDtTm></FrToDt>`
	payout     = `<Ntry><NtryRef>1</NtryRef><Amt Ccy="CNY">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><DtTm>2024-09-12T09:00:00</DtTm></BookgDt><AcctSvcrRef>B0912001</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>DMCT</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs><EndToEndId>1230000109202409</EndToEndId></Refs><RltdPties><Dbtr><Nm>财付通支付科技有限公司</Nm></Dbtr></RltdPties><RmtInf><Ustrd>商户提现</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>`
	charge = `<Ntry><Amt Ccy="CNY">5.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2024-09-12+08:00</Dt></BookgDt>
<NtryDtls><TxDtls><Refs><AcctSvcrRef>B0912002</AcctSvcrRef><EndToEndId>NOTPROVIDED</EndToEndId></Refs><RltdPties><Cdtr><Pty><Nm>张三丰</Nm></Pty></Cdtr></RltdPties></TxDtls></NtryDtls><AddtlNtryInf>张三丰 手续费</AddtlNtryInf></Ntry>`
	pending = `<Ntry><Amt Ccy="CNY">7.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts></Ntry>`
)

// statementOf is a statement whose totals tie, with more entries behind.
func statementOf(more string) string {
	return "<Stmt><Id>S1</Id>" + period + accountOf1 + "\n" + opening + "\n" + closing + "\n" + summary + "\n" + payout + "\n" + charge + "\n" + more + "</Stmt>"
}

func TestCAMTVersions(t *testing.T) {
	for _, version := range []string{"02", "04", "06", "08", "13"} {
		for name, content := range map[string]string{
			"as it is": document(version, statementOf("")),
			"a BOM":    "\uFEFF" + document(version, statementOf("")),
			"CRLF":     strings.ReplaceAll(document(version, statementOf("")), "\n", "\r\n"),
			"prefix": strings.NewReplacer("</", "</c:", "<", "<c:", "xmlns=", "xmlns:c=", "<?", "<?").Replace(
				strings.TrimPrefix(document(version, statementOf("")), `<?xml version="1.0" encoding="UTF-8"?>`)),
			"GB18030": strings.Replace(gb(t, document(version, statementOf(""))), "UTF-8", "GB18030", 1),
		} {
			t.Run(version+" "+name, func(t *testing.T) {
				if !RecogniseCAMT([]byte(content)) {
					t.Fatal("not recognised")
				}
				st, lines := accepted(t, content, Mapping{})
				if st.Rows != 2 || st.Account != "110900000010001" || st.From.String() != "2024-09-12" || st.Until != st.From+1 || len(st.Totals) != 6 || st.Layout != "camt.053.001."+version {
					t.Errorf("%+v", st)
				}
				if lines.FlowNo.StringAt(0) != "B0912001" || lines.FlowNo.StringAt(1) != "B0912002" ||
					lines.RawType.StringAt(0) != "PMNT/RCDT/DMCT" || lines.RawNote.StringAt(0) != "财付通支付科技有限公司; 商户提现; 1230000109202409" || lines.RawNote.StringAt(1) != "reversal; 手续费" ||
					lines.Category[0] != settlement.FundTransfer || lines.Category[1] != settlement.FundFee || lines.Amount[1] != -550 ||
					lines.OccurredAt[0].String() != "2024-09-12 09:00:00" || lines.OccurredAt[1] != settlement.NoInstant {
					t.Errorf("%q %q %q", lines.FlowNo.Data, lines.RawType.Data, lines.RawNote.Data)
				}
			})
		}
	}
}

func TestBalancesThatAStatementStates(t *testing.T) {
	const first = settlement.Day(19978) // 2024-09-12
	open := settlement.StatedBalance{Day: first, Opening: -100_00, Closing: settlement.NoAmount, Line: 5}
	shut := settlement.StatedBalance{Day: first, Opening: settlement.NoAmount, Closing: 894_50, Line: 6}
	two := strings.Replace(period, "2024-09-13T00:00:00+08:00", "2024-09-15T00:00:00", 1)
	for _, c := range []struct {
		name, content string
		want          []settlement.StatedBalance
	}{
		{"of a day", statementOf(""), []settlement.StatedBalance{open, shut}},
		{"of several days: the first opens, the last closes", strings.Replace(statementOf(""), period, two, 1),
			[]settlement.StatedBalance{open, {Day: first + 2, Opening: settlement.NoAmount, Closing: 894_50, Line: 6}}},
		{"without a period that of its entries", strings.Replace(statementOf(""), period, "", 1), []settlement.StatedBalance{open, shut}},
		{"without an opening balance", strings.Replace(statementOf(""), opening, "", 1), []settlement.StatedBalance{shut}},
		{"a page states no day's balances", strings.Replace(statementOf(""), period, "<StmtPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></StmtPgntn>"+period, 1), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			st, _, err := read([]byte(document("08", c.content)), Mapping{})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(st.Balances, c.want) {
				t.Errorf("%+v, want %+v", st.Balances, c.want)
			}
		})
	}
}

func TestEntriesThatAreNotBookedAreLeftOut(t *testing.T) {
	st, lines := accepted(t, document("02", statementOf(pending)), Mapping{})
	if lines.Len() != 2 || !hasNote(st, "1 entries of status PDNG are not booked and were left out") {
		t.Errorf("%q", st.Notes)
	}
	t.Run("also where the bank counts them", func(t *testing.T) {
		counted := strings.NewReplacer("<NbOfNtries>2<", "<NbOfNtries>3<", "<NbOfNtries>1</NbOfNtries><Sum>1000<", "<NbOfNtries>2</NbOfNtries><Sum>1007<").Replace(statementOf(pending))
		accepted(t, document("02", counted), Mapping{})
	})
}

func TestADayWithoutEntries(t *testing.T) {
	empty := "<Stmt><Id>S1</Id>" + period + accountOf1 + opening + strings.NewReplacer("OPBD", "CLBD").Replace(opening) + "</Stmt>"
	st, lines := accepted(t, document("08", empty), Mapping{})
	if lines.Len() != 0 || len(st.Totals) != 1 || st.From.String() != "2024-09-12" || !hasNote(st, "without booked entries") {
		t.Errorf("%+v", st)
	}
}

func TestSeveralStatementsOfOneAccount(t *testing.T) {
	st, lines := accepted(t, document("08", statementOf(""), strings.ReplaceAll(statementOf(""), "B09", "C09")), Mapping{})
	if lines.Len() != 4 || len(st.Totals) != 6 || st.Totals[1].Stated != 4 || !strings.HasSuffix(st.Layout, ", 2 statements") {
		t.Errorf("%+v", st)
	}
	t.Run("each must tie, also where their sum does", func(t *testing.T) {
		refused(t, document("08", strings.Replace(statementOf(""), "894.50", "894.51", 1), strings.Replace(statementOf(""), "894.50", "894.49", 1)), Mapping{},
			"bank.xml:4: closing balance (CLBD − OPBD): statement S1 states 994.51, its entries give 994.50: difference -0.01", "bank.xml:14: closing balance")
	})
	t.Run("another account", func(t *testing.T) {
		refused(t, document("08", statementOf(""), strings.Replace(statementOf(""), "110900000010001", "110900000010002", 1)), Mapping{},
			`bank.xml:14: Acct/Id: "110900000010002" is another account than "110900000010001" of the statement before (deliver a file for each account)`)
	})
}

func TestEntriesBeyondThePeriodExtendIt(t *testing.T) {
	st, _ := accepted(t, document("02", strings.Replace(statementOf(""), "<Dt>2024-09-12+08:00</Dt>", "<Dt>2024-09-14</Dt>", 1)), Mapping{})
	if st.Until.String() != "2024-09-15" || !hasNote(st, "beyond the stated period 2024-09-12 to 2024-09-12") {
		t.Errorf("%s to %s, %q", st.From, st.Until, st.Notes)
	}
}

func TestTotalsThatAreNotStatedAreNoted(t *testing.T) {
	bare := strings.NewReplacer(summary, "", opening, "", period, "", "<Id><Othr><Id>110900000010001</Id></Othr></Id>", "").Replace(statementOf(""))
	st, _ := accepted(t, document("02", bare), Mapping{Account: "42"})
	if len(st.Totals) != 0 || !hasNote(st, "no totals") || !hasNote(st, "opening and its closing balance") || st.Account != "42" {
		t.Errorf("%q", st.Notes)
	}
}

func TestCAMTRefusals(t *testing.T) {
	change := func(from, to string) string {
		whole := document("08", statementOf(""))
		if !strings.Contains(whole, from) {
			t.Fatalf("no %s", from)
		}
		return strings.Replace(whole, from, to, 1)
	}
	for _, c := range []struct {
		name, content string
		wants         []string
	}{
		{"the closing balance", change("894.50", "894.60"), []string{"bank.xml: closing balance (CLBD − OPBD): stated 994.60, the lines give 994.50: difference -0.10"}},
		{"the number of entries", change("<NbOfNtries>2<", "<NbOfNtries>4<"), []string{"bank.xml: TtlNtries/NbOfNtries: stated 4, the lines give 2"}},
		{"the sum of credits", change("<Sum>1000<", "<Sum>1001<"), []string{"bank.xml: TtlCdtNtries/Sum: stated 1001.00, the lines give 1000.00"}},
		{"the sum of debits", change("<Sum>5.50000<", "<Sum>5.4<"), []string{"bank.xml: TtlDbtNtries/Sum: stated 5.40, the lines give 5.50"}},
		{"the number of debits", change("<TtlDbtNtries><NbOfNtries>1<", "<TtlDbtNtries><NbOfNtries>0<"), []string{"bank.xml: TtlDbtNtries/NbOfNtries: stated 0, the lines give 1"}},
		{"another currency of an entry", change(`<Amt Ccy="CNY">1000.00`, `<Amt Ccy="EUR">1000.00`), []string{`bank.xml:8: Ntry/Amt: currency "EUR" where only CNY is read`}},
		{"another currency of a balance", change(`<Amt Ccy="CNY">894.50`, `<Amt Ccy="USD">894.50`), []string{`bank.xml:6: Bal CLBD: currency "USD"`}},
		{"another currency of the account", change("<Ccy>CNY<", "<Ccy>HKD<"), []string{`bank.xml:4: Acct/Ccy: an account in "HKD"`}},
		{"an amount", change(">1000.00<", ">1,000.00<"), []string{`bank.xml:8: Ntry/Amt: "1,000.00": thousands`}},
		{"a negative amount", change(">1000.00<", ">-1000.00<"), []string{`bank.xml:8: Ntry/Amt: "-1000.00" is negative`}},
		{"no direction", change("<CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<Sts>"), []string{`bank.xml:8: Ntry/CdtDbtInd: "" does not say`}},
		{"another status", change("<Sts>BOOK<", "<Sts>MAYB<"), []string{`bank.xml:8: Ntry/Sts: "****" does not say`}},
		{"a bad day", change("2024-09-12T09:00:00", "2024-09-31T09:00:00"), []string{`bank.xml:8: Ntry/BookgDt: "2024-09-31T09:00:00" is no day`}},
		{"a period that ends before it begins", change("<FrDtTm>2024-09-12", "<FrDtTm>2024-10-12"), []string{"bank.xml:4: FrToDt: "}},
		{"a balance twice", change(closing, opening), []string{"bank.xml:6: Bal OPBD: the statement has this balance twice, first in line 5"}},
		{"no account", change(accountOf1, ""), []string{"bank.xml:8: an entry (Ntry) before the account (Acct)"}},
		{"no number of the account", change("<Id><Othr><Id>110900000010001</Id></Othr></Id>", ""), []string{"bank.xml:4: Acct/Id: the account has no number"}},
		{"no statement", document("08"), []string{"bank.xml: the document has no statement"}},
		{"version 01", document("01", statementOf("")), []string{"bank.xml:2: camt.053.001.01 is not read"}},
		{"another root", change("<Document", "<Documnt"), []string{"bank.xml:2: <Documnt>"}},
		{"not well formed", change("</GrpHdr>", "</GrpHdrr>"), []string{"bank.xml:3: not well-formed XML: element <GrpHdr> closed by </GrpHdrr>"}},
		{"a second document", document("08", statementOf("")) + "<Document/>", []string{"bank.xml:"}},
		{"text behind it", document("08", statementOf("")) + "text", []string{"bank.xml:15: text outside of the document"}},
		{"another encoding", change("UTF-8", "Big5"), []string{"bank.xml:1: not readable as XML"}},
		{"NUL", change("S1", "S\x00"), []string{"bank.xml:"}},
		{"several", strings.Replace(change(">1000.00<", ">x<"), "Ccy=\"CNY\">5.50", "Ccy=\"JPY\">5", 1), []string{"bank.xml:8: Ntry/Amt", "bank.xml:11: Ntry/Amt"}},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, c.content, Mapping{}, c.wants...) })
	}
}

func TestHostileXML(t *testing.T) {
	head := `<?xml version="1.0"?>` + "\n"
	doc := `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">` + "\n"
	for name, c := range map[string]struct{ content, want string }{
		"an entity bomb": {head + `<!DOCTYPE Document [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>` + "\n" + doc + "&b;</Document>", "bank.xml:2: a document type declaration (DOCTYPE)"},
		"an entity":      {head + doc + "<BkToCstmrStmt>&b;</BkToCstmrStmt></Document>", "bank.xml:3: not well-formed XML: invalid character entity &b;"},
		"a file to read": {head + `<!DOCTYPE Document [<!ENTITY f SYSTEM "file:///etc/passwd">]>` + doc, "bank.xml:"},
		"depth":          {head + doc + strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100) + "</Document>", "bank.xml:3: elements more than 64 deep"},
		"a long text":    {head + doc + "<a>" + strings.Repeat("x", 2<<20) + "</a></Document>", "bank.xml:3: a tag or text of more than 1048576 bytes"},
		"a long tag":     {head + doc + "<" + strings.Repeat("x", 2<<20) + "/></Document>", "bank.xml:3: a tag or text of more than"},
		"a long comment": {head + doc + "<!--" + strings.Repeat("x", 2<<20) + "--></Document>", "bank.xml:3: a tag or text of more than"},
		"a long number":  {document("08", strings.Replace(statementOf(""), "B0912001", strings.Repeat("9", 1<<17), 1)), "bank.xml:8: a text of more than 65536 bytes"},
		"a long statement": {strings.Replace(document("08", statementOf("")), "UTF-8", "GB18030", 1)[:200] +
			strings.Repeat("\xa1\xa1", 2<<20), "bank.xml:"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.content, Mapping{}, c.want) })
	}
}

// endless is a document with one entry of more and more details.
type endless struct {
	start string
	left  int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.start != "" {
		n := copy(p, e.start)
		e.start = e.start[n:]
		return n, nil
	}
	if e.left <= 0 {
		return 0, io.EOF
	}
	const detail = "<TxDtls><Refs><EndToEndId>1</EndToEndId></Refs><AddtlTxInf>x</AddtlTxInf></TxDtls>"
	n := 0
	for n+len(detail) <= len(p) {
		n += copy(p[n:], detail)
	}
	e.left -= int64(n)
	return n, nil
}

func TestAnEntryOfManyDetailsNeedsNoMemory(t *testing.T) {
	start, _, _ := strings.Cut(document("08", statementOf("")), "</NtryDtls>")
	in := delimited.Input{File: "bank.xml", Stream: &endless{start: start, left: 8 << 20}}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	_, err := ReadCAMT(context.Background(), in, Mapping{}, func(arrow.Record) error { return nil })
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "it was cut off") {
		t.Errorf("got %v", err)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("%d bytes are kept", grown)
	}
}

// A document that is cut off anywhere is refused.
func TestACAMTCutOffAnywhere(t *testing.T) {
	whole := strings.TrimSpace(document("08", statementOf("")))
	for end := range len(whole) {
		if _, _, err := read([]byte(whole[:end]), Mapping{}); err == nil {
			t.Fatalf("accepted up to byte %d", end)
		}
	}
}
