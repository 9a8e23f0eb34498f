package bank

import (
	"slices"
	"strings"
	"unicode/utf8"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// lower has the Latin letters of text small. Only they have two forms in the words that
// are looked for.
func lower(text string) string {
	for i := range len(text) {
		if c := text[i]; c >= 'A' && c <= 'Z' {
			return strings.ToLower(text)
		}
	}
	return text
}

// walletNames are what a counterparty or a purpose calls the wallets, in small letters.
var walletNames = slices.Concat(settlement.OperatorNames(settlement.WeChat), settlement.OperatorNames(settlement.Alipay))

// namesWallet says that text speaks of a wallet.
func namesWallet(text string) bool { return hasAny(lower(text), walletNames) }

// party is whom money came from or went to.
type party struct {
	name   string // without blanks around it
	wallet bool   // its name has a wallet's
	sole   bool   // and nothing else: it is the operator, and what it says is its own
}

// parties remembers the last one: statements name the same again and again.
type parties struct {
	given string
	last  party
}

func (p *parties) of(counterparty string) party {
	if counterparty != p.given {
		wallet := namesWallet(counterparty)
		p.given, p.last = counterparty, party{strings.TrimSpace(counterparty), wallet, wallet && isTradeText(counterparty)}
	}
	return p.last
}

var (
	feeWords      = []string{"手续费", "服务费", "管理费", "工本费", "短信费", "年费", "汇划费", "邮电费", "fee", "fees", "charge", "charges", "chrg", "comm"}
	freezeWords   = []string{"冻结", "解冻", "保证金"}
	transferWords = []string{"转账", "转帐", "转入", "转出", "汇款", "汇入", "汇出", "汇兑", "往来", "代发", "工资", "付款", "收款", "划款", "划转",
		"提现", "充值", "退汇", "归集", "货款", "transfer", "payment", "payout", "withdrawal", "pmnt"}
)

// categoryOf is what a line is about, by its direction and the file's words. A wallet's
// withdrawal is a transfer on the bank's side, as is money sent to a wallet.
func categoryOf(direction settlement.Kind, counterparty party, rawType, purpose string) settlement.Category {
	words := purpose
	if rawType != "" {
		words = rawType + "\n" + purpose
	}
	words = lower(words)
	income := direction == settlement.Income
	wallet := counterparty.wallet || hasAny(words, walletNames)
	switch {
	case income && wallet:
		return settlement.FundTransfer
	case hasAny(words, feeWords) && income:
		return settlement.FundFeeReturn
	case hasAny(words, feeWords):
		return settlement.FundFee
	case hasAny(words, freezeWords):
		return settlement.FundFreeze
	case wallet || hasAny(words, transferWords):
		return settlement.FundTransfer
	}
	return settlement.FundOther
}

// hasAny says that text has one of words. Latin words stand alone: "recharge" is no
// charge.
func hasAny(text string, words []string) bool {
	for _, word := range words {
		for from := 0; ; {
			at := strings.Index(text[from:], word)
			if at < 0 {
				break
			}
			at += from
			from = at + len(word)
			if !isLetter(word[0]) || (at == 0 || !isLetter(text[at-1])) && (from == len(text) || !isLetter(text[from])) {
				return true
			}
		}
	}
	return false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// maxNote is how many characters of a note are kept.
const maxNote = 500

// isImpersonal says that a line's texts are the bank's or a wallet's: the counterparty is a
// wallet's operator. Of other lines somebody typed them, and they may name anybody, beside a wallet and
// a fee too: they are kept where they say no more than what was paid for.
func isImpersonal(counterparty party, texts ...string) bool {
	return counterparty.sole ||
		!slices.ContainsFunc(texts, func(text string) bool { return !isTradeText(unnamed(counterparty, text)) })
}

// publicTypes remembers what becomes of words of types: statements have few.
type publicTypes map[typeOf]string

// typeOf is a word for what a line is, without its counterparty's name.
type typeOf struct {
	given  string
	wallet bool // the counterparty is a wallet's operator
}

// mostTypes bounds what is remembered.
const mostTypes = 1000

// of is a line's own word for what it is as the tables have it.
func (p publicTypes) of(t typeOf) string {
	public, ok := p[t]
	if !ok {
		if public = publicType(t); len(p) < mostTypes {
			p[t] = public
		}
	}
	return public
}

// publicType is the word for a line: of one that says more than the words that are known,
// these alone.
func publicType(t typeOf) string {
	text := delimited.ShortTo(t.given, maxNote)
	if text == "" || t.wallet || isTradeText(text) {
		return string(settlement.Redacted([]byte(text)))
	}
	if public := settlement.PublicWord([]byte(text)); string(public) == text {
		return text
	}
	return knownWords(text)
}

// knownWords are the words of text that purposes and types are made of, in their order.
func knownWords(text string) string {
	var kept []string
	for small := lower(text); small != ""; {
		word := ""
		if i := slices.IndexFunc(purposeWords, func(known string) bool { return strings.HasPrefix(small, known) }); i >= 0 {
			word = purposeWords[i]
		}
		if word == "" || isLetter(word[0]) && len(small) > len(word) && isLetter(small[len(word)]) {
			_, size := utf8.DecodeRuneInString(small)
			small = small[size:]
			continue
		}
		kept = append(kept, word)
		small = small[len(word):]
	}
	return strings.Join(kept, " ")
}

// purposeWords are what banks and payers call what is paid for, the longer ones first.
var purposeWords = longestFirst(walletNames, feeWords, freezeWords, transferWords, []string{"网上支付", "快捷支付", "支付", "消费", "电子", "业务", "交易", "结息", "利息", "房租", "租金", "水费", "电费", "税款", "税", "社保", "公积金", "备用金", "报销", "订金", "定金",
	"尾款", "退款", "还款", "借款", "跨行", "对公", "网银", "手机银行", "批量", "实时", "中国", "网络技术", "支付科技", "科技", "有限公司", "客户", "备付金",
	"账户", "管理", "小额", "大额", "季度", "年度", "月度", "扣收", "扣划", "代扣", "收取", "支取", "存入", "存款", "贷款", "本金", "理财", "商户", "平台", "technology", "co", "ltd", "limited", "com", "银企", "对账"})

func longestFirst(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

// isTradeText says that text has such words, days and months, and nothing else.
func isTradeText(text string) bool {
	text = lower(text)
	for _, word := range purposeWords {
		text = strings.ReplaceAll(text, word, "")
	}
	digits := 0
	for _, c := range text {
		if c >= '0' && c <= '9' {
			digits++
		}
		if digits > 8 || !strings.ContainsRune("0123456789一二三四五六七八九十〇年月日 -/.,;:、，；：()（）\"", c) {
			return false
		}
	}
	return true
}

// note appends to dst, which is empty, what is kept of an impersonal line's texts: the
// counterparty's name where it is a wallet's operator, and the texts without it where it
// is not.
func note(dst []byte, counterparty party, texts ...string) []byte {
	var few [4]string
	kept := few[:0]
	if counterparty.wallet {
		name := oneLine(counterparty.name)
		if !counterparty.sole {
			name = knownWords(name)
		}
		kept = append(kept, name)
	}
	for _, text := range texts {
		if text = unnamed(counterparty, text); text != "" && !contains(kept, text) {
			kept = append(kept, text)
		}
	}
	for i, text := range kept {
		if i > 0 {
			dst = append(dst, "; "...)
		}
		dst = append(dst, text...)
	}
	dst = settlement.Redacted(dst)
	if len(dst) <= maxNote {
		return dst
	}
	return []byte(delimited.ShortTo(string(dst), maxNote))
}

// unnamed is text without the name of a counterparty, which may be a person's, unless it
// is that of a wallet's operator.
func unnamed(counterparty party, text string) string {
	if text == "" {
		return ""
	}
	if !counterparty.sole && utf8.RuneCountInString(counterparty.name) > 1 {
		text = strings.ReplaceAll(text, counterparty.name, "")
	}
	return oneLine(text)
}

func contains(texts []string, text string) bool {
	for _, other := range texts {
		if strings.Contains(other, text) {
			return true
		}
	}
	return false
}

// oneLine takes out control characters and runs of blanks.
func oneLine(text string) string {
	if isOneLine(text) {
		return text
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\u3000' || r == '\u00a0' }), " ")
}

// isOneLine says that text has no blank but single ones between words, nor any other
// character that oneLine takes out. It is false of some such texts.
func isOneLine(text string) bool {
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c == 0x7f || c == 0xE3 || c == 0xC2 || c == ' ' && (i == 0 || i == len(text)-1 || text[i-1] == ' ') {
			return false
		}
	}
	return true
}

// directionWords are the words of a column direction. 贷 is a credit to the holder.
var directionWords = map[string]settlement.Kind{
	"贷": settlement.Income, "贷方": settlement.Income, "收": settlement.Income, "收入": settlement.Income, "转入": settlement.Income,
	"c": settlement.Income, "cr": settlement.Income, "crdt": settlement.Income, "credit": settlement.Income,
	"借": settlement.Expense, "借方": settlement.Expense, "付": settlement.Expense, "支": settlement.Expense, "支出": settlement.Expense, "转出": settlement.Expense,
	"d": settlement.Expense, "dr": settlement.Expense, "dbit": settlement.Expense, "debit": settlement.Expense,
}

// isYuan says that word is the currency that is read.
func isYuan(word string) bool {
	switch strings.ToUpper(word) {
	case "", "CNY", "RMB", "人民币", "人民币元", "156":
		return true
	}
	return false
}
