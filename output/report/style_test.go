package report

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"reconcile/output"
	"reconcile/output/overview"
	"reconcile/output/words"
	"reconcile/settlement"
)

// palettes are the colours of the light theme and of both declarations of the dark one.
func palettes(t *testing.T) (found []map[string]string) {
	t.Helper()
	colour := regexp.MustCompile(`--([a-z-]+):\s*(#[0-9a-f]{6})`)
	for _, block := range regexp.MustCompile(`(?s)\{[^{}]*--ink:[^{}]*\}`).FindAllString(styles, -1) {
		colours := map[string]string{}
		for _, m := range colour.FindAllStringSubmatch(block, -1) {
			colours[m[1]] = m[2]
		}
		found = append(found, colours)
	}
	if len(found) != 3 {
		t.Fatalf("%d palettes", len(found))
	}
	return found
}

// luminance is WCAG's relative luminance of a colour.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	var parts [3]float64
	for i := range parts {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			parts[i] = c / 12.92
		} else {
			parts[i] = math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*parts[0] + 0.7152*parts[1] + 0.0722*parts[2]
}

func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestTextCanBeReadInBothThemes(t *testing.T) {
	for theme, p := range palettes(t) {
		for _, ground := range []string{"bg", "card", "soft"} {
			for _, text := range []string{"ink", "muted", "accent", "good", "bad", "warn"} {
				if c := contrast(t, p[text], p[ground]); c < 4.5 {
					t.Errorf("palette %d: %s on %s: %.2f to 1", theme, text, ground, c)
				}
			}
			// What is drawn must be told from its ground.
			for _, drawn := range []string{"fill", "short", "over", "sum"} {
				if c := contrast(t, p[drawn], p[ground]); c < 3 {
					t.Errorf("palette %d: %s on %s: %.2f to 1", theme, drawn, ground, c)
				}
			}
		}
		for _, pair := range [][2]string{{"good", "good-bg"}, {"bad", "bad-bg"}, {"warn", "warn-bg"}, {"ink", "warn-bg"}, {"accent", "warn-bg"}} {
			if c := contrast(t, p[pair[0]], p[pair[1]]); c < 4.5 {
				t.Errorf("palette %d: %s on %s: %.2f to 1", theme, pair[0], pair[1], c)
			}
		}
	}
}

func TestTheDarkThemeOfTheSystemIsThatOfTheSwitch(t *testing.T) {
	p := palettes(t)
	if fmt.Sprint(p[1]) != fmt.Sprint(p[2]) {
		t.Errorf("%v\n%v", p[1], p[2])
	}
	for name := range p[0] {
		if p[1][name] == "" {
			t.Errorf("no dark %s", name)
		}
	}
}

func TestThePolicyIsOfThePagesOwnStyleAndScript(t *testing.T) {
	var b strings.Builder
	v := &overview.Overview{Manifest: &output.Manifest{}}
	v.Day = settlement.NoDay
	if err := Write(&b, v, English); err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"style", "script"} {
		m := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(b.String(), -1)
		if len(m) != 1 {
			t.Fatalf("%d of %s", len(m), tag)
		}
		sum := sha256.Sum256([]byte(m[0][1]))
		if want := tag + "-src &#39;sha256-" + strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;"); !strings.Contains(b.String(), want) {
			t.Errorf("the policy has no %s", want)
		}
	}
	if !strings.Contains(b.String(), "default-src &#39;none&#39;") || strings.Contains(b.String(), "unsafe") {
		t.Error("the policy lets the page load something")
	}
}

