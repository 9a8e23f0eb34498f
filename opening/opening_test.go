package opening

import (
	"strings"
	"testing"

	"reconcile/settlement"
)

const header = "kind,wallet,account,order_no,refund_no,provider_txn_id,amount,time,fee,refunded\n"

const day = "day,,,,,,,2024-09-11,,\n"

func TestAnOpeningFileSaysHowThingsStood(t *testing.T) {
	s, err := Parse("opening.csv", []byte("\ufeff"+header+day+
		"order,wechat,1,A1,,,25.00,2024-09-11 23:59:40,,\n"+
		"refund,wechat,1,A2,R2,,10.00,2024-09-11 23:58:00,,\n"+
		"payment,wechat,1,A2,,42,100.00,2024-09-10 12:00:00,0.60,30.00\n"+
		"balance,wechat,1,,,,1520.35,,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Day.String() != "2024-09-11" || s.Open.Len() != 2 || s.Open.Amount[0] != 2500 || s.Open.Amount[1] != -1000 || s.Open.Line[1] != 4 {
		t.Errorf("%v %+v", s.Day, s.Open)
	}
	if s.Payments.Gross[0] != 10000 || s.Fee[0] != 60 || s.Refunded[0] != 3000 || len(s.PaymentsOf(s.Payments.Key[0])) != 1 {
		t.Errorf("%+v %v %v", s.Payments, s.Fee, s.Refunded)
	}
	if len(s.Balances) != 1 || s.Balances[0].Wallet != settlement.WeChat || s.Balances[0].Amount != 152035 || len(s.SHA256) != 64 {
		t.Errorf("%+v %q", s.Balances, s.SHA256)
	}
	if r := s.Unknown([]Account{{settlement.WeChat, "2"}}); r == nil || len(r.Errors) != 4 || !strings.Contains(r.Error(), `opening.csv:3: account: "1" is none of the configured accounts of wechat`) {
		t.Errorf("%v", r)
	}
	if r := s.Unknown([]Account{{settlement.WeChat, "1"}}); r != nil {
		t.Errorf("%v", r)
	}
}

func TestAnOpeningFileWithAFaultIsRefusedAndNamesThePlace(t *testing.T) {
	for rows, want := range map[string]string{
		"":        "no row says at the end of which day",
		day + day: "opening.csv:3:11: time: the day is there twice",
		day + "order,,,A1,,,1.00,2024-09-12 00:00:00,,\n":                        "opening.csv:3:19: time: 2024-09-12 00:00:00 lies after the end of 2024-09-11",
		day + "order,paypal,,A1,,,1.00,2024-09-11,,\n":                           `opening.csv:3:7: wallet: "paypal" is no wallet`,
		day + "order,,,A1,,,-1.00,2024-09-11,,\n":                                "opening.csv:3:14: amount: -1.00 is negative",
		day + "order,,,A1,,,1e3,2024-09-11,,\n":                                  "amount: \"1e3\" is no amount",
		day + "order,,,A1,,,1.005,2024-09-11,,\n":                                "amount: \"1.005\" is no amount",
		day + "order,,,A1,,,1.00,11/09/2024,,\n":                                 `time: "11/09/2024" is`,
		day + "order,,,,,,1.00,2024-09-11,,\n":                                   "order_no: it is empty",
		day + "order,,,A1,,,1.00,2024-09-11,0.01,\n":                             "fee: a row of the kind order has no fee",
		day + "orders,,,A1,,,1.00,2024-09-11,,\n":                                `kind: "orders" is no kind of row`,
		day + "balance,wechat,1,,,,1.00,,,\nbalance,wechat,1,,,,2.00,,,\n":       "opening.csv:4:1: kind: the same balance stands in line 3",
		day + "order,,,A1,,,1.00,2024-09-11,,\norder,,,A1,,,1.00,2024-09-11,,\n": "the same order stands in line 3",
		day + "payment,wechat,1,A1,,42,1.00,2024-09-11,,2.00\n":                  "refunded: 2.00 is more than was paid",
		day + "order,,,A1\n":                                                     "4 fields where the header has 10",
		day + "order,,,订单一,,,-1.00,2024-09-11,,\n":                               "opening.csv:3:15: amount: -1.00 is negative",
	} {
		s, err := Parse("opening.csv", []byte(header+rows))
		if err == nil || s != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n got  %v\n want %s", rows, err, want)
		}
	}
	if _, err := Parse("opening.csv", []byte("kind,colour\n")); err == nil || !strings.Contains(err.Error(), "opening.csv:1:6: colour: there is no such column") {
		t.Errorf("%v", err)
	}
}
