package alipay

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// The orders of columns that are known of the account log.
var logHeaders = map[string]string{
	"twelve columns":         "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注",
	"numbers at the end":     "账务流水号,业务流水号,商品名称,发生时间,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注,商户订单号,对方账号",
	"sixteen columns":        "账务流水号,业务流水号,商品名称,发生时间,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注,商户订单号,对方账号,业务基础订单号,业务订单号,业务账单来源,业务描述",
	"description at the end": "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注,业务描述,业务账单来源,业务基础订单号,业务订单号",
	"in the middle":          "账务流水号,业务流水号,商户订单号,业务基础订单号,业务订单号,业务账单来源,业务描述,收入金额（+元）,支出金额（-元）,账户余额（元）,发生时间,业务类型,备注,付款备注",
	"half-width, bare":       "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额(+元),支出金额,账户余额(元),交易渠道,业务类型,备注",
	"a column before":        ",账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注",
}

const logHeader = "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注"

const portalHeader = "序号,入账时间,支付宝交易号,支付宝流水号,商户订单号,账务类型,收入（+元）,支出（-元）,账户余额（元）,对方账户,对方名称,银行订单号,商品名称,备注,业务基础订单号,业务订单号,业务账单来源,业务描述,付款备注"

const workbookHeader = "序号,入账时间,支付宝交易号,支付宝流水号,商户订单号,账务类型,收入（+元）,支出（-元）,账户余额（元）,服务费（元）,支付渠道,签约产品,对方账户,对方名称,银行订单号,商品名称,备注,业务基础订单号,业务订单号,业务账单来源,业务描述,付款备注"

// movement is a row by the log's names of its columns.
type movement map[string]string

var portalNames = map[string]string{"支付宝流水号": "账务流水号", "支付宝交易号": "业务流水号", "入账时间": "发生时间", "收入": "收入金额", "支出": "支出金额", "账务类型": "业务类型"}

