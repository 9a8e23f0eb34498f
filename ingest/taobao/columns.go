package taobao

import (
	"bytes"
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// column is a column that is read.
type column uint8

const (
	bookedAt    column = iota // 入账时间
	flowNo                    // 支付流水号
	orderNo                   // 淘宝订单编号, 主订单id
	rowType                   // 入账类型
	income                    // 收入金额
	expense                   // 支出金额
	description               // 业务描述
	note                      // 备注
	shop                      // 商家昵称
	bookedOn                  // 入帐日期
	channel                   // 收/付渠道
	columnCount
)

// required is how many of the columns must be there, from the first.
const required = int(note)

// wordings are the names of each column as normalName gives them; the usual one first.
var wordings = [columnCount][]string{
	bookedAt:    {"入账时间"},
	flowNo:      {"支付流水号"},
	orderNo:     {"淘宝订单编号", "淘宝订单号", "主订单id", "主订单编号"},
	rowType:     {"入账类型"},
	income:      {"收入金额"},
	expense:     {"支出金额"},
	description: {"业务描述"},
	note:        {"备注"},
	shop:        {"商家昵称"},
	bookedOn:    {"入账日期"},
	channel:     {"收/付渠道"},
}

// needs says what comes from each required column.
var needs = [columnCount]string{
	bookedAt: "column occurred_at", flowNo: "column flow_no", orderNo: "column order_no", rowType: "column category",
	income: "column amount", expense: "column amount", description: "column raw_note",
}

// The columns of both exports in their order.
var layouts = []delimited.Layout{
	layoutOf("入账时间", "支付流水号", "淘宝订单编号", "入账类型", "收入金额", "支出金额", "业务描述", "备注"),
	layoutOf("商家昵称", "入账日期", "入账时间", "支付流水号", "主订单id", "子订单id", "入账类型", "收入金额", "支出金额", "业务描述", "备注",
		"收/付渠道", "数据创建时间", "数据修改时间"),
}

func layoutOf(names ...string) (l delimited.Layout) {
	for _, name := range names {
		column := delimited.KnownColumn{Names: []string{name}}
		for c, words := range wordings {
			if slices.Contains(words, name) {
				column.Names, column.Needs = words, needs[c]
			}
		}
		l.Columns = append(l.Columns, column)
	}
	return l
}

// unread are columns that are known and not needed.
var unread = []string{"子订单id", "子订单编号", "数据创建时间", "数据修改时间", "序号"}

const knownLayouts = "known layouts: 收支明细 (入账时间, 支付流水号, 淘宝订单编号, 入账类型, 收入金额（元）, 支出金额, 业务描述, 备注) and 动账 (商家昵称, 入帐日期, 入帐时间, 支付流水号, 主订单id, …)"

// maxColumns is the widest header that is read.
const maxColumns = 96

// normalName is a column's name without blanks and unit, with half-width brackets, and
// with 账 where one of the exports writes 帐.
func normalName(name string) string {
	name = strings.ToLower(cleanName(name))
	name = strings.NewReplacer("（", "(", "）", ")", "／", "/", "帐", "账", " ", "").Replace(name)
	return strings.TrimSuffix(name, "(元)")
}

// header is where the columns are.
type header struct {
	names   []string // as written
	at      [columnCount]int
	missing []column
	twice   []int // places of names that stood before
	unknown []string
}

// isHeader says that a row is the header of one of the exports: it has the columns that
// only they have together, or so many of those that are needed that the others are
// missing or have other names.
func isHeader(names []string) bool {
	has, needed := map[string]bool{}, 0
	for _, name := range names {
		has[normalName(name)] = true
	}
	for _, words := range wordings[:required] {
		if slices.ContainsFunc(words, func(word string) bool { return has[word] }) {
			needed++
		}
	}
	return needed >= required-2 || has["支付流水号"] && has["入账类型"] && (has["收入金额"] || has["支出金额"])
}

func parseHeader(names []string) *header {
	h := &header{names: names}
	place := map[string]int{}
	for i, name := range names {
		normal := normalName(name)
		if normal == "" {
			continue
		}
		if _, before := place[normal]; before {
			h.twice = append(h.twice, i)
			continue
		}
		place[normal] = i
		known := slices.Contains(unread, normal)
		for _, words := range wordings {
			known = known || slices.Contains(words, normal)
		}
		if !known {
			h.unknown = append(h.unknown, cleanName(name))
		}
	}
	for c := range columnCount {
		h.at[c] = -1
		for _, name := range wordings[c] {
			if at, ok := place[name]; ok {
				h.at[c] = at
				break
			}
		}
		if h.at[c] < 0 && int(c) < required {
			h.missing = append(h.missing, c)
		}
	}
	return h
}

// drift compares the header with the nearer of the layouts.
func (h *header) drift() []settlement.Drift {
	names := make([]string, len(h.names))
	for i, name := range h.names {
		names[i] = cleanName(name)
	}
	return delimited.Drift(names, delimited.Nearest(names, layouts, normalName), normalName)
}

// name is a column's name in the file.
func (h *header) name(c column) string {
	if at := h.at[c]; at >= 0 {
		return cleanName(h.names[at])
	}
	return wordings[c][0]
}

// clean takes off what exports and spreadsheets put around a text: blanks, tabs, byte
// order marks, ="…", and the apostrophe that keeps a number a text.
func clean(text []byte) []byte {
	if isClean(text) {
		return text
	}
	text = bytes.Trim(text, " \t\r\n\u00a0\u3000\ufeff")
	if rest, ok := bytes.CutPrefix(text, []byte(`="`)); ok && bytes.HasSuffix(rest, []byte{'"'}) {
		text = rest[:len(rest)-1]
	}
	if len(text) > 1 && (text[0] == '\'' || text[0] == '`') {
		text = text[1:]
	}
	return bytes.Trim(text, " \t\u00a0\u3000")
}

func cleanName(name string) string { return string(clean([]byte(name))) }

// isClean says that nothing stands around a text, by its first and its last byte. It is
// false of some clean ones.
func isClean(text []byte) bool {
	if len(text) == 0 {
		return true
	}
	switch first := text[0]; first {
	case '=', '\'', '`', 0xC2, 0xE3, 0xEF: // the last three begin U+00A0, U+3000 and U+FEFF
		return false
	default:
		if first <= ' ' {
			return false
		}
	}
	switch last := text[len(text)-1]; last {
	case 0xA0, 0x80, 0xBF: // end them
		return false
	default:
		return last > ' '
	}
}
