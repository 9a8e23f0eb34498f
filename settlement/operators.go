package settlement

import "strings"

// operatorNames are what banks call a wallet or its operator, in small letters.
var operatorNames = [Bank + 1][]string{
	Alipay: {"支付宝", "alipay"},
	WeChat: {"财付通", "微信支付", "tenpay", "wechat pay", "wechatpay", "weixin pay"},
}

// OperatorNames are the names of a wallet's operator, in small letters.
func OperatorNames(w Wallet) []string { return operatorNames[w] }

// NamedOperator is the wallet whose operator a bank's text names, NoWallet where it names
// none, or two.
func NamedOperator(text string) (w Wallet) {
	text = strings.ToLower(text)
	for of, names := range operatorNames {
		for _, name := range names {
			if !strings.Contains(text, name) {
				continue
			}
			if w != NoWallet && w != Wallet(of) {
				return NoWallet
			}
			w = Wallet(of)
		}
	}
	return w
}
