package generate_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/settlement"

	"github.com/google/go-cmp/cmp"
)

// movements is what an account's bill says, added up by other code than wrote it.
type movements struct {
	byTrade           map[string]settlement.Amount // by payment or refund; payouts under ""
	opening, closing  settlement.Amount
	rows, in, out     int
	income, expense   settlement.Amount // magnitudes
	flows             map[string]bool
	payouts, feesBack int
}

func newMovements() *movements {
	return &movements{byTrade: map[string]settlement.Amount{}, flows: map[string]bool{}}
}

// add adds a row and holds it to the balance before it.
func (m *movements) add(t reporter, flow, trade string, amount, balance settlement.Amount) {
	t.Helper()
	if m.flows[flow] || flow == "" {
		t.Errorf("flow number %q: missing or seen before", flow)
	}
	m.flows[flow] = true
	if m.rows == 0 {
		m.opening = balance - amount
	} else if m.closing+amount != balance {
		t.Errorf("flow %s: the balance is %s after %s and %s", flow, balance, m.closing, amount)
	}
	m.closing = balance
	m.rows++
	m.byTrade[trade] += amount
	if amount > 0 {
		m.in++
		m.income += amount
	} else {
		m.out++
		m.expense -= amount
	}
}

var refundNote = regexp.MustCompile(`^退款总金额(\d+\.\d\d)元;含手续费(\d+\.\d\d)元$`)

func readWeChatFund(t reporter, path string) *movements {
	t.Helper()
	f, trailer := parseWeChat(t, path)
	if len(f.header) != 11 {
		t.Fatalf("%d columns", len(f.header))
	}
	m := newMovements()
	for _, row := range f.rows {
		amount := fen(t, row["收支金额(元)"])
		if amount < 0 {
			t.Errorf("收支金额 is negative: %v", row)
		}
		if row["收支类型"] == "支出" {
			amount = -amount
		}
		trade := row["微信支付业务单号"]
		switch row["业务类型"] {
		case "提现", "充值":
			trade = ""
			m.payouts++
		case "退款":
			note := refundNote.FindStringSubmatch(row["备注"])
			if note == nil || -amount != fen(t, note[1])-fen(t, note[2]) {
				t.Errorf("%s is not what the note says: %q", amount, row["备注"])
			} else if note[2] != "0.00" {
				m.feesBack++
			}
		case "交易", "扣除交易手续费", "退款关闭":
		default:
			t.Errorf("业务类型 %q", row["业务类型"])
		}
		m.add(t, row["资金流水单号"], trade, amount, fen(t, row["账户结余(元)"]))
	}
	want := map[string]string{"资金流水总笔数": fmt.Sprint(m.rows), "收入笔数": fmt.Sprint(m.in), "收入金额": m.income.String(),
		"支出笔数": fmt.Sprint(m.out), "支出金额": m.expense.String()}
	if diff := cmp.Diff(want, trailer); diff != "" {
		t.Errorf("rows (-) and summary (+) differ:\n%s", diff)
	}
	return m
}

// wechatTrades is what each payment and refund of a trade bill moves.
func wechatTrades(t reporter, path string, into map[string]settlement.Amount) {
	f, _ := parseWeChat(t, path)
	of := func(row map[string]string, names ...string) (sum settlement.Amount) {
		for _, name := range names {
			if text := row[name]; text != "" {
				sum += fen(t, text)
			}
		}
		return sum
	}
	for _, row := range f.rows {
		fee := of(row, "手续费")
		switch state := row["交易状态"] + row["退款状态"]; {
		case row["交易状态"] == "SUCCESS":
			into[row["微信订单号"]] += of(row, "应结订单金额", "总金额") - fee
		case strings.HasSuffix(state, "FAIL"): // never booked
		case strings.HasSuffix(state, "CHANGE"):
			into[row["微信退款单号"]] += 0 // booked and taken back
		case row["交易状态"] == "REVOKED":
			into[row["微信订单号"]] += -of(row, "退款金额") - fee
		default:
			into[row["微信退款单号"]] += -of(row, "退款金额") - fee
		}
	}
}

var feeNote = regexp.MustCompile(`^服务费(退回\((\d{28})\)|\[(\d{28})\])$`)

