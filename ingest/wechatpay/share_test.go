package wechatpay

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/settlement"
)

// returned is a share of 4.00 that comes back.
func returned(pairs ...string) fields {
	return shared("分账明细单号", "36000001202409122222", "商户分账/回退单号", "B20240912000001", "金额", "4.00", "业务类型", "分账回退").with(pairs...)
}

func TestAProfitSharingBillBecomesCopies(t *testing.T) {
	text := newShareBill(shared(), returned()).text()
	if !RecogniseProfitShare([]byte(text)) || RecogniseFunds([]byte(text)) || Recognise([]byte(text)) {
		t.Error("not recognised as a profit-sharing bill")
	}
	lines, s := acceptFunds(t, ReadProfitShare, input(text))
	holdFunds(t, lines, s)
	if s.Kind != settlement.ProfitShareBill || s.Account != "1900000109" || s.From.String() != "2024-09-12" || s.Until != s.From+1 ||
		!hasNote(s, "states no control totals") {
		t.Errorf("%+v", s)
	}
	var got []string
	for i := range lines.Len() {
		got = append(got, fmt.Sprint(lines.Account.StringAt(i), " ", lines.Direction[i], " ", lines.Category[i], " ", lines.State[i], " ", lines.Amount[i],
			" order=", lines.OrderNo.StringAt(i), " refund=", lines.RefundNo.StringAt(i), " txn=", lines.ProviderTxnID.StringAt(i),
			" flow=", lines.FlowNo.StringAt(i), " ", lines.RawType.StringAt(i), " note=", lines.RawNote.StringAt(i), " ", lines.Balance[i] == settlement.NoAmount))
	}
	want := []string{
		"1900000109 expense profit_share copy -10.00 order=P20240912000001 refund= txn=4200002412202409121234567890 flow=36000001202409121111 分账/处理成功 note= true",
		"1900000109 income profit_share copy 4.00 order= refund=B20240912000001 txn=4200002412202409121234567890 flow=36000001202409122222 分账回退/处理成功 note= true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if cells := fundCells(lines); strings.Contains(cells, "某某") {
		t.Errorf("the receiver is carried: %s", cells)
	}
}

func TestProfitSharingRowsMayLackBackticks(t *testing.T) {
	whole := newShareBill(shared(), returned()).text()
	want, _ := acceptFunds(t, ReadProfitShare, input(whole))
	bare := newShareBill(shared(), returned())
	for name, text := range map[string]string{
		"everywhere":       strings.ReplaceAll(whole, "`", ""),
		"in the first row": bare.header + "\n" + strings.ReplaceAll(bare.rows[0], "`", "") + "\n" + bare.rows[1] + "\n",
		"in some values":   strings.ReplaceAll(whole, ",`1", ",1"),
		"at the start":     strings.ReplaceAll(whole, "`2024", "2024"),
	} {
		t.Run(name, func(t *testing.T) {
			lines, _ := acceptFunds(t, ReadProfitShare, input(text))
			if fundCells(lines) != fundCells(want) {
				t.Errorf("got %swant %s", fundCells(lines), fundCells(want))
			}
		})
	}
}

func TestProfitSharingSummaries(t *testing.T) {
	b := newShareBill(shared())
	b.summary, b.values = "总笔数,总金额", "`1,`10.00"
	lines, s := acceptFunds(t, ReadProfitShare, input(b.text()))
	holdFunds(t, lines, s)
	if lines.Len() != 1 || !hasNote(s, `control total "总笔数" is not known and was not compared`) || hasNote(s, "states no control totals") {
		t.Errorf("%d lines, notes %q", lines.Len(), s.Notes)
	}
	refuseFunds(t, ReadProfitShare, input(b.text()+b.rows[0]+"\n"), "bill.csv:5: text behind the control totals")
	refuseFunds(t, ReadProfitShare, input(newShareBill(shared()).text()+"总笔数,总金额\n"), "before the values of its control totals")
}

func TestProfitSharingBillsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a row of another kind": {newShareBill(shared("业务类型", "另一种")).text(), `业务类型: "***" is neither 分账 nor 回退`},
		"an amount":             {newShareBill(shared("金额", "x")).text(), "bill.csv:2:"},
		"a damaged number":      {newShareBill(shared("分账明细单号", "3.6E+19")).text(), "分账明细单号: "},
		"no flow number":        {newShareBill(shared("分账明细单号", "")).text(), "分账明细单号: no number"},
		"no payer":              {newShareBill(shared("分账方", "0")).text(), "分账方: no merchant number"},
		"a time":                {newShareBill(shared("分账时间", "2024-09-12")).text(), "bill.csv:2:2: 分账时间"},
		"too few fields":        {shareHeader + "\n`2024-09-12 12:00:00,`1\n", "bill.csv:2:1: 2 fields where the header has 13 names"},
		"an empty line":         {shareHeader + "\n\n", "bill.csv:2:1: an empty line"},
		"a missing column":      {strings.Replace(shareHeader, "分账方,", "", 1) + "\n", "bill.csv:1:1: 分账方: this required column is missing"},
		"an empty file":         {"", "the file is empty"},
	} {
		t.Run(name, func(t *testing.T) { refuseFunds(t, ReadProfitShare, input(c.text), c.want) })
	}
	t.Run("name and request differ", func(t *testing.T) {
		in := named("1900000109_profitsharing_2024-09-12.csv", newShareBill(shared()).text())
		in.Day = settlement.Day(20000)
		refuseFunds(t, ReadProfitShare, in, "the file's name says 2024-09-12")
	})
}

func TestWhoseProfitSharingBillItIs(t *testing.T) {
	text := newShareBill(shared(), returned("分账方", "1900000222"), shared("分账方", "1900000333")).text()
	lines, s := acceptFunds(t, ReadProfitShare, input(text))
	if s.Account != "" || lines.Account.StringAt(1) != "1900000222" || !hasNote(s, "several merchants") {
		t.Errorf("account %q, notes %q", s.Account, s.Notes)
	}
	_, s = acceptFunds(t, ReadProfitShare, named("1900000100_profitsharing_2024-09-11.csv", text))
	if s.Account != "1900000100" || s.From.String() != "2024-09-11" {
		t.Errorf("account %q of %s, notes %q", s.Account, s.From, s.Notes)
	}
	_, s = acceptFunds(t, ReadProfitShare, named("1900000100_profitsharing_2024-09-11.csv", shareHeader+"\n"))
	if s.Account != "1900000100" || s.Rows != 0 {
		t.Errorf("an empty day: account %q, %d rows", s.Account, s.Rows)
	}
}

func TestSharesThatDidNotHappenAreNoted(t *testing.T) {
	_, s := acceptFunds(t, ReadProfitShare, input(newShareBill(shared("处理状态", "处理失败"), returned()).text()))
	if s.Rows != 2 || !hasNote(s, "1 rows whose 处理状态 is not success") {
		t.Errorf("%d rows, notes %q", s.Rows, s.Notes)
	}
}

func TestProfitSharingBillsOfManyRows(t *testing.T) {
	b := newShareBill()
	for i := range 2*shareBatch + 1 {
		b.add(shared("分账明细单号", fmt.Sprintf("36%018d", i)))
	}
	lines, s := acceptFunds(t, ReadProfitShare, input(b.text()))
	holdFunds(t, lines, s)
	if lines.Len() != 2*shareBatch+1 {
		t.Errorf("%d lines", lines.Len())
	}
}

func FuzzReadProfitShare(f *testing.F) {
	f.Add([]byte(newShareBill(shared(), returned("备注", "a,`b")).text()))
	f.Add([]byte(strings.ReplaceAll(newShareBill(shared()).text(), "`", "")))
	f.Add([]byte(newShareBill().text() + "总笔数,总金额\n`1,`2\n"))
	fuzzFunds(f, ReadProfitShare, RecogniseProfitShare)
}
