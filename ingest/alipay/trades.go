package alipay

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/ingest/sheet"
	"reconcile/settlement"
)

// RecogniseTrades says whether head is the portal's list of trades (交易订单), by names that
// stand together in its header alone. Of a spreadsheet head is its first rows.
func RecogniseTrades(head []byte) bool { return tradesHeader(head) >= 0 }

// tradesHeader is the line, from 0, of the header of a list of trades, −1 where there is
// none.
func tradesHeader(head []byte) int {
	return slices.IndexFunc(openingLines(head), func(line string) bool { return has(line, "支付宝交易号", "商家实退") })
}

// ReadTrades refuses the portal's list of trades (交易订单) and says in which columns it
// differs from the trade bill. It cannot be one: a row is a trade with the sum of its
// refunds, of which neither number nor time is there, and whether 商家实收 is before or after
// them is not established.
func ReadTrades(_ context.Context, in delimited.Input) (*settlement.Statement, error) {
	st := &settlement.Statement{File: in.File, Member: in.Member, Kind: settlement.PortalTrades, Wallet: settlement.Alipay, Currency: "CNY",
		From: settlement.NoDay, Until: settlement.NoDay, Watermark: settlement.NoInstant}
	var head []byte
	var err error
	if spooled, ok := in.Stream.(*sheet.Spooled); ok {
		head, err = spooled.Head()
		err = sheet.At(err, in.File, in.Member)
	} else if head, err = io.ReadAll(io.LimitReader(in.Stream, headLength)); err != nil {
		err = in.ReadError(0, err)
	}
	if err != nil {
		return st, err
	}
	at := tradesHeader(head)
	if at < 0 {
		return st, in.Errorf(0, useTradeBill, "no header of the Alipay portal's list of trades")
	}
	names := strings.Split(openingLines(head)[at], ",")
	for i := range names {
		names[i] = strings.Trim(names[i], " \t\r\n\"")
	}
	names = names[:min(len(names), maxColumns)]
	st.Drift = delimited.Drift(names, usual, normalName)
	var lacking []string
	for _, d := range st.Drift {
		if d.Refused {
			lacking = append(lacking, cmp.Or(d.Known, d.Column))
		}
	}
	fault := in.Errorf(int64(at)+1, useTradeBill, "this is an order list of the Alipay portal (交易订单): it sums up a trade's refunds in the trade's row, without their numbers and times, and lacks %s", strings.Join(lacking, ", "))
	return st, &settlement.Refusal{Source: st.Source(), Statement: st, NotAStatement: true, Errors: []*settlement.InputError{fault}}
}