func readAlipayLog(t reporter, path string) *movements {
	t.Helper()
	members := readZIP(t, path)
	f, summary := parseAlipay(t, members[0].content), parseAlipay(t, members[1].content)
	if len(members) != 2 || len(f.header) != 12 {
		t.Fatalf("%d members, %d columns", len(members), len(f.header))
	}
	m, byType := newMovements(), map[string]settlement.Amount{}
	for _, row := range f.rows {
		in, out := fen(t, row["收入金额（+元）"]), fen(t, row["支出金额（-元）"])
		if in < 0 || out > 0 || in != 0 && out != 0 {
			t.Errorf("neither income nor expense: %v", row)
		}
		trade := strings.TrimRight(row["业务流水号"], "\t")
		switch kind := row["业务类型"]; kind {
		case "提现", "转账":
			trade = ""
			m.payouts++
		case "收费":
			if note := feeNote.FindStringSubmatch(row["备注"]); note == nil || note[2]+note[3] != trade || (note[2] != "") != (in > 0) {
				t.Errorf("a fee of %s with the note %q", trade, row["备注"])
			} else if in > 0 {
				m.feesBack++
			}
		case "在线支付", "交易付款":
			if taobao := strings.HasPrefix(row["商户订单号"], "T200P"); in == 0 || taobao != (kind == "交易付款") {
				t.Errorf("no payment: %v", row)
			}
		case "交易退款":
		default:
			t.Errorf("业务类型 %q", kind)
		}
		byType[row["业务类型"]] += in + out
		m.add(t, strings.TrimRight(row["账务流水号"], "\t"), trade, in+out, fen(t, row["账户余额（元）"]))
	}
	want := []string{fmt.Sprintf("#支出合计：%d笔，共%s元", m.out, -m.expense), fmt.Sprintf("#收入合计：%d笔，共%s元", m.in, m.income)}
	if diff := cmp.Diff(want, f.notes[len(f.notes)-3:len(f.notes)-1]); diff != "" {
		t.Errorf("rows (-) and footer (+) differ:\n%s", diff)
	}
	byType["合计"] = m.income - m.expense
	stated := map[string]settlement.Amount{}
	for _, row := range summary.rows {
		stated[row["类型"]] = fen(t, row["总金额（元）"])
	}
	if diff := cmp.Diff(byType, stated); diff != "" {
		t.Errorf("rows (-) and 汇总 (+) differ:\n%s", diff)
	}
	return m
}

func alipayTrades(t reporter, path string, feePositive bool) map[string]settlement.Amount {
	trades := map[string]settlement.Amount{}
	for _, m := range readZIP(t, path) {
		f := parseAlipay(t, m.content)
		if strings.Contains(f.notes[0], "汇总") {
			continue
		}
		for _, row := range f.rows {
			fee := fen(t, row["服务费（元）"])
			if feePositive {
				fee = -fee
			}
			trades[strings.TrimRight(row["支付宝交易号"], "\t")] += fen(t, row["商家实收（元）"]) + fee
		}
	}
	return trades
}

// checkFundFlow holds the accounts' bills to the trade bills of the same day: each
// payment and refund moved what its trade bill says, and nothing else moved but
// the payout.
func checkFundFlow(t reporter, key *generate.Key, o generate.Options) {
	t.Helper()
	const opening = settlement.Amount(200_000_000)
	bills := map[string]settlement.Amount{}
	for _, path := range slices.Concat(filesNamed(key.Files, ".csv"), filesNamed(key.Files, ".csv.gz")) {
		all := slices.Contains(o.WeChat.Bills, generate.BillAll)
		if strings.Contains(path, "_ALL_") || !all && (strings.Contains(path, "_SUCCESS_") || strings.Contains(path, "_REFUND_")) {
			wechatTrades(t, path, bills)
		}
	}
	fund := slices.Concat(filesNamed(key.Files, "_fundflow_BASIC_2024-09-12.csv"), filesNamed(key.Files, "_fundflow_BASIC_2024-09-12.csv.gz"))
	for name, pair := range map[string]struct {
		moved *movements
		bills map[string]settlement.Amount
	}{
		"WeChat Pay": {readWeChatFund(t, fund[0]), bills},
		"Alipay":     {readAlipayLog(t, filesNamed(key.Files, "_账务明细.csv.zip")[0]), alipayTrades(t, filesNamed(key.Files, "0912.csv.zip")[0], o.Alipay.FeePositive)},
	} {
		payout := pair.moved.byTrade[""]
		delete(pair.moved.byTrade, "")
		if diff := cmp.Diff(pair.bills, pair.moved.byTrade); diff != "" {
			t.Errorf("%s: trade bill (-) and account (+) differ:\n%s", name, diff)
		}
		var earned settlement.Amount
		for amount := range maps.Values(pair.bills) {
			earned += amount
		}
		if payout != -earned || pair.moved.rows > 0 && (pair.moved.opening != opening || pair.moved.closing != opening) {
			t.Errorf("%s: %s were earned, %s paid out; the balance went from %s to %s", name, earned, payout, pair.moved.opening, pair.moved.closing)
		}
		if pair.moved.payouts > 1 {
			t.Errorf("%s: %d payouts", name, pair.moved.payouts)
		}
	}
}

