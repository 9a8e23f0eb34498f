package settlement

import (
	"testing"

	"pgregory.net/rapid"
)

// TestMessagesShowFiguresAndNoPersons: what is wrong with an amount, a time or a number is
// seen; who stands in the cell is not.
func TestMessagesShowFiguresAndNoPersons(t *testing.T) {
	for text, want := range map[string]string{
		"1.-5":                   "1.-5",
		"1e2":                    "1e2",
		"1E+2":                   "1E+2",
		"１２":                     "１２",
		"1,000.00":               "1,000.00",
		" 1":                     " 1",
		"12.30元":                 "12.30元",
		"￥5":                     "￥5",
		"2024-02-30 25:00:00":    "2024-02-30 25:00:00",
		"2024-09-12T08:30:00Z":   "2024-09-12T08:30:00Z",
		"2200012457981263222":    "2200012457981263222",
		"S20240912000001":        "S20240912000001",
		"PO-17":                  "PO-17",
		"张三丰":                    "***",
		"Zhang San":              "***** ***",
		"oUpF8uMuAJO_M2pxb1Q9":   "****8******_*2***1*9",
		"buyer@example.com":      "*****@*******.***",
		"13800138000":            "***********",
		"138 0013 8000":          "*** **** ****",
		"+86-13800138000":        "***-***********",
		"0571-88888888":          "****-********",
		"浙江省杭州市文三路138号":          "*********138*",
		"11010519491231002X":     "******************",
		"6222021234567890128":    "*******************",
		"“张三”, 12.30":            "“**”, 12.30",
		"123456789012345678":     "123456789012345678",
		"4200001122334455667788": "4200001122334455667788",
	} {
		if got := Masked(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

// TestUnknownWordsAreShown: they are what the configuration must map.
func TestUnknownWordsAreShown(t *testing.T) {
	for text, want := range map[string]string{
		"已付定金": "已付定金", "SUCCESS": "SUCCESS", "USD": "USD", "": "", "TRADE_CLOSED": "TRADE_CLOSED", "partially_paid": "partially_paid",
		"等待买家付款": "等待买家付款", "13800138000": "***********", "a@b.cn": "*@*.**", "oUpF8uMuAJO9M2pxb1Q9": "****8******9*2***1*9",
		"张三丰": "***", "李成功": "***", "zhangsan": "********", "ZHANG SAN": "***** ***", "杭州市": "***",
	} {
		if got := MaskedWord(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

// TestWordsOfKindsAreShownAndNobodyInTheirColumn: a column of kinds holds an open list of
// words, and what slipped into it.
func TestWordsOfKindsAreShownAndNobodyInTheirColumn(t *testing.T) {
	for text, want := range map[string]string{
		"在线支付": "在线支付", "扣除交易手续费": "扣除交易手续费", "充值/提现": "充值/提现", "": "", "理财申购": "理财申购", "商家转账": "商家转账", "运费险": "运费险",
		"0030130|软件服务费": "0030130|软件服务费", "转账给孙七": "*****", "王小明": "***", "CanaryPat": "*********", "13912345678": "***********",
		"pat@example.com": "***@*******.***", "6228480402564890018": "*******************",
	} {
		if got := string(PublicWord([]byte(text))); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestNotesKeepNumbersOfOrders(t *testing.T) {
	for text, want := range map[string]string{
		"订单2200012457981263222 退款":        "订单2200012457981263222 退款",
		"电话13800138000，张":                 "电话***********，张",
		"结算总金额 10.00 元;含手续费 0.06 元":       "结算总金额 10.00 元;含手续费 0.06 元",
		"[20240912220001245798126322]服务费": "[20240912220001245798126322]服务费",
		"2024-09-12 08:30:00":             "2024-09-12 08:30:00",
		"买家 who@where.cn":                 "买家 ***@*****.**",
	} {
		if got := string(Redacted([]byte(text))); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// TestNumbersOfPersonsAreHiddenBesideOthers: figures before and behind a phone, its forms,
// and those of cards.
func TestNumbersOfPersonsAreHiddenBesideOthers(t *testing.T) {
	for text, want := range map[string]string{
		"付款150 13912345678": "付款150 ***********", "10086 13912345678": "10086 ***********", "退款 1000-13912345678": "退款 1000-***********",
		"2024-13912345678": "2024-***********", "13912345678 13812345678": "*********** ***********", "13912345678-150": "***********-150",
		"１３９１２３４５６７８": "***********", "电话１３９ 1234 5678，": "电话*** **** ****，", "008613912345678": "***************", "+86 139 1234 5678": "*** *** **** ****",
		"139.1234.5678": "***.****.****", "(0571)88888888": "(****)********", "（０５７１）88888888": "（****）********", "057188888888": "************", "01088888888": "***********",
		"张三@qq.com": "**@**.***", "who＠where.cn": "***＠*****.**", "130503670401001": "***************", "110105 19491231 002X": "****** ******** ****",
		"6228 4804 0256 4890 018": "**** **** **** **** ***", "100.00 6228-4804-0256-4890-018 1": "100.00 ****-****-****-****-*** 1",
		"卡6228480402564890018": "卡*******************", "4111111111111111": "****************", "4111 1111 1111 1111": "**** **** **** ****", "5500000000000004": "****************",
		// Numbers of orders and transactions, amounts and times stay.
		"3105550000000000001 150": "3105550000000000001 150", "2200012457981263222": "2200012457981263222", "4200001122334455667788991122": "4200001122334455667788991122",
		"2024091222001012341000000001": "2024091222001012341000000001", "2024-09-12 08:30:00": "2024-09-12 08:30:00", "20240912083000": "20240912083000",
		"1234567.89 7654321.00": "1234567.89 7654321.00", "S2024091200001": "S2024091200001", "202409120000001": "202409120000001", "139123456781391234": "139123456781391234",
		"，。：、　（１２）": "，。：、　（１２）", "２０２４－０９－１２": "２０２４－０９－１２",
	} {
		if got := string(Redacted([]byte(text))); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestMaskingIsDoneOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if once := Masked(text); Masked(once) != once && len([]rune(text)) < mostShown {
			t.Fatalf("%q, then %q", once, Masked(once))
		}
	})
}

// TestNotesOfWalletsAreKeptWhereNobodyTypedThem: the wallet's own words are few.
func TestNotesOfWalletsAreKeptWhereNobodyTypedThem(t *testing.T) {
	for note, kept := range map[string]bool{
		"结算总金额 10.00 元;含手续费 0.06 元": true, "退款总金额50.00元;含手续费0.30元": true, "": true, "refund of order 2200012457981263222": true,
		"张三丰的工资": false, "送到文三路138号": false, "paid by Pat": false, "给李四": false,
	} {
		want := note
		if !kept {
			want = ""
		}
		if got := string(PublicNote([]byte(note))); got != want {
			t.Errorf("%q becomes %q, want %q", note, got, want)
		}
	}
}

func BenchmarkPublicWord(b *testing.B) {
	word := []byte("交易收款")
	b.ReportAllocs()
	for b.Loop() {
		PublicWord(word)
	}
}

func BenchmarkPublicNote(b *testing.B) {
	note := []byte("结算总金额 10.00 元;含手续费 0.06 元")
	for b.Loop() {
		PublicNote(note)
	}
}
