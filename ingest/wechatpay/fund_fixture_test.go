package wechatpay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

const (
	fundHeader  = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号"
	fundSummary = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
	shareHeader = "分账时间,分账发起方,分账方,微信订单号,微信分账/回退单号,分账明细单号,商户分账/回退单号,订单金额,分账接收方,金额,业务类型,处理状态,备注"
)

// moved is a payment of 100.00 after which the account holds 1100.00, changed by
// pairs.
func moved(pairs ...string) fields {
	return fields{
		"记账时间": "2024-09-12 10:11:12", "微信支付业务单号": "4200002412202409121234567890", "资金流水单号": "4200002412202409121234567890",
		"业务名称": "交易", "业务类型": "交易", "收支类型": "收入", "收支金额(元)": "100.00", "账户结余(元)": "1100.00",
		"资金变更提交申请人": "system", "备注": "", "业务凭证号": "S20240912000001",
	}.with(pairs...)
}

// feeTaken is the fee of moved.
func feeTaken(pairs ...string) fields {
	return moved("业务类型", "扣除交易手续费", "收支类型", "支出", "收支金额(元)", "0.60", "账户结余(元)", "1099.40").with(pairs...)
}

// refunded is a refund of 50.00, net of the fee of 0.30 that comes back.
func refunded(pairs ...string) fields {
	return moved("记账时间", "2024-09-12 11:00:05", "微信支付业务单号", "50302412122024091298765432101", "资金流水单号", "4200009912202409121234567899",
		"业务名称", "退款", "业务类型", "退款", "收支类型", "支出", "收支金额(元)", "49.70", "账户结余(元)", "1049.70",
		"资金变更提交申请人", "1900000109API", "备注", "退款总金额50.00元;含手续费0.30元", "业务凭证号", "R20240912000001").with(pairs...)
}

// shared is a share of 10.00, changed by pairs.
func shared(pairs ...string) fields {
	return fields{
		"分账时间": "2024-09-12 12:00:00", "分账发起方": "1900000100", "分账方": "1900000109", "微信订单号": "4200002412202409121234567890",
		"微信分账/回退单号": "30000001202409121111", "分账明细单号": "36000001202409121111", "商户分账/回退单号": "P20240912000001", "订单金额": "100.00",
		"分账接收方": "某某", "金额": "10.00", "业务类型": "分账", "处理状态": "处理成功", "备注": "佣金, 九月",
	}.with(pairs...)
}

// fundFixture is a bill of fund lines that is put together for one test. The totals
// of a fund-flow bill are true unless the test states others.
type fundFixture struct {
	header, summary, values string
	rows                    []string
	end                     string
	counts                  map[string]int64
	sums                    map[string]settlement.Amount
}

func newFundBill(rows ...fields) *fundFixture {
	b := &fundFixture{header: fundHeader, summary: fundSummary, end: "\r\n", counts: map[string]int64{}, sums: map[string]settlement.Amount{}}
	return b.add(rows...)
}

func newShareBill(rows ...fields) *fundFixture {
	b := &fundFixture{header: shareHeader, end: "\r\n", counts: map[string]int64{}, sums: map[string]settlement.Amount{}}
	return b.add(rows...)
}

func (b *fundFixture) add(rows ...fields) *fundFixture {
	for _, f := range rows {
		var values []string
		for _, name := range strings.Split(b.header, ",") {
			values = append(values, "`"+f[strings.NewReplacer("（", "(", "）", ")").Replace(name)])
		}
		b.rows = append(b.rows, strings.Join(values, ","))
		v, _ := settlement.ParseAmount([]byte(f["收支金额(元)"]))
		b.counts[f["收支类型"]]++
		b.sums[f["收支类型"]] += v
	}
	return b
}

// under puts the bill's rows under another header.
func (b *fundFixture) under(header string) *fundFixture {
	b.header = header
	return b
}

func (b *fundFixture) trueValues() string {
	return fmt.Sprintf("`%d,`%d,`%s,`%d,`%s", b.counts["收入"]+b.counts["支出"], b.counts["收入"], b.sums["收入"], b.counts["支出"], b.sums["支出"])
}

func (b *fundFixture) text() string {
	lines := append([]string{b.header}, b.rows...)
	if b.summary != "" {
		values := b.values
		if values == "" {
			values = b.trueValues()
		}
		lines = append(lines, b.summary, values)
	}
	return strings.Join(lines, b.end) + b.end
}

