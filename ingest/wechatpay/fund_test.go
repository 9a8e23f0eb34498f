package wechatpay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/google/go-cmp/cmp"

	"reconcile/settlement"
)

func hasNote(s *settlement.Statement, text string) bool {
	return slices.ContainsFunc(s.Notes, func(note string) bool { return strings.Contains(note, text) })
}

func TestAFundFlowBillBecomesFundLines(t *testing.T) {
	lines, s := acceptFunds(t, ReadFunds, named(ownFundName, newFundBill(moved(), feeTaken(), refunded()).text()))
	holdFunds(t, lines, s)
	if s.Kind != settlement.FundBill || s.Account != "1900000109" || s.SubAccount != "basic" || s.From.String() != "2024-09-12" || s.Until != s.From+1 ||
		len(s.Totals) != 5 || len(s.Notes) != 0 || s.Layout != "fund flow, 11 columns" {
		t.Errorf("%+v", s)
	}
	var got []string
	for i := range lines.Len() {
		got = append(got, fmt.Sprint(lines.Account.StringAt(i), " ", lines.SubAccount.StringAt(i), " ", lines.Direction[i], " ", lines.Category[i], " ", lines.State[i],
			" ", lines.Amount[i], " ", lines.Balance[i], " order=", lines.OrderNo.StringAt(i), " refund=", lines.RefundNo.StringAt(i),
			" txn=", lines.ProviderTxnID.StringAt(i), " ", lines.SettledOn[i], " ", lines.RawType.StringAt(i), " ", lines.RawNote.StringAt(i), " ", lines.Line[i]))
	}
	want := []string{
		"1900000109 basic income payment booked 100.00 1100.00 order=S20240912000001 refund= txn=4200002412202409121234567890 2024-09-12 交易/交易  2",
		"1900000109 basic expense fee booked -0.60 1099.40 order=S20240912000001 refund= txn=4200002412202409121234567890 2024-09-12 交易/扣除交易手续费  3",
		"1900000109 basic expense refund booked -49.70 1049.70 order= refund=R20240912000001 txn=50302412122024091298765432101 2024-09-12 退款/退款 退款总金额50.00元;含手续费0.30元 4",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if lines.ID[0] == lines.ID[1] {
		t.Error("a payment and the fee under its flow number share an identity")
	}
	if lines.Key[0] != settlement.PaymentKey([]byte("S20240912000001"), nil) {
		t.Error("a payment's money does not lie with its trade line")
	}
}

func TestCategoriesOfMovements(t *testing.T) {
	for _, c := range []struct{ name, kind, direction, want string }{
		{"交易", "交易", "收入", "payment"},
		{"交易", "扣除交易手续费", "支出", "fee"},
		{"退款", "退款", "支出", "refund"},
		{"交易", "投诉冻结", "支出", "freeze"},
		{"其他", "争议", "支出", "freeze"},
		{"其他", "投诉赔付", "支出", "transfer"},
		{"退款", "退款关闭", "收入", "refund"},
		{"退款", "退还交易手续费", "收入", "fee_return"},
		{"交易", "退还交易手续费", "收入", "fee_return"},
		{"充值/提现", "提现", "支出", "withdrawal"},
		{"充值/提现", "提现", "收入", "withdrawal"}, // it failed and came back
		{"充值/提现", "提现手续费", "支出", "withdrawal_fee"},
		{"充值/提现", "充值", "收入", "top_up"},
		{"充值/提现", "充值/提现", "收入", "top_up"},
		{"充值/提现", "充值/提现", "支出", "withdrawal"},
		{"充值/提现", "另一种", "支出", "withdrawal"},
		{"企业付款", "企业付款", "支出", "transfer"},
		{"企业付款", "交易", "支出", "transfer"},
		{"商家转账", "商家转账到零钱", "支出", "transfer"},
		{"代金券/立减/折扣", "代金券/立减/折扣", "收入", "coupon"},
		{"代金券/立减/折扣", "交易", "收入", "coupon"},
		{"现金红包", "现金红包", "支出", "coupon"},
		{"分账", "分账", "支出", "profit_share"},
		{"分账", "分账回退", "收入", "profit_share"},
		{"资金冻结", "冻结", "支出", "freeze"},
		{"交易", "从未见过", "收入", "other"},
		{"从未见过", "从未见过", "支出", "other"},
	} {
		t.Run(c.name+" "+c.kind+" "+c.direction, func(t *testing.T) {
			lines, s := acceptFunds(t, ReadFunds, named(ownFundName, newFundBill(moved("业务名称", c.name, "业务类型", c.kind, "收支类型", c.direction)).text()))
			holdFunds(t, lines, s)
			if got := lines.Category[0].String(); got != c.want {
				t.Errorf("%s instead of %s", got, c.want)
			}
			if noted := hasNote(s, "of category other"); noted != (c.want == "other") {
				t.Errorf("notes %q", s.Notes)
			}
		})
	}
}

func TestUnknownMovementsAreCountedByTheirWords(t *testing.T) {
	text := newFundBill(moved("业务名称", "账单", "业务类型", "余额"), moved("业务名称", "账单", "业务类型", "余额", "账户结余(元)", "1200.00", "资金流水单号", "2"),
		moved("业务名称", "王丙", "业务类型", "", "收支类型", "支出", "账户结余(元)", "1100.00")).text()
	lines, s := acceptFunds(t, ReadFunds, named(ownFundName, text))
	holdFunds(t, lines, s)
	if want := "movements of a kind that is not known, of category other: income 账单/余额 (2 rows, 200.00); expense **/ (1 rows, -100.00)"; !slices.Contains(s.Notes, want) {
		t.Errorf("notes %q", s.Notes)
	}
}

func TestNumbersOfMovements(t *testing.T) {
	for _, c := range []struct {
		name          string
		row           fields
		order, refund string
		txn, note     string
	}{
		{"a fee return under its refund", refunded("业务类型", "退还交易手续费", "收支类型", "收入"), "", "R20240912000001", "50302412122024091298765432101", "退款总金额50.00元;含手续费0.30元"},
		{"a fee return under its trade", moved("业务类型", "退还交易手续费", "收支类型", "收入"), "S20240912000001", "", "4200002412202409121234567890", ""},
		{"a refund that was closed", refunded("业务类型", "退款关闭", "收支类型", "收入", "备注", ""), "", "R20240912000001", "50302412122024091298765432101", ""},
		{"a payout without numbers", moved("业务名称", "充值/提现", "业务类型", "提现", "微信支付业务单号", "", "业务凭证号", "0"), "", "", "", ""},
		{"the note of a transfer may name a person", moved("业务名称", "企业付款", "业务类型", "企业付款", "备注", "某某的工资"), "S20240912000001", "", "4200002412202409121234567890", ""},
		{"the note of a share may name a person", moved("业务名称", "分账", "业务类型", "分账", "备注", "分给某某"), "S20240912000001", "", "4200002412202409121234567890", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, _ := acceptFunds(t, ReadFunds, named(ownFundName, newFundBill(c.row).text()))
			if got := []string{lines.OrderNo.StringAt(0), lines.RefundNo.StringAt(0), lines.ProviderTxnID.StringAt(0), lines.RawNote.StringAt(0)}; !slices.Equal(got, []string{c.order, c.refund, c.txn, c.note}) {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestNotesOfMovementsMayHoldAnything(t *testing.T) {
	for _, note := range []string{"退款, 已收", "退,`款", ",`,`", "`", `\,\"`, "退款`2024`"} {
		t.Run(note, func(t *testing.T) {
			lines, s := acceptFunds(t, ReadFunds, named(ownFundName, newFundBill(refunded("备注", note)).text()))
			holdFunds(t, lines, s)
			if lines.RawNote.StringAt(0) != note || lines.RefundNo.StringAt(0) != "R20240912000001" {
				t.Errorf("note %q, refund %q", lines.RawNote.StringAt(0), lines.RefundNo.StringAt(0))
			}
		})
	}
	t.Run("not where the header has unknown columns", func(t *testing.T) {
		b := newFundBill().under(fundHeader + ",新列")
		refuseFunds(t, ReadFunds, input(b.add(refunded("备注", "a,`b")).text()), "13 fields where the header has 12 names")
	})
}

func TestHeadersOfFundFlowBills(t *testing.T) {
	for _, c := range []struct{ name, header string }{
		{"full-width parentheses", strings.NewReplacer("(", "（", ")", "）").Replace(fundHeader)},
		{"another order", "业务凭证号,备注,收支金额(元),收支类型,业务类型,业务名称,资金流水单号,微信支付业务单号,记账时间,账户结余（元）"},
		{"an additional column", fundHeader + ",新列"},
		{"with BOM", "\ufeff" + fundHeader},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newFundBill().under(strings.TrimPrefix(c.header, "\ufeff")).add(moved(), feeTaken(), refunded())
			text := strings.Replace(b.text(), b.header, c.header, 1)
			if !RecogniseFunds([]byte(text)) || Recognise([]byte(text)) {
				t.Error("not recognised as a fund-flow bill")
			}
			lines, s := acceptFunds(t, ReadFunds, named(ownFundName, text))
			holdFunds(t, lines, s)
			want, _ := acceptFunds(t, ReadFunds, named(ownFundName, newFundBill(moved(), feeTaken(), refunded()).text()))
			if fundCells(lines) != fundCells(want) {
				t.Errorf("got %swant %s", fundCells(lines), fundCells(want))
			}
			if hasNote(s, `"新列" is not known`) != strings.Contains(c.header, "新列") {
				t.Errorf("notes %q", s.Notes)
			}
		})
	}
	for name := range strings.SplitSeq(fundHeader, ",") {
		t.Run("without "+name, func(t *testing.T) {
			b := newFundBill().under(strings.Trim(strings.Replace(","+fundHeader+",", ","+name+",", ",", 1), ",")).add(moved())
			if !RecogniseFunds([]byte(b.text())) {
				t.Error("not recognised")
			}
			if name == "资金变更提交申请人" {
				acceptFunds(t, ReadFunds, named(ownFundName, b.text()))
				return
			}
			refuseFunds(t, ReadFunds, named(ownFundName, b.text()), ownFundName+":1:1: "+name+": this required column is missing")
		})
	}
	t.Run("a name twice", func(t *testing.T) {
		refuseFunds(t, ReadFunds, input(newFundBill().under(fundHeader+",备注").text()), "bill.csv:1:72: 备注: the header has this name twice")
	})
}

func TestBadMovementsAreRefusedWithTheirPlace(t *testing.T) {
	for _, c := range []struct {
		name string
		row  fields
		want []string
	}{
		{"a direction", moved("收支类型", "转入"), []string{`bill.csv:2:`, `收支类型: "转入" is neither 收入 nor 支出`}},
		{"a negative amount", moved("收支金额(元)", "-1.00"), []string{"收支金额(元): -1.00 is negative"}},
		{"fractions of a fen", moved("收支金额(元)", "1.001"), []string{"收支金额(元): \"1.001\""}},
		{"an amount with separators", moved("收支金额(元)", "1 000.00"), []string{"收支金额(元): "}},
		{"no balance", moved("账户结余(元)", ""), []string{"账户结余(元): "}},
		{"a time", moved("记账时间", "2024/9/12 10:11"), []string{`bill.csv:2:2: 记账时间: "2024/9/12 10:11"`}},
		{"a number that a spreadsheet damaged", moved("微信支付业务单号", "4.2E+27"), []string{"微信支付业务单号: ", "do not open it in one"}},
		{"a flow number that a spreadsheet damaged", moved("资金流水单号", "4.2E+27"), []string{"资金流水单号: "}},
		{"no flow number", moved("资金流水单号", ""), []string{"资金流水单号: no number of the movement"}},
		{"a blank in the voucher", moved("业务凭证号", "S 1"), []string{"业务凭证号: "}},
		{"a note that is not UTF-8", moved("备注", "\xb1\xb8"), []string{"备注: not UTF-8"}},
		{"no words", moved("业务名称", "", "业务类型", ""), []string{"业务类型: neither"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			refuseFunds(t, ReadFunds, input(newFundBill(c.row).text()), c.want...)
		})
	}
	for name, row := range map[string]string{
		"5 fields where":                      "`a,`b,`c,`d,`e",
		"does not start with a backtick":      strings.ReplaceAll(newFundBill(moved()).rows[0], "`", ""),
		"an empty line before the control":    " ",
		"fields where the header has 11 name": newFundBill(moved()).rows[0] + newFundBill(moved()).rows[0],
	} {
		t.Run(name, func(t *testing.T) {
			b := newFundBill(moved())
			b.rows = append(b.rows, row)
			refuseFunds(t, ReadFunds, input(b.text()), "bill.csv:3:1: ", name)
		})
	}
	t.Run("all of them are listed", func(t *testing.T) {
		refuseFunds(t, ReadFunds, input(newFundBill(moved("收支类型", ""), moved(), moved("记账时间", "")).text()), "bill.csv:2:", "bill.csv:4:2: 记账时间")
	})
}

func TestControlTotalsOfFundFlowBills(t *testing.T) {
	rows := []fields{moved(), feeTaken(), refunded()}
	t.Run("counts and sums of other shapes", func(t *testing.T) {
		b := newFundBill(rows...)
		b.values = "`3.0,`1.0,`100.0,`2,`50.30000"
		lines, s := acceptFunds(t, ReadFunds, named(ownFundName, b.text()))
		holdFunds(t, lines, s)
	})
	for i, name := range fundTotals {
		t.Run(name+" that does not tie", func(t *testing.T) {
			b := newFundBill(rows...)
			values := strings.Split(b.trueValues(), ",")
			values[i] = "`7"
			b.values = strings.Join(values, ",")
			refuseFunds(t, ReadFunds, input(b.text()), "bill.csv:6:", name+": the bill states 7")
		})
		t.Run(name+" missing", func(t *testing.T) {
			b := newFundBill(rows...)
			values := strings.Split(b.trueValues(), ",")
			b.values = strings.Join(slices.Delete(values, i, i+1), ",")
			b.summary = strings.Join(slices.Delete(slices.Clone(fundTotals), i, i+1), ",")
			want := name + ": this control total is missing"
			if i == 0 { // by which the summary is known
				want = "the file ends without its control totals"
			}
			refuseFunds(t, ReadFunds, input(b.text()), want)
		})
	}
	t.Run("text behind them", func(t *testing.T) {
		refuseFunds(t, ReadFunds, input(newFundBill(rows...).text()+"x\n"), "bill.csv:7: text behind the control totals")
	})
	t.Run("nothing but the header", func(t *testing.T) {
		refuseFunds(t, ReadFunds, input(fundHeader+"\n"), "ends without its control totals")
	})
	t.Run("an empty file", func(t *testing.T) {
		refuseFunds(t, ReadFunds, input(""), "the file is empty")
	})
	t.Run("an empty day", func(t *testing.T) {
		lines, s := acceptFunds(t, ReadFunds, named(ownFundName, newFundBill().text()))
		holdFunds(t, lines, s)
		if s.From.String() != "2024-09-12" || s.Account != "1900000109" || len(s.Totals) != 5 {
			t.Errorf("%+v", s)
		}
	})
}

func TestFundFlowLineEnds(t *testing.T) {
	crlf := newFundBill(moved(), feeTaken()).text()
	want, _ := acceptFunds(t, ReadFunds, input(crlf))
	lf := strings.ReplaceAll(crlf, "\r\n", "\n")
	for name, text := range map[string]string{"LF": lf, "no final line end": strings.TrimSuffix(crlf, "\r\n"), "BOM, LF, no final line end": "\ufeff" + strings.TrimSuffix(lf, "\n")} {
		t.Run(name, func(t *testing.T) {
			lines, _ := acceptFunds(t, ReadFunds, input(text))
			if fundCells(lines) != fundCells(want) {
				t.Errorf("got %swant %s", fundCells(lines), fundCells(want))
			}
		})
	}
}

func TestWhoseFundFlowBillItIs(t *testing.T) {
	text := newFundBill(moved()).text()
	for _, c := range []struct{ name, file, member, configured, account, purse, note string }{
		{"generated", ownFundName, "", "", "1900000109", "basic", ""},
		{"the platform's", "1900000109Operation2024-09-12.csv", "", "", "1900000109", "operation", ""},
		{"Chinese", "1900000109资金账单_手续费账户_20240912.csv", "", "", "1900000109", "fees", ""},
		{"a member of an archive", "bills.zip", "1900000109_fundflowFees_2024-09-12.csv", "", "1900000109", "fees", ""},
		{"configured", "funds-basic.csv", "", "1900000109", "1900000109", "basic", ""},
		{"a date is no merchant", "20240912_资金账单.csv", "", "", "", "", "the merchant number is not known"},
		{"nothing known", "bill.csv", "", "", "", "", "which of the merchant's accounts"},
		{"two purses", "1900000109_basic_fees.csv", "", "", "1900000109", "", "more than one of the accounts"},
		{"part of a word", "1900000109_fund_basically.csv", "", "", "1900000109", "", "which of the merchant's accounts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := named(c.file, text)
			in.Member, in.Account = c.member, c.configured
			lines, s := acceptFunds(t, ReadFunds, in)
			if s.Account != c.account || lines.Account.StringAt(0) != c.account || s.SubAccount != c.purse || lines.SubAccount.StringAt(0) != c.purse {
				t.Errorf("account %q %q, purse %q %q", s.Account, lines.Account.At(0), s.SubAccount, lines.SubAccount.At(0))
			}
			if c.note == "" && len(s.Notes) > 0 || !hasNote(s, c.note) && c.note != "" {
				t.Errorf("notes %q", s.Notes)
			}
		})
	}
	t.Run("name and configuration differ", func(t *testing.T) {
		in := named(ownFundName, text)
		in.Account = "1900000777"
		refuseFunds(t, ReadFunds, in, "the file's name says merchant 1900000109, the configuration says 1900000777")
	})
}

func TestDaysOfFundFlowBills(t *testing.T) {
	next := moved("记账时间", "2024-09-13 00:00:00", "账户结余(元)", "1200.00", "资金流水单号", "2")
	t.Run("a row of another day than the name", func(t *testing.T) {
		refuseFunds(t, ReadFunds, named(ownFundName, newFundBill(moved(), next).text()), ":3:2: 记账时间: a row of 2024-09-13 in the bill of 2024-09-12, the day given by the file's name")
	})
	t.Run("a row of another day than the request", func(t *testing.T) {
		in := input(newFundBill(moved()).text())
		in.Day = settlement.Day(20000)
		refuseFunds(t, ReadFunds, in, "in the bill of "+in.Day.String()+", the day given by the request or the configuration")
	})
	t.Run("the rows tell it", func(t *testing.T) {
		lines, s := acceptFunds(t, ReadFunds, input(newFundBill(moved()).text()))
		if s.From.String() != "2024-09-12" || s.Until != s.From+1 || lines.SettledOn[0] != s.From {
			t.Errorf("%s to %s, row %s", s.From, s.Until, lines.SettledOn[0])
		}
	})
	t.Run("the platform merges up to a month", func(t *testing.T) {
		lines, s := acceptFunds(t, ReadFunds, named("1900000109Basic2024-09-01_2024-09-30.csv", newFundBill(moved(), next).text()))
		if s.From.String() != "2024-09-12" || s.Until.String() != "2024-09-14" || lines.SettledOn[1].String() != "2024-09-13" || !hasNote(s, "the rows are of 2024-09-12 to 2024-09-13") {
			t.Errorf("%s to %s, notes %q", s.From, s.Until, s.Notes)
		}
	})
	t.Run("an empty bill without a name", func(t *testing.T) {
		_, s := acceptFunds(t, ReadFunds, input(newFundBill().text()))
		if s.From != settlement.NoDay || !hasNote(s, "the bill's day is not known") {
			t.Errorf("%s, notes %q", s.From, s.Notes)
		}
	})
}

func TestTheChainOfBalances(t *testing.T) {
	t.Run("a gap is noted and not refused", func(t *testing.T) {
		lines, s := acceptFunds(t, ReadFunds, named(ownFundName, newFundBill(moved(), feeTaken("账户结余(元)", "1099.41"), refunded()).text()))
		holdFunds(t, lines, s)
		if !hasNote(s, "账户结余 does not follow from the row before in 2 places, the first at line 3: it is 1099.41 where 1099.40 was due") {
			t.Errorf("notes %q", s.Notes)
		}
	})
	t.Run("one gap", func(t *testing.T) {
		_, s := acceptFunds(t, ReadFunds, named(ownFundName, newFundBill(moved(), refunded()).text()))
		if !hasNote(s, "in one place, at line 3: it is 1049.70 where 1050.30 was due") {
			t.Errorf("notes %q", s.Notes)
		}
	})
	t.Run("a balance below zero", func(t *testing.T) {
		_, s := acceptFunds(t, ReadFunds, named(ownFundName, newFundBill(moved("账户结余(元)", "-5.00"), feeTaken("账户结余(元)", "-5.60")).text()))
		if len(s.Notes) > 0 {
			t.Errorf("notes %q", s.Notes)
		}
	})
}

// manyMovements is a bill of several blocks whose balances chain but behind the rows
// in gaps.
func manyMovements(rows int, gaps ...int) *fundFixture {
	b := newFundBill()
	balance := settlement.Amount(0)
	for i := range rows {
		amount := settlement.Amount(100 + i%7)
		if balance += amount; slices.Contains(gaps, i) {
			balance++
		}
		b.add(moved("资金流水单号", fmt.Sprintf("42%020d", i), "收支金额(元)", amount.String(), "账户结余(元)", balance.String(), "业务名称", fmt.Sprint("账", i%3), "业务类型", "单",
			"备注", strings.Repeat("货", i%40)))
	}
	return b
}

func TestFundLinesDoNotDependOnWorkers(t *testing.T) {
	text := manyMovements(12000, 17, 5000, 11999).text()
	want, wantStatement := acceptFunds(t, ReadFunds, input(text))
	holdFunds(t, want, wantStatement)
	if len(text) < 2<<20 || !hasNote(wantStatement, "3 places, the first at line 19") || !hasNote(wantStatement, "账2/单 (4000 rows") {
		t.Fatalf("%d bytes, notes %q", len(text), wantStatement.Notes)
	}
	for _, workers := range []int{2, 4} {
		in := input(text)
		in.Workers = workers
		lines, s := acceptFunds(t, ReadFunds, in)
		if fundCells(lines) != fundCells(want) {
			t.Errorf("%d workers: other rows", workers)
		}
		if diff := cmp.Diff(wantStatement, s); diff != "" {
			t.Errorf("%d workers: %s", workers, diff)
		}
	}
	t.Run("the chain holds across blocks", func(t *testing.T) {
		in := input(manyMovements(12000).text())
		in.Workers = 3
		if _, s := acceptFunds(t, ReadFunds, in); hasNote(s, "账户结余") {
			t.Errorf("notes %q", s.Notes)
		}
	})
}

func TestFundFlowTruncationIsRefused(t *testing.T) {
	whole := newFundBill(moved(), refunded()).text()
	want, _ := acceptFunds(t, ReadFunds, input(whole))
	accepted := 0
	for n := range len(whole) {
		lines, _, err := readFunds(ReadFunds, input(whole[:n]))
		if err != nil {
			var refusal *settlement.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("cut at %d: %v", n, err)
			}
			continue
		}
		if accepted++; fundCells(lines) != fundCells(want) {
			t.Errorf("cut at %d of %d: other rows", n, len(whole))
		}
	}
	if accepted > 3 { // a lost line end, and a zero behind the point
		t.Errorf("%d cuts were accepted", accepted)
	}
}

func TestErrorsOfFundReadersPassUnchanged(t *testing.T) {
	for name, c := range map[string]struct {
		read fundReader
		text string
	}{"fund flow": {ReadFunds, newFundBill(moved()).text()}, "profit sharing": {ReadProfitShare, newShareBill(shared()).text()}} {
		t.Run(name, func(t *testing.T) {
			full := &settlement.InputError{What: "the disk is full"}
			if _, err := c.read(context.Background(), input(c.text), func(arrow.Record) error { return full }); err != error(full) {
				t.Errorf("%v", err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			if _, err := c.read(ctx, input(c.text), func(arrow.Record) error { cancel(); return nil }); err != context.Canceled {
				t.Errorf("%v", err)
			}
		})
	}
}

func FuzzReadFunds(f *testing.F) {
	f.Add([]byte(newFundBill(moved(), feeTaken(), refunded("备注", "a,`b")).text()))
	f.Add([]byte("\ufeff" + newFundBill(moved("业务名称", "甲"), moved("账户结余(元)", "1.00")).text()))
	f.Add([]byte(newFundBill().text()))
	fuzzFunds(f, ReadFunds, RecogniseFunds)
}

func fuzzFunds(f *testing.F, read fundReader, recognise func([]byte) bool) {
	f.Fuzz(func(t *testing.T, data []byte) {
		recognise(data)
		in := input("")
		in.Stream, in.Workers = bytes.NewReader(data), 2
		lines, s, err := readFunds(read, in)
		if err != nil {
			var refusal *settlement.Refusal
			if !errors.As(err, &refusal) || len(refusal.Errors) == 0 {
				t.Fatalf("not a refusal with reasons: %v", err)
			}
			return
		}
		holdFunds(t, lines, s)
	})
}