func TestFundFlowMovesWhatTheTradeBillsSay(t *testing.T) {
	for name, o := range variants {
		t.Run(name, func(t *testing.T) {
			o.FundFlow = true
			checkFundFlow(t, writeDay(t, o), o)
		})
	}
	t.Run("a day without a purchase moves nothing", func(t *testing.T) {
		o := generate.Defaults()
		o.Orders, o.FundFlow = 0, true
		checkFundFlow(t, writeDay(t, o), o)
	})
}

func TestFundFlowNamesTheFeesThatCameBack(t *testing.T) {
	o := variants["Alipay returns fees, names wrongly flagged"]
	o.FundFlow = true
	key := writeDay(t, o)
	if m := readAlipayLog(t, filesNamed(key.Files, "_账务明细.csv.zip")[0]); m.feesBack == 0 || m.payouts != 1 {
		t.Errorf("Alipay: %d fees came back, %d payouts", m.feesBack, m.payouts)
	}
	if m := readWeChatFund(t, filesNamed(key.Files, "_fundflow_BASIC_2024-09-12.csv")[0]); m.feesBack == 0 || m.payouts != 1 {
		t.Errorf("WeChat Pay: %d fees came back, %d payouts", m.feesBack, m.payouts)
	}
}

func TestFundFlowRowsByteForByte(t *testing.T) {
	o := generate.Sample()
	o.FundFlow = true
	key := writeDay(t, o)
	wechat := string(contents(t, filesNamed(key.Files, "_fundflow_BASIC_2024-09-12.csv"))[1])
	lines := strings.Split(wechat, "\r\n")
	for i, want := range []string{
		"^记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额\\(元\\),账户结余\\(元\\),资金变更提交申请人,备注,业务凭证号$",
		"^`2024-09-12 \\d\\d:\\d\\d:\\d\\d,`4200\\d{24},`1600123456202409120\\d{13},`交易,`交易,`收入,`\\d+\\.\\d\\d,`\\d+\\.\\d\\d,`system,`,`\\w+$",
		"^`2024-09-12 \\d\\d:\\d\\d:\\d\\d,`4200\\d{24},`1600123456202409121\\d{13},`交易,`扣除交易手续费,`支出,`\\d+\\.\\d\\d,`\\d+\\.\\d\\d,`system,`,`\\w+$",
	} {
		if !regexp.MustCompile(want).MatchString(lines[i]) {
			t.Errorf("line %d is %q", i+1, lines[i])
		}
	}
	last := lines[len(lines)-4]
	if !strings.HasPrefix(last, "`2024-09-12 23:59:30,`1600123456202409123") || !strings.Contains(last, ",`充值/提现,`提现,`支出,`") {
		t.Errorf("the last row is %q", last)
	}
	for _, m := range readZIP(t, filesNamed(key.Files, "_账务明细.csv.zip")[0])[:1] {
		text := decoded(t, m.content)
		head := "#支付宝账务明细查询\r\n#账号：[20886012345678900156]\r\n#起始日期：[2024年09月12日 00:00:00]   终止日期：[2024年09月13日 00:00:00]\r\n" +
			"#-----------------------------------------账务明细列表----------------------------------------\r\n账务流水号,业务流水号,商户订单号,"
		if !strings.HasPrefix(text, head) {
			t.Errorf("the log begins %.300q", text)
		}
		row := regexp.MustCompile("\r\n20240912[01]\\d{13}\t,2024\\d{24}\t,\\w+\t,[^,]+\t,2024-09-12 \\d\\d:\\d\\d:\\d\\d,\\*.\\(1\\d\\d\\*{4}\\d{4}\\)\t,\\d+\\.\\d\\d,0\\.00,\\d+\\.\\d\\d,支付宝,(在线支付|交易付款),\r\n")
		if !row.MatchString(text) {
			t.Errorf("no row of a payment in\n%.900s", text)
		}
	}
}
