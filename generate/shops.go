package generate

import (
	"fmt"
	"strings"

	"reconcile/settlement"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// platform is where a shop sells.
type platform uint8

const (
	taobao platform = iota
	tmall
	jd
	miniprogram
	pos
	numPlatforms
)

var platformWords = [numPlatforms]string{"taobao", "tmall", "jd", "miniprogram", "pos"}

// wechatPerMille is how many of a thousand buyers pay with WeChat Pay. Taobao
// and Tmall take it since September 2024.
var wechatPerMille = [numPlatforms]int{180, 180, 700, 980, 520}

// homeWallet is the wallet to which a platform belongs, NoWallet where it has
// none.
var homeWallet = [numPlatforms]settlement.Wallet{settlement.Alipay, settlement.Alipay, 0, settlement.WeChat, 0}

// tradeType is 交易类型 on WeChat Pay's bill.
var tradeType = [numPlatforms]string{"APP", "NATIVE", "APP", "JSAPI", "MICROPAY"}

// shop holds its texts in the forms that the files need, made once.
type shop struct {
	number   int
	name     string
	platform platform
	extract  []byte // name as a field of CSV, RFC 4180
	store    []byte // 门店编号, empty for an online shop
	alipay   []byte // name in GB18030
	attach   [2][]byte
	device   []byte // 设备号
}

var brands = []string{"晴禾", "山语", "木白", "青屿", "半夏", "云朵", "小满", "拾光"}

var shopKinds = [numPlatforms]string{"淘宝店", "天猫旗舰店", "京东专营店", "小程序商城", "门店"}

// newShops makes n shops. Their order is their size; every platform is among
// the first six.
func newShops(n int) ([]shop, error) {
	order := [...]platform{tmall, miniprogram, taobao, jd, pos, taobao}
	shops := make([]shop, n)
	for i := range shops {
		p := order[i%len(order)]
		name := brands[i/len(order)%len(brands)] + shopKinds[p]
		if i%len(order) == 5 {
			name = brands[i/len(order)%len(brands)] + `生活馆,"优选"` // needs quotes in CSV
		}
		if round := i / (len(order) * len(brands)); round > 0 {
			name += fmt.Sprint(round + 1)
		}
		encoded, err := gb18030(strings.ReplaceAll(name, ",", "，"))
		if err != nil {
			return nil, err
		}
		s := shop{number: i, name: name, platform: p, extract: csvField(name), alipay: encoded}
		packet := ""
		switch p {
		case pos:
			s.store, s.device = fmt.Appendf(nil, "SH%04d", i+1), fmt.Appendf(nil, "POS-%03d", i+1)
		case miniprogram:
			packet = fmt.Sprintf(`{"shop":"%d","scene":"'mini'"}`, i+1)
		}
		s.attach = [2][]byte{escapeWeChat(packet, false), escapeWeChat(packet, true)}
		shops[i] = s
	}
	return shops, nil
}

// csvField quotes a field as RFC 4180 says, where it must.
func csvField(text string) []byte {
	if !strings.ContainsAny(text, ",\"\r\n") {
		return []byte(text)
	}
	return []byte(`"` + strings.ReplaceAll(text, `"`, `""`) + `"`)
}

// gb18030 encodes text once, when a day is planned; rows only copy the bytes.
func gb18030(text string) ([]byte, error) {
	out, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("generate: %q has no form in GB18030: %w", text, err)
	}
	return out, nil
}

// product is 商品名称 in the forms that the bills need.
type product struct {
	alipay []byte    // GB18030; a comma is made full-width, its quoting being unknown
	wechat [2][]byte // UTF-8 escaped for payment rows and for refund rows
}

// The names carry what breaks readers: commas, quotes, backslashes, backticks,
// characters of four bytes in GB18030, and 靈, whose second byte is a backtick.
var productNames = []string{
	"纯棉短袖T恤", "手冲咖啡豆 250g", "儿童雨靴", "无线鼠标", "陶瓷马克杯",
	"桂花乌龙茶", "瑜伽垫(加厚)", "露营灯", "苏打饼干", "钢笔墨水",
	"香薰蜡烛, 中号", `显示器 27" 2K`, "男士T恤 'L码'", `数据线 C\to\C`, "月饼礼盒🎁",
	"会员充值`月卡`", "靈芝孢子粉", "帆布袋#红", "洗衣液 3kg*2", "生日蛋糕\t6寸",
}

func newProducts() ([]product, error) {
	products := make([]product, len(productNames))
	for i, name := range productNames {
		encoded, err := gb18030(strings.NewReplacer(",", "，", "\t", " ").Replace(name))
		if err != nil {
			return nil, err
		}
		products[i] = product{alipay: encoded, wechat: [2][]byte{escapeWeChat(name, false), escapeWeChat(name, true)}}
	}
	return products, nil
}

// escapeWeChat writes a free text as WeChat Pay's bills do; refund rows have
// rules of their own for ' and the backtick.
func escapeWeChat(text string, refund bool) []byte {
	var out []byte
	for _, c := range text {
		switch c {
		case '\\', '"':
			out = append(out, '\\', byte(c))
		case '\'':
			if !refund {
				out = append(out, '\\')
			}
			out = append(out, '\'')
		case '`':
			if refund {
				out = append(out, `\140`...)
			} else {
				out = append(out, "\\`"...)
			}
		case ',', '\uE000':
			out = append(out, `\ `...)
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case '\t':
			out = append(out, `\t`...)
		case '\x1a':
			out = append(out, '\\', 0x1a)
		default:
			out = append(out, string(c)...)
		}
	}
	return out
}

var surnames = []string{"王", "李", "张", "刘", "陈", "杨", "赵", "黄"}

var banks = []string{"OTHERS", "CMB_DEBIT", "ICBC_DEBIT", "CCB_CREDIT", "ABC_DEBIT", "CFT"}
