package generate_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/settlement"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func writeDay(t *testing.T, o generate.Options) *generate.Key {
	t.Helper()
	return must[*generate.Key](t)(generate.Day(t.TempDir(), o))
}

func each(change func(*generate.Options)) generate.Options {
	o := generate.Defaults()
	o.Orders = 6000
	for c := range o.Cases {
		o.Cases[c] = generate.Count(20)
	}
	change(&o)
	return o
}

var variants = map[string]generate.Options{
	"as delivered today": each(func(o *generate.Options) {}),
	"legacy layout":      each(func(o *generate.Options) { o.WeChat.Legacy = true }),
	"SUCCESS and REFUND, gzip, BOM": each(func(o *generate.Options) {
		o.WeChat.Bills = []generate.BillType{generate.BillSuccess, generate.BillRefund}
		o.WeChat.Gzip, o.WeChat.BOM, o.WeChat.DocumentedTrailer = true, true, true
	}),
	"all three bills, legacy": each(func(o *generate.Options) {
		o.WeChat.Bills = []generate.BillType{generate.BillRefund, generate.BillAll, generate.BillSuccess}
		o.WeChat.Legacy = true
	}),
	"Alipay in parts, summary first, fees positive": each(func(o *generate.Options) {
		o.Alipay.PartRows, o.Alipay.SummaryFirst, o.Alipay.FeePositive = 700, true, true
	}),
	"Alipay returns fees, names wrongly flagged": each(func(o *generate.Options) {
		o.Alipay.FeeReturned, o.Alipay.NamesFlaggedUTF8 = true, true
	}),
	"escrow": each(func(o *generate.Options) {
		o.Extract.Escrow, o.Extract.SucceededAt = true, true
		o.Cases[generate.Unreleased], o.Cases[generate.RefundBeforeRelease] = generate.Count(20), generate.Count(40)
	}),
	"the third day": each(func(o *generate.Options) {
		o.Nth = 2
		o.Cases[generate.LaterRefund] = generate.Count(60)
	}),
	"least columns": each(func(o *generate.Options) {
		o.Extract = generate.Extract{}
		delete(o.Cases, generate.Combined)
		delete(o.Cases, generate.TwoPayments)
		delete(o.Cases, generate.ProviderNo)
	}),
}

// A reconciliation of the written files, by other code, finds exactly the
// planted breaks: every fault is one, no near-miss is.
func TestFilesHoldExactlyThePlantedBreaks(t *testing.T) {
	for name, o := range variants {
		t.Run(name, func(t *testing.T) { checkDay(t, writeDay(t, o)) })
	}
	t.Run("whatever is asked for", func(t *testing.T) {
		dir := t.TempDir()
		rapid.Check(t, func(t *rapid.T) {
			o := drawOptions(t)
			key := must[*generate.Key](t)(generate.Day(dir, o))
			checkDay(t, key)
			if o.FundFlow {
				checkFundFlow(t, key, o)
			}
		})
	})
}

func drawOptions(t *rapid.T) generate.Options {
	o := generate.Defaults()
	o.Seed = rapid.Uint64().Draw(t, "seed")
	o.Orders = rapid.IntRange(1, 400).Draw(t, "orders")
	o.Shops = rapid.IntRange(1, 60).Draw(t, "shops")
	o.RefundShare = settlement.Rate(rapid.IntRange(0, 1_000_000).Draw(t, "refunds"))
	o.WeChat.Rate = settlement.Rate(rapid.SampledFrom([]int{0, 2000, 5400, 6000, 10000}).Draw(t, "rate"))
	o.WeChat.Legacy = rapid.Bool().Draw(t, "legacy")
	if rapid.Bool().Draw(t, "two bills") {
		o.WeChat.Bills = []generate.BillType{generate.BillSuccess, generate.BillRefund}
	}
	o.Extract.Escrow = rapid.Bool().Draw(t, "escrow")
	o.Alipay.PartRows = rapid.IntRange(0, 30).Draw(t, "part")
	o.FundFlow = rapid.Bool().Draw(t, "fund flow")
	o.Nth = rapid.IntRange(0, 3).Draw(t, "day")
	left := o.Orders - 1
	for c := range generate.CaseWords {
		if c := generate.Case(c); !c.NeedsFundFlow() && (!c.NeedsEscrow() || o.Extract.Escrow) {
			delete(o.Cases, c)
			if n := rapid.IntRange(0, min(left, 12)).Draw(t, c.String()); n > 0 && c > generate.Plain && c <= generate.RefundBeforeRelease {
				o.Cases[c] = generate.Count(n)
				left -= n
			}
		}
	}
	return o
}