// moved is a row; more are pairs of name and value.
func moved(flow, trade, kind, in, out, balance string, more ...string) movement {
	m := movement{"账务流水号": flow, "业务流水号": trade, "业务类型": kind, "收入金额": in, "支出金额": out, "账户余额": balance,
		"发生时间": "2024-09-12 10:00:00", "交易渠道": "支付宝", "对方账号": "*某(138****0000)", "对方名称": "某人"}
	for i := 0; i < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

// under is the row's fields under a header; blank stands for what it lacks.
func (m movement) under(header, blank string) []string {
	var fields []string
	for name := range strings.SplitSeq(header, ",") {
		normal := normalName(name)
		if known := portalNames[normal]; known != "" {
			normal = known
		}
		value := m[normal]
		if value == "" && normal != "" {
			value = blank
		}
		fields = append(fields, value)
	}
	return fields
}

// fewMoves is a payment with its fee, a refund with its fee's return, and a payout.
func fewMoves() []movement {
	return []movement{
		moved("30000000001", "2024091222001400001234500001", "交易付款", "100.00", "0.00", "1100.00", "商户订单号", "T200P2345678900012345678", "商品名称", "茶具"),
		moved("30000000002", "2024091222001400001234500001", "收费", "0.00", "-0.60", "1099.40", "商户订单号", "T200P2345678900012345678", "备注", "服务费[2024091222001400001234500001]"),
		moved("30000000003", "2024091222001400001234500001", "交易退款", "0.00", "-50.00", "1049.40", "商户订单号", "T200P2345678900012345678", "备注", "退给某人"),
		moved("30000000004", "2024091222001400001234500001", "收费", "0.30", "0.00", "1049.70", "商户订单号", "2024091222001400001234500001-r-1", "备注", "服务费退回(2024091222001400001234500001)"),
		moved("30000000005", "30000000005", "提现", "0.00", "-49.70", "1000.00"),
	}
}

// testLog is a log to write; empty fields have defaults, "-" leaves a line out.
type testLog struct {
	title, account, period, header, blank, out, in, end string
	rows                                                []movement
}

func (l testLog) lines() []string {
	or := func(given, usual string) string {
		if given == "" {
			return usual
		}
		return given
	}
	var counts [2]int
	var sums [2]settlement.Amount
	for _, r := range l.rows {
		in, _ := settlement.ParseAmount([]byte(strings.TrimSpace(r["收入金额"])))
		out, _ := settlement.ParseAmount([]byte(strings.TrimSpace(r["支出金额"])))
		if in != 0 {
			counts[0]++
		} else {
			counts[1]++
		}
		sums[0] += in
		sums[1] += out
	}
	header := or(l.header, logHeader)
	lines := []string{or(l.title, "#支付宝账务明细查询"), or(l.account, "#账号：[20880000111122220156]"),
		or(l.period, "#起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月13日 00:00:00]"),
		"#-----------------------------------------账务明细列表----------------------------------------", header}
	for _, r := range l.rows {
		lines = append(lines, strings.Join(r.under(header, l.blank), ","))
	}
	lines = append(lines, or(l.end, "#-----------------------------------------账务明细列表结束------------------------------------"),
		or(l.out, fmt.Sprintf("#支出合计：%d笔，共%s元", counts[1], sums[1])),
		or(l.in, fmt.Sprintf("#收入合计：%d笔，共%s元", counts[0], sums[0])),
		"#导出时间：[2024年09月13日 05:46:49]")
	kept := lines[:0]
	for _, line := range lines {
		if line != "-" {
			kept = append(kept, line)
		}
	}
	return kept
}

func (l testLog) text() string { return strings.Join(l.lines(), "\n") + "\n" }

// portalText is a portal export of rows, each with its 序号.
func portalText(header string, rows ...movement) string {
	lines := []string{"#账号：shop@example.com[2088000011112222]", "#查询起始日期：2024-09-12 00:00:00查询终止日期：2024-09-12 18:06:54", header}
	for i, r := range rows {
		r["序号"] = fmt.Sprint(i + 1)
		lines = append(lines, strings.Join(r.under(header, " "), ","))
	}
	return strings.Join(append(lines, "#导出时间：2024-09-12 18:06:54"), "\n") + "\n"
}

// fund is a fund line, as tests look at it.
type fund struct {
	ID, Wallet, Account, Direction, Category, Order, Txn, Flow, At, Day, Amount, Balance, State, Type, Note string
	Line                                                                                                    int64
}

type reader func(context.Context, delimited.Input, func(arrow.Record) error) (*settlement.Statement, error)

// readFundsOf reads content with two workers; lines come in their order in the file.
func readFundsOf(t testing.TB, read reader, in delimited.Input) (*settlement.Statement, []fund, error) {
	t.Helper()
	if in.File == "" {
		in.File = "log.csv"
	}
	in.Index, in.Workers = 7, 2
	var mu sync.Mutex
	var funds []fund
	st, err := read(context.Background(), in, func(record arrow.Record) error {
		mu.Lock()
		defer mu.Unlock()
		var b settlement.FundLines
		if err := settlement.View(record, &b); err != nil {
			return err
		}
		for i := range b.Len() {
			funds = append(funds, fund{
				ID: b.ID[i].String(), Wallet: b.Wallet[i].String(), Account: b.Account.StringAt(i), Direction: b.Direction[i].String(), Category: b.Category[i].String(),
				Order: b.OrderNo.StringAt(i), Txn: b.ProviderTxnID.StringAt(i), Flow: b.FlowNo.StringAt(i), At: b.OccurredAt[i].String(), Day: b.SettledOn[i].String(),
				Amount: b.Amount[i].String(), Balance: amountText(b.Balance[i]), State: b.State[i].String(), Type: b.RawType.StringAt(i), Note: b.RawNote.StringAt(i), Line: b.Line[i],
			})
		}
		return nil
	})
	if st == nil {
		t.Fatal("no statement")
	}
	return st, funds, err
}

func amountText(a settlement.Amount) string {
	if a == settlement.NoAmount {
		return ""
	}
	return a.String()
}

func input(content []byte) delimited.Input {
	return delimited.Input{Stream: strings.NewReader(string(content)), Day: settlement.NoDay}
}

// acceptedLog reads a log that must be accepted and whose totals tie.
func acceptedLog(t testing.TB, content []byte) (*settlement.Statement, []fund) {
	t.Helper()
	st, funds, err := readFundsOf(t, ReadLog, input(content))
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	if len(st.Totals) != 4 || !allTie(st.Totals) || st.Rows != int64(len(funds)) {
		t.Fatalf("totals %+v of %d rows, %d lines", st.Totals, st.Rows, len(funds))
	}
	return st, funds
}

func hasNote(st *settlement.Statement, part string) bool {
	return strings.Contains(strings.Join(st.Notes, "\n"), part)
}
