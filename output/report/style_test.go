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
		"80.00 was expected at 2024-09-12 10:00:00, but the statements of alipay for that time do not show it":                                            "应于 2024-09-12 10:00:00 收到 80.00，但支付宝该时段的账单没有这笔",
		"the order says 79.80, alipay says 113.94: 34.14 more":                                                                                            "订单为 79.80，支付宝为 113.94：多 34.14",
		"the order is unpaid, so no money is expected, but wechat received 5.00":                                                                          "订单未付款，不应有收款，而微信支付收到 5.00",
		"likely: the line 2200 (alipay) at 2024-09-12 10:00:00 has this amount and misses its counterpart too; else: refund the payment that is too much": "很可能是 2024-09-12 10:00:00 的账单行 2200（支付宝）：金额相同，也缺对方；否则：退还多收的一笔",
		"2.00 × 0.60% = 0.012, rounded to 0.01 expected, 0.02 charged; exactly twice":                                                                     "2.00 × 0.60% = 0.012，应收 0.01，实收 0.02；恰为两倍",
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