func checkDay(t reporter, key *generate.Key) {
	t.Helper()
	found, pairs := reconcileFiles(t, key.Files)
	planted := slices.Clone(key.Planted)
	for i := range planted {
		planted[i].Case = generate.Plain // the oracle cannot know
	}
	slices.SortFunc(planted, comparePlanted)
	if diff := cmp.Diff(planted, found); diff != "" {
		t.Errorf("planted (-) and found (+) breaks differ:\n%s", diff)
	}
	if pairs != key.Pairs() {
		t.Errorf("%d events have a line, the key says %d", pairs, key.Pairs())
	}
	if all := key.Pairs() + key.EventsMissing + key.EventsOpen + key.EventsNotExpected + key.EventsUnreleased; all != key.Events() {
		t.Errorf("the key counts %d events, but %d fates", key.Events(), all)
	}
	if all := key.LinesClaimed + key.LinesUnclaimed; all != key.Alipay.Lines()+key.WeChat.Lines() {
		t.Errorf("%d lines are claimed or not, but %d were written", all, key.Alipay.Lines()+key.WeChat.Lines())
	}
	checkAlipayTotals(t, key)
	for _, path := range slices.Concat(filesNamed(key.Files, ".csv"), filesNamed(key.Files, ".csv.gz")) {
		if strings.Contains(path, "_2024-09-12") && !strings.Contains(path, "fundflow") {
			checkWeChatTotals(t, path, key)
		}
	}
	if rows := len(parseExtract(t, filesNamed(key.Files, "orders.csv")[0]).rows); int64(rows) != key.OrderRows {
		t.Errorf("orders.csv has %d rows, the key says %d", rows, key.OrderRows)
	}
	if rows := len(parseExtract(t, filesNamed(key.Files, "refunds.csv")[0]).rows); int64(rows) != key.RefundRows {
		t.Errorf("refunds.csv has %d rows, the key says %d", rows, key.RefundRows)
	}
}

// checkAlipayTotals adds the rows up again: footers, 汇总, key.
func checkAlipayTotals(t reporter, key *generate.Key) {
	t.Helper()
	var payments, refunds int64
	columns := []string{"订单金额（元）", "商家实收（元）", "支付宝优惠（元）", "商家优惠（元）", "卡消费金额（元）", "服务费（元）", "分润（元）"}
	sums := map[string]settlement.Amount{}
	var paid, back settlement.Amount
	members := readZIP(t, filesNamed(key.Files, ".zip")[0])
	var summary *table
	for _, m := range members {
		f := parseAlipay(t, m.content)
		if strings.Contains(f.notes[0], "汇总") {
			summary = f
			continue
		}
		var n, r int64
		var received, returned, discounts, discountsBack settlement.Amount
		for _, row := range f.rows {
			for _, c := range columns {
				sums[c] += fen(t, row[c])
			}
			if row["业务类型"] == "退款\t" {
				r++
				returned += fen(t, row["商家实收（元）"])
				discountsBack += fen(t, row["商家优惠（元）"])
			} else {
				n++
				received += fen(t, row["商家实收（元）"])
				discounts += fen(t, row["商家优惠（元）"])
			}
		}
		want := []string{fmt.Sprintf("#交易合计：%d笔，商家实收共%s元，商家优惠共%s元", n, received, discounts),
			fmt.Sprintf("#退款合计：%d笔，商家实收退款共%s元，商家优惠退款共%s元", r, returned, discountsBack)}
		if diff := cmp.Diff(want, f.notes[len(f.notes)-3:len(f.notes)-1]); diff != "" {
			t.Errorf("rows (-) and footer (+) differ:\n%s", diff)
		}
		payments, refunds, paid, back = payments+n, refunds+r, paid+received, back+returned
	}
	if w := key.Alipay; w.Payments != payments || w.Refunds != refunds || w.Settled != paid || w.SettledBack != back ||
		w.Gross+w.Refunded != sums["订单金额（元）"] || w.Fees.Abs() != sums["服务费（元）"].Abs() {
		t.Errorf("the key's totals of Alipay are not those of the rows: %+v", w)
	}
	stores := map[string]settlement.Amount{}
	for i, row := range summary.rows {
		all := i == len(summary.rows)-1
		if all != (row["门店编号"] == "合计") {
			t.Errorf("row %d of the 汇总: 合计 is not the last and only one", i)
		}
		for _, c := range columns {
			if stores[c] += fen(t, row[c]); all && (fen(t, row[c]) != sums[c] || stores[c] != 2*sums[c]) {
				t.Errorf("汇总, %s: %s instead of %s", c, row[c], sums[c])
			}
		}
		if all && (row["交易订单总笔数"] != fmt.Sprint(payments) || row["退款订单总笔数"] != fmt.Sprint(refunds)) {
			t.Errorf("汇总 counts %s and %s instead of %d and %d", row["交易订单总笔数"], row["退款订单总笔数"], payments, refunds)
		}
	}
}