// spoken are the texts that the templates and the sources say.
func spoken(t *testing.T) map[string]bool {
	t.Helper()
	texts := map[string]bool{}
	take := func(source, pattern string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(source, -1) {
			texts[m[1]] = true
		}
	}
	for _, source := range []string{pageText, sectionsText} {
		take(source, `[{(]\s*tf? "((?:[^"\\]|\\.)*)"`)
		take(source, `\(t "((?:[^"\\]|\\.)*)"`)
	}
	for _, file := range []string{"view.go", "charts.go", "text.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		take(string(source), `\b(?:say|sayf|of)\("([^"]*)"`)
	}
	for _, row := range overview.RollRows() {
		if row.Name != "computed closing" && row.Name != "closing, by the file" && row.Name != "unexplained" {
			texts[row.Name] = true
		}
	}
	for _, name := range []string{"gross", "refunds", "coupons, not settled", "fees", "net", "platform fees", "withdrawal fees", "left after all fees"} {
		texts[name] = true
	}
	return texts
}

func TestEverythingThatThePageSaysHasChinese(t *testing.T) {
	texts := spoken(t)
	for text := range texts {
		if inChinese[text] == "" {
			t.Errorf("no Chinese for %q", text)
		}
		if strings.Count(text, "%s") != strings.Count(inChinese[text], "%s") {
			t.Errorf("%q and %q take other values", text, inChinese[text])
		}
	}
	for text := range inChinese {
		if !texts[text] {
			t.Errorf("%q is said nowhere", text)
		}
	}
}

// inBoth are a word's English and Chinese, "" where the page would show it as it is.
func inBoth(word string) (en, zh string) {
	if w, ok := own[word]; ok {
		return w[0], w[1]
	}
	en, _ = words.English(word)
	zh, _ = words.Chinese(word)
	return en, zh
}

func TestEveryWordOfTheTablesHasBothLanguages(t *testing.T) {
	for _, list := range [][]string{settlement.WalletWords, settlement.BreakWords, settlement.KnownByWords, settlement.WithdrawalStatusWords, settlement.KindWords[:settlement.Income], overview.Ages[:]} {
		for _, word := range list {
			if en, zh := inBoth(word); word != "" && (en == "" || zh == "") {
				t.Errorf("no words for %q", word)
			}
		}
	}
	for _, kind := range []settlement.StatementKind{settlement.TradeBill, settlement.TradeBillSuccess, settlement.TradeBillRefund, settlement.TradeSummary, settlement.FundBill,
		settlement.AccountLog, settlement.AccountSummary, settlement.PortalFunds, settlement.PortalTrades, settlement.AggregatedFunds, settlement.ProfitShareBill,
		settlement.BankStatement, settlement.OrderExtract, settlement.RefundExtract} {
		if _, zh := inBoth(string(kind)); zh == "" {
			t.Errorf("no words for %q", kind)
		}
	}
}

func TestReasonsAreToldInChinese(t *testing.T) {
	for english, want := range map[string]string{
		"80.00 was expected at 2024-09-12 10:00:00, but the statements of alipay for that time do not show it":                                                   "应于 2024-09-12 10:00:00 收到 80.00，但支付宝该时段的账单没有这笔",
		"the order says 79.80, alipay says 113.94: 34.14 more":                                                                                                   "订单为 79.80，支付宝为 113.94：多 34.14",
		"the order is unpaid, so no money is expected, but wechat received 5.00":                                                                                 "订单未付款，不应有收款，而微信支付收到 5.00",
		"likely: the line 2200 (alipay) at 2024-09-12 10:00:00 has this amount and misses its counterpart too; else: refund the payment that is too much":        "很可能是 2024-09-12 10:00:00 的账单行 2200（支付宝）：金额相同，也缺对方；否则：退还多收的一笔",
		"2.00 × 0.60% = 0.012, rounded to 0.01 expected, 0.02 charged; exactly twice":                                                                            "2.00 × 0.60% = 0.012，应收 0.01，实收 0.02；恰为两倍",
		"ambiguous: 3 listed refunds of 5.00 within a day of it miss their counterpart, the nearest is R 1 at 2024-09-12 10:00:00":                               "不能确定：一天之内有 3 笔 5.00 的退款单缺对方，最近的是 2024-09-12 10:00:00 的 R 1",
		"the trade bill settles 2.00, the fund flow books it 2 times (flow number 77 of 2.00, 78 of 2.00, and 3 more)":                                           "交易账单结算 2.00，资金账单入账 2 次（流水号 77（2.00），78（2.00），另有 3 笔）",
		"the trade bill settles 2.00, the fund flow books it and takes it back":                                                                                  "交易账单结算 2.00，资金账单入账后又冲回",
		"9.00 withdrawn on 2024-09-12, the bank credits 8.99 on 2024-09-13 (B1, B2 of account 6222); less the fee it would be 8.90":                              "2024-09-12 提现 9.00，银行于 2024-09-13 入账 8.99（账户 6222，流水 B1，B2）；扣除手续费应为 8.90",
		"waits for bank statements: 2024-09-12 to 2024-09-13, 2024-09-15 of 6222; 2024-09-14 of 6228":                                                            "待银行对账单：6222 的 2024-09-12 至 2024-09-13，2024-09-15；6228 的 2024-09-14",
		"basic: 账户结余 is 5.00 where 6.00 follows from the row before":                                                                                             "基本账户：账户结余为 5.00，按上一行应为 6.00",
		"the day begins with 5.00 (f.csv:3), but 2024-09-11 ended with 6.00; the fund flow of 2024-09-10 to 2024-09-11 is missing: what moved then is not known": "当日期初为 5.00（f.csv:3），而 2024-09-11 期末为 6.00；缺少 2024-09-10 至 2024-09-11 的资金账单，其间变动不明",
		"two files show another balance before the first row of the day: a.csv:2 says 1.00, b.csv:2 says 2.00":                                                   "两个文件所示余额不一（当日首行之前）：a.csv:2 为 1.00，b.csv:2 为 2.00",
		"1.00 × 0.60% = 0.006, rounded to 0.01, limited to 0.00 (what is still held of the payment's fee) expected back, 0.00 returned (contract: mine)":         "1.00 × 0.60% = 0.006，取整为 0.01，应退以原支付手续费的余额 0.00 为限，实退 0.00（合同：mine）",
		"100.00 × 0.60% = 0.60 expected, 0.00 charged (assumed: alipay_acquiring_standard)":                                                                      "应收 100.00 × 0.60% = 0.60，实收 0.00（假定：alipay_acquiring_standard）",
		"a refund with status failed settles nothing: no rule gives an expectation for 3.00, the bill does not say what was charged":                             "状态为失败的退款不结算：没有规则可据以计算 3.00 的应收，账单未列实收",
		"withdrawal of 100.00: 0.10 expected, 0.20 charged (contract: mine); 100.00 − 0.00 free quota = 100.00":                                                  "提现 100.00：应收 0.10，实收 0.20（合同：mine）；100.00 − 免费额度 0.00 = 100.00",
		"something else": "something else",
	} {
		if got := reasonInChinese(english); got != want {
			t.Errorf("%s\n got %s\nwant %s", english, got, want)
		}
	}
}

func TestShares(t *testing.T) {
	for _, c := range []struct {
		part, whole int64
		want        string
	}{{999_999, 1_000_000, "99.99%"}, {1, 1, "100.00%"}, {0, 5, "0.00%"}, {2, 3, "66.66%"}, {1 << 62, 1 << 62, "100.00%"}} {
		if got := string(share(c.part, c.whole)); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.part, c.whole, got, c.want)
		}
	}
	for _, c := range []struct {
		cost, base settlement.Amount
		want       string
	}{{60, 100_00, "0.600%"}, {5, 1000_00, "0.005%"}, {100_00, 100_00, "100.000%"}} {
		if got := string(rate(c.cost, c.base)); got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.cost, c.base, got, c.want)
		}
	}
}
