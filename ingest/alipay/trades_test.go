package alipay

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/ingest/ingesttest"
	"reconcile/settlement"
)

// The portal's list of trades is refused by name, and told is which columns of a trade bill
// it lacks, which are new, and which have moved.
func TestThePortalsListOfTradesIsRefusedWithItsDrift(t *testing.T) {
	const text = "交易订单\n2026-05\n商户订单号,支付宝交易号,商家实收(元),交易状态,创建时间,付款备注,商家实退(元),服务费(元),退服务费(元)\n" +
		"S1,2026050122001400000000000001,10.00,交易成功,2026-05-01 10:00:00,,5.00,0.06,0.03\n合计,,10.00,,,,5.00,0.06,0.03\n"
	read := func(_ context.Context, in delimited.Input, _ func(arrow.Record) error) (*settlement.Statement, error) {
		return ReadTrades(context.Background(), in)
	}
	for form, c := range map[string]struct {
		content   []byte
		recognise func([]byte) bool
		read      ingesttest.Read
	}{
		"CSV in GB18030": {gb(text), RecogniseTrades, read},
		"CSV in UTF-8":   {[]byte("\ufeff" + text), RecogniseTrades, read},
		"workbook":       {ingesttest.Workbook(ingesttest.Cells(text)), ingesttest.Head(RecogniseTrades), ingesttest.Spooled(read)},
	} {
		t.Run(form, func(t *testing.T) {
			if !c.recognise(c.content) {
				t.Error("it is not recognised")
			}
			_, err := c.read(context.Background(), input(c.content), nil)
			var refusal *settlement.Refusal
			if !errors.As(err, &refusal) || !refusal.NotAStatement || !strings.Contains(err.Error(), ":3: this is an order list of the Alipay portal (交易订单)") ||
				!strings.Contains(err.Error(), "lacks 商家优惠, 业务类型, 完成时间, 订单金额, 退款批次号/请求号") {
				t.Fatalf("got %v", err)
			}
			changes := map[settlement.DriftChange]int{}
			for _, d := range refusal.Statement.Drift {
				changes[d.Change]++
			}
			if changes[settlement.NewColumn]+changes[settlement.RenamedColumn] != 4 || changes[settlement.MissingColumn] < 10 {
				t.Errorf("drift %+v", refusal.Statement.Drift)
			}
		})
	}
}