// checkWeChatTotals adds the columns of a bill up again: trailer, key.
func checkWeChatTotals(t reporter, path string, key *generate.Key) {
	t.Helper()
	f, trailer := parseWeChat(t, path)
	column := map[string]string{"应结订单总金额": "应结订单金额", "退款总金额": "退款金额", "充值券退款总金额": "充值券退款金额",
		"手续费总金额": "手续费", "订单总金额": "订单金额", "申请退款总金额": "申请退款金额",
		"总交易额": "总金额", "总退款金额": "退款金额", "总企业红包退款金额": "企业红包退款金额"}
	for name, stated := range trailer {
		var sum settlement.Amount
		for _, row := range f.rows {
			if text := row[column[name]]; text != "" {
				sum += fen(t, text)
			}
		}
		if name == "总交易单数" {
			if stated != fmt.Sprint(len(f.rows)) {
				t.Errorf("%s: %s rows are stated, %d there", path, stated, len(f.rows))
			}
		} else if fen(t, stated) != sum {
			t.Errorf("%s: %s: %s is stated, %s adds up", path, name, stated, sum)
		}
	}
	if !strings.Contains(path, "_ALL_") {
		return
	}
	if want := key.WeChat.Lines(); int64(len(f.rows)) != want {
		t.Errorf("%s: %d rows, the key says %d", path, len(f.rows), want)
	}
	if fees := fen(t, trailer["手续费总金额"]); fees != -key.WeChat.Fees {
		t.Errorf("%s: fees of %s, the key says %s", path, fees, key.WeChat.Fees)
	}
}

func TestCountsAreExactlyThoseAskedFor(t *testing.T) {
	o := generate.Defaults()
	o.Orders, o.FundFlow, o.Cases = 3000, true, map[generate.Case]generate.Frequency{}
	for c := generate.MissingInStatement; c <= generate.ProviderNo; c++ {
		o.Cases[c] = generate.Count(int(c))
	}
	key := writeDay(t, o)
	for c := generate.MissingInStatement; c <= generate.ProviderNo; c++ {
		if key.Cases[c] != int64(c) {
			t.Errorf("%s: %d planted, %d asked for", c, key.Cases[c], c)
		}
	}
	want := map[settlement.BreakKind]generate.Case{
		settlement.MissingInStatement: generate.MissingInStatement,
		settlement.MissingInOrders:    generate.MissingInOrders,
		settlement.AmountMismatch: generate.AmountMismatch + generate.AmountMismatchOfRefund + generate.AmountAndFeeVariance +
			generate.WalletAndAmountMismatch,
		settlement.StatusMismatch:   generate.StatusMismatch,
		settlement.WalletMismatch:   generate.WalletMismatch + generate.WalletAndAmountMismatch,
		settlement.DuplicatePayment: generate.DuplicatePayment,
		settlement.RefundMissingInStatement: generate.RefundMissingInStatement + generate.RefundMissingAndFee +
			generate.LaterRefundMissing + generate.RefundFailedAtWallet,
		settlement.RefundMissingInOrders: generate.RefundMissingInOrders + generate.LaterRefundUnlisted + generate.RevokedButPaid,
		settlement.RefundExceedsPayment:  generate.RefundExceedsPayment,
		settlement.FeeVariance: generate.FeeVariance + generate.FeeVarianceOfRefund +
			generate.AmountAndFeeVariance + generate.RefundMissingAndFee + generate.FeeRowMissing + generate.FeeRowTwice,
		settlement.SettlementMismatch: generate.MoneyRowMissing + generate.MoneyRowTwice + generate.MoneyRowShort,
		settlement.BalanceGap:         generate.BalanceOff,
	}
	for kind, n := range want {
		if key.CountOf(kind) != int64(n) {
			t.Errorf("%s: %d in the key instead of %d", kind, key.CountOf(kind), n)
		}
	}
}

func TestRatesAreSharesOfTheOrders(t *testing.T) {
	o := generate.Defaults()
	o.Orders, o.Cases = 2000, map[generate.Case]generate.Frequency{generate.NotPaid: generate.PerMillion(12_499)}
	if key := writeDay(t, o); key.Cases[generate.NotPaid] != 24 {
		t.Errorf("1.2499 %% of 2000 are 24, not %d", key.Cases[generate.NotPaid])
	}
}