// named is a bill under a name.
func named(name, text string) delimited.Input {
	in := input(text)
	in.File = name
	return in
}

// ownFundName is a name that tells account, purse and day of the fixtures.
const ownFundName = "1900000109_fundflow_BASIC_2024-09-12.csv"

type fundReader func(context.Context, delimited.Input, func(arrow.Record) error) (*settlement.Statement, error)

// readFunds gathers a bill's fund lines by line number.
func readFunds(read fundReader, in delimited.Input) (*settlement.FundLines, *settlement.Statement, error) {
	var mu sync.Mutex
	var all settlement.FundLines
	statement, err := read(context.Background(), in, func(record arrow.Record) error {
		mu.Lock()
		defer mu.Unlock()
		var lines settlement.FundLines
		if err := settlement.View(record, &lines); err != nil {
			return err
		}
		settlement.AppendAll(&all, &lines)
		return nil
	})
	order := make([]int32, all.Len())
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return int(all.Line[a] - all.Line[b]) })
	var sorted settlement.FundLines
	settlement.AppendRows(&sorted, &all, order)
	return &sorted, statement, err
}

func acceptFunds(t *testing.T, read fundReader, in delimited.Input) (*settlement.FundLines, *settlement.Statement) {
	t.Helper()
	lines, statement, err := readFunds(read, in)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return lines, statement
}

// refuseFunds reads a bill that must be refused, with an error that contains each of
// the texts.
func refuseFunds(t *testing.T, read fundReader, in delimited.Input, texts ...string) {
	t.Helper()
	_, statement, err := readFunds(read, in)
	var refusal *settlement.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("not refused: statement %+v, error %v", statement, err)
	}
	if refusal.Statement == nil || refusal.Statement.Wallet != settlement.WeChat {
		t.Errorf("the refusal does not tell the statement: %+v", refusal.Statement)
	}
	for _, text := range texts {
		if !strings.Contains(refusal.Error(), text) {
			t.Errorf("the refusal does not say %q:\n%v", text, refusal)
		}
	}
}

// fundCells prints every row of lines on one line, all columns.
func fundCells(lines *settlement.FundLines) string {
	record := settlement.Record(lines)
	defer record.Release()
	var out bytes.Buffer
	for i := range lines.Len() {
		for c := range int(record.NumCols()) {
			fmt.Fprintf(&out, "%s=%s ", record.ColumnName(c), record.Column(c).ValueStr(i))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// holdFunds checks what is true of every accepted bill of fund lines.
func holdFunds(t *testing.T, lines *settlement.FundLines, s *settlement.Statement) {
	t.Helper()
	var sums [6]settlement.KindSum
	for i := range lines.Len() {
		sum := &sums[lines.Direction[i]]
		sum.Rows++
		sum.Gross += lines.Amount[i]
		if lines.Amount[i] > 0 && lines.Direction[i] != settlement.Income || lines.Amount[i] < 0 && lines.Direction[i] != settlement.Expense {
			t.Errorf("line %d: %s of direction %s", lines.Line[i], lines.Amount[i], lines.Direction[i])
		}
		if lines.Category[i] == settlement.NoCategory || lines.State[i] == settlement.NoFundState || len(lines.FlowNo.At(i)) == 0 {
			t.Errorf("line %d: category %q, state %q, flow number %q", lines.Line[i], lines.Category[i], lines.State[i], lines.FlowNo.At(i))
		}
	}
	if s.Rows != int64(lines.Len()) || s.KindSums != sums {
		t.Errorf("%d rows and %v stated, %d and %v emitted", s.Rows, s.KindSums, lines.Len(), sums)
	}
	for _, total := range s.Totals {
		computed := int64(0)
		for kind, sum := range sums {
			switch {
			case !total.Measure.Has(settlement.Kind(kind)):
			case total.Measure.Column == "rows":
				computed += sum.Rows
			default:
				computed += int64(sum.Gross)
			}
		}
		if total.Measure.Negate {
			computed = -computed
		}
		if !total.Ties() || computed != total.Computed {
			t.Errorf("%s: stated %d, computed %d, from the lines %d", total.Name, total.Stated, total.Computed, computed)
		}
	}
}
