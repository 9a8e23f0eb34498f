package settlement

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What names a person (a buyer's account, a name, a phone, an address) is not carried into
// any table, message, log or alert. Columns that hold such values are not read. Two doors
// are left, and both are watched here: a cell that is wrong may hold anything, and is
// quoted in a message; and a note that somebody typed may name somebody.

// Printable is text that steers no terminal: controls, and marks that turn the direction of
// what is written, are �.
func Printable(text string) string {
	return strings.Map(func(c rune) rune {
		if Steers(c) {
			return '�'
		}
		return c
	}, text)
}

// Steers says that a terminal does something for c instead of showing it.
func Steers(c rune) bool {
	return c < ' ' || c >= 0x7f && c < 0xa0 || c >= 0x2000 && unicode.Is(unicode.Bidi_Control, c)
}

// mostShown is how many characters of a file's own text a message shows.
const mostShown = 60

// Masked is a value of a file as a message shows it: figures, times and marks stay, so
// that what is wrong with an amount, a day or a number can be seen; letters become *, and
// digits that are a person's (a phone, an identity card, a bank card) too. Where the value
// stands is told beside it, for whoever may open the file.
func Masked(text string) string {
	text = string(Redacted([]byte(text)))
	var b strings.Builder
	digit, shown := false, 0
	if mark := numberMark.FindString(text); mark != "" {
		b.WriteString(mark[:len(mark)-1])
		text = text[len(mark)-1:]
	}
	for _, c := range text {
		if shown++; shown > mostShown {
			b.WriteString("…")
			break
		}
		switch {
		case unicode.IsDigit(c):
		// 1E2, 2024-09-12T08:30:00Z, 12.30元
		case digit && strings.ContainsRune("eETZ元", c):
		case unicode.IsLetter(c) || unicode.IsMark(c) || unicode.IsNumber(c):
			c = '*'
		}
		digit = unicode.IsDigit(c)
		b.WriteRune(c)
	}
	return b.String()
}

// numberMark is what begins the numbers of a system: S20240912000001, PO-17.
var numberMark = regexp.MustCompile(`^[A-Z]{1,2}-?[0-9]`)

// MaskedWord is a word of a column whose words are a closed list (a state, a currency, a
// direction), as a message shows it: whoever configures the program must see which word is
// not known. Only words that the trade is made of are shown: a name that slipped into the
// column is masked.
func MaskedWord(text string) string {
	if isTradeWord(text) {
		return text
	}
	return Masked(text)
}

// PublicWord is a word by which a wallet names kinds of movements, as it goes into tables
// and notes: word itself where it is made of the trade's words, which most rows' is; else
// somebody slipped into the column, or typed it, and it is masked. Lists of such words are
// open, so that no longest word is asked for.
func PublicWord(word []byte) []byte {
	if hasTradeCharactersOnly(word) || hasTradeWordsOnly(string(word)) {
		return Redacted(word)
	}
	return []byte(Masked(string(word)))
}

// longestWord is how many characters a word of such a column has at most.
const longestWord = 24

// tradeCharacters are those of which the Chinese words of states, kinds and directions are
// made; a name hardly has no other.
const tradeCharacters = "交易支付退款订单状态成功失败关闭取消完成已未待收货发确认处理中等买家卖方部分全额定金尾预售超时冻结解转账帐入出提现充值" +
	"红包优惠券积分余信用花呗借呗期银行卡零钱微信宝聚合渠道其他它无是否正常异有效撤销冲补差价运费保证手续服务贷记录资流水业来往回返还扣平台" +
	"技术公司店铺商户线上下自动人工审核通过拒绝进行结算类型不明空的与元币美港欧日拆锁停暂删新库签拒驳约配送揽妥投旧归档废含总" +
	"理财申购赎基佣软件技术赔争议投诉立减折扣代劵营销保险企业商家分润集即时当面担批量费险罚违约捐赠公益聚划算天猫淘客软消者体验宝贝推广直通车返点税票充缴息跨境结汇礼津贴免赠增值物流在除售后基础淘宝使用调整其借红利闲鱼店铺省份号日月年度本期前当次新旧短信网速快还准备余款货押归集批发薪工资专项户间内外"

// tradeWords are those of which the English ones are made.
var tradeWords = func() map[string]bool {
	words := map[string]bool{}
	for _, word := range strings.Fields(`accepted account alipay amount apply bank bill book buyer c cancel canceled cancelled cash cd change charge chargeback
		check close closed complete completed confirm confirmed cr create created credit crdt d dbit debit deliver delivered deposit dr done draft draw error escrow
		expired fail failed fee final finish finished freeze frozen full fully goods hold in income info initial invalid kind lost merchant mch money new no none
		not null of ok open order other out outcome paid partial partially pay payer paying payment pdng pending place platform processing ready received
		refund refunded refunding refunds reject rejected release released return returned reversal reverse reversed revoked review seller send sent settle
		settled shipped shipping sign signed state status succeed success successful taobao aggregated timeout to trade transfer trx tx type unknown
		unpaid unionpay user userpaying notpay payerror orders refunds payments balances paypal valid void wait waiting wallet wechat wx withdraw withdrawal yes amex card unfreeze`) {
		words[word] = true
	}
	return words
}()

// PublicNote is a note of a wallet's file without what is a person's, nil where somebody
// may have typed it: where it has other words than those of the trade.
func PublicNote(note []byte) []byte {
	if !hasTradeWordsOnly(string(note)) {
		return nil
	}
	return Redacted(note)
}

func isTradeWord(text string) bool {
	if utf8.RuneCountInString(text) > longestWord {
		return false
	}
	if len(text) == 3 && strings.ToUpper(text) == text && !strings.ContainsFunc(text, func(c rune) bool { return c < 'A' || c > 'Z' }) {
		return true // a currency
	}
	digits := 0
	for _, c := range text {
		if unicode.IsDigit(c) {
			digits++
		}
	}
	return digits <= 3 && hasTradeWordsOnly(text)
}

// isTradeCharacter has a bit for each of tradeCharacters: notes of millions of lines are
// looked through.
var isTradeCharacter = func() (set [1 << 10]uint64) {
	for _, c := range tradeCharacters {
		set[c>>6] |= 1 << (c & 63)
	}
	return set
}()

// hasTradeCharactersOnly is hasTradeWordsOnly of a text without Latin letters, false of
// others.
func hasTradeCharactersOnly(text []byte) bool {
	for i := 0; i < len(text); {
		c := rune(text[i])
		if c < utf8.RuneSelf {
			if i++; c|0x20 >= 'a' && c|0x20 <= 'z' {
				return false
			}
			continue
		}
		c, size := utf8.DecodeRune(text[i:])
		if i += size; (c >= 1<<16 || isTradeCharacter[c>>6]&(1<<(c&63)) == 0) && unicode.IsLetter(c) {
			return false
		}
	}
	return true
}

// hasTradeWordsOnly says that every letter of text is of a word of the trade.
func hasTradeWordsOnly(text string) bool {
	latin := false
	for _, c := range text {
		switch {
		case c < utf8.RuneSelf:
			latin = latin || c|0x20 >= 'a' && c|0x20 <= 'z'
		case c < 1<<16 && isTradeCharacter[c>>6]&(1<<(c&63)) != 0:
		case unicode.IsLetter(c):
			return false
		}
	}
	if !latin {
		return true
	}
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return c|0x20 < 'a' || c|0x20 > 'z' }) {
		if !tradeWords[strings.ToLower(word)] {
			return false
		}
	}
	return true
}