func contents(t *testing.T, paths []string) (out [][]byte) {
	t.Helper()
	for _, path := range paths {
		out = append(out, []byte(filepath.Base(path)), must[[]byte](t)(os.ReadFile(path)))
	}
	return out
}

func TestEqualOptionsGiveEqualBytes(t *testing.T) {
	for name, o := range variants {
		t.Run(name, func(t *testing.T) {
			if !slices.EqualFunc(contents(t, writeDay(t, o).Files), contents(t, writeDay(t, o).Files), bytes.Equal) {
				t.Error("two days of equal options differ")
			}
		})
	}
	t.Run("the seed changes all files", func(t *testing.T) {
		o := variants["as delivered today"]
		one := contents(t, writeDay(t, o).Files)
		o.Seed++
		two := contents(t, writeDay(t, o).Files)
		for i := 1; i < len(one); i += 2 {
			if bytes.Equal(one[i], two[i]) {
				t.Errorf("%s did not change", one[i-1])
			}
		}
	})
}

func TestNothingButThePlantedIsNearMidnight(t *testing.T) {
	o := variants["as delivered today"]
	key := writeDay(t, o)
	open := 0
	for _, row := range parseExtract(t, filesNamed(key.Files, "orders.csv")[0]).rows {
		if !strings.HasPrefix(row["paid_at"], oracleDay) {
			continue
		}
		switch clock := row["paid_at"][11:]; {
		case clock < "00:30:00" || clock >= "23:30:00":
			open++
		case clock < "00:45:00" || clock >= "23:15:00":
			t.Errorf("%s is paid at %s", row["order_no"], clock)
		}
	}
	if want := key.Cases[generate.NearMidnight]; int64(open) != want {
		t.Errorf("%d orders near midnight, %d planted", open, want)
	}
}

func TestEmptyDayIsHeadersAndTrailers(t *testing.T) {
	o := generate.Defaults()
	o.Orders = 0
	key := writeDay(t, o)
	checkDay(t, key)
	if key.Events() != 0 || len(key.Planted) != 0 {
		t.Errorf("an empty day has %d events", key.Events())
	}
}

func TestUnusableOptionsAreRefusedAllAtOnce(t *testing.T) {
	o := generate.Defaults()
	o.Orders, o.Alipay.PID, o.WeChat.Bills, o.Extract.PaymentNo = 10, "2088", []generate.BillType{generate.BillSuccess}, false
	o.Cases = map[generate.Case]generate.Frequency{
		generate.Combined: generate.Count(5), generate.FeeVariance: generate.Count(5), generate.Unreleased: generate.Count(1)}
	_, err := generate.Day(t.TempDir(), o)
	if err == nil {
		t.Fatal("the options were accepted")
	}
	for _, want := range []string{"Alipay.PID", "needs ALL, or both SUCCESS and REFUND", "combined needs the column payment_no",
		"unreleased needs the escrow columns", "11 are planted, but one of the 10"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
}

func TestFailedDayLeavesNoFileOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, generate.RefundsFile), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := generate.Day(dir, generate.Sample()); err == nil || !strings.Contains(err.Error(), generate.RefundsFile) {
		t.Errorf("the error does not name the file: %v", err)
	}
	if entries := must[[]os.DirEntry](t)(os.ReadDir(dir)); len(entries) != 1 || !entries[0].IsDir() {
		t.Errorf("left behind: %v", entries)
	}
}

func TestSampleDayHasEveryKindAndNeverChanges(t *testing.T) {
	files := must[[]string](t)(generate.SampleDay(t.TempDir()))
	again := must[[]string](t)(generate.SampleDay(t.TempDir()))
	if !slices.EqualFunc(contents(t, files), contents(t, again), bytes.Equal) {
		t.Error("two sample days differ")
	}
	key := writeDay(t, generate.Sample())
	checkDay(t, key)
	for kind := settlement.MissingInStatement; kind <= settlement.FeeVariance; kind++ {
		if n := key.CountOf(kind); n < 1 || n > 3 {
			t.Errorf("%d breaks of kind %s", n, kind)
		}
	}
	crossWallet := 0
	for _, row := range parseExtract(t, filesNamed(files, "orders.csv")[0]).rows {
		if row["platform"] == "taobao" && row["wallet"] == "wechat" && row["home_wallet"] == "alipay" {
			crossWallet++
		}
	}
	if crossWallet == 0 {
		t.Error("no Taobao order is paid with WeChat Pay")
	}
	if key.OrderRows < 55 || key.OrderRows > 65 {
		t.Errorf("%d orders are not about 60", key.OrderRows)
	}
}
