package orders

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

const shortHeader = "order_no,amount,paid_at,status\n"

func TestReadRefuses(t *testing.T) {
	good := "S-0001,1.00,2024-09-12 08:30:00,paid\n"
	refunds := "order_no,refund_no,amount,refunded_at,status\n"
	for _, c := range []struct {
		name    string
		content string
		mapping Mapping
		want    []string // each in one line of the message
	}{
		{"zero bytes", "", Mapping{}, []string{"orders.csv: the file is empty (zero bytes)"}},
		{"a byte order mark alone", "\uFEFF", Mapping{}, []string{"orders.csv:1: the first line is no header"}},
		{"a blank line before the header", "\n" + shortHeader + good, Mapping{}, []string{"orders.csv:1: the first line is no header"}},
		{"another file", "a,b,c\n1,2,3\n", Mapping{}, []string{"orders.csv:1: the first line is no header of orders or refunds (orders need order_no,amount,paid_at,status[,wallet]"}},
		{"NUL bytes", shortHeader + good + "S\x00,1.00,,closed\n", Mapping{}, []string{"orders.csv:3: a NUL byte"}},
		{"a missing column names the closest", "order_no,Amount,paid_at,status\n" + good, Mapping{}, []string{`orders.csv:1: amount: this column is missing (found "Amount" instead; the known layout is order_no,amount,paid_at,status[,wallet]`}},
		{"a missing column with nothing like it", "order_no,xxxxxx,paid_at,status\n" + good, Mapping{}, []string{`amount: this column is missing (found "order_no", "xxxxxx", "paid_at", "status"; `}},
		{"a refund without any time column", "order_no,refund_no,amount,status\nS-0001,R-1,1.00,success\n", Mapping{}, []string{"orders.csv:1: refunded_at: this column is missing, and succeeded_at too; one of them is needed"}},
		{"a mapped column that is not there, though optional", shortHeader + good, Mapping{Columns: map[string]string{"confirmed_at": "确认收货时间"}}, []string{"orders.csv:1: 确认收货时间: no such column, which orders.columns gives for confirmed_at"}},
		{"a header name twice", "order_no,amount,paid_at,status,amount\nS-0001,1.00,2024-09-12 08:30:00,paid,2.00\n", Mapping{}, []string{"orders.csv:1:32: amount: the header has this name twice"}},
		{"a header with an open quote", "order_no,amount,paid_at,\"status\nS-0001,1.00,,closed\n", Mapping{}, []string{"orders.csv:1: a quote that is never closed in the header"}},
		{"a fixed status of the other kind", "order_no,amount,paid_at\nS-0001,1.00,2024-09-12 08:30:00\n", Mapping{Defaults: map[string]string{"status": "success"}}, []string{`status: orders.defaults gives "success", which is no status of orders (known: paid,`}},

		{"GB18030 when not told, by the header", gb("order_no,amount,paid_at,status,店铺\n" + "S-0001,1.00,2024-09-12 08:30:00,paid,甲\n"), Mapping{}, []string{"orders.csv:1:32: not UTF-8 (set orders.encoding: gb18030 if"}},
		{"GB18030 when not told, by a row", gb(strings.Replace(plainHeader, "wallet,", "", 1) + "S-0001,1.00,2024-09-12 08:30:00,paid,a,b\nS-0002,1.00,2024-09-12 08:30:00,paid,甲店,b\n"), Mapping{}, []string{"orders.csv:3:38: not UTF-8 (set orders.encoding: gb18030 if"}},
		{"UTF-8 when GB18030 is stated", taobaoFile, mappingWith(taobaoMap, func(m *Mapping) { m.Encoding = "gb18030" }), []string{"orders.csv:1: the header is UTF-8 and not gb18030 (remove orders.encoding)"}},
		{"bytes that are not GB18030", "order_no,amount,paid_at,status,shop\nS-0001,1.00,2024-09-12 08:30:00,paid,\xff\xff\n", Mapping{Encoding: "gb18030"}, []string{"orders.csv:2:38: shop: not GB18030 (is orders.encoding right?)"}},

		{"every bad record, in file order", shortHeader + ",1.00,,closed\n" + good + "S-0003,,,closed\nS-0004,-1.00,,closed\nS-0005,1.00,yesterday,closed\n", Mapping{}, []string{
			"orders.csv:2:1: order_no: empty (every row needs an order number)",
			`orders.csv:4:8: amount: "": no number where one is required (every row needs an amount)`,
			`orders.csv:5:8: amount: "-1.00" is negative`,
			`orders.csv:6:13: paid_at: "*********" is no time`}},
		{"paid without a time", shortHeader + "S-0001,1.00,,paid\nS-0002,1.00,  ,refunded\n", Mapping{}, []string{
			"orders.csv:2:13: paid_at: empty although the order is paid", "orders.csv:3:13: paid_at: empty although the order is refunded"}},
		{"a success without a time", refunds + "S-0001,R-0001,1.00,,success\n", Mapping{}, []string{"orders.csv:2:20: refunded_at: empty although the refund is success"}},
		{"a success without its only time", "order_no,refund_no,amount,succeeded_at,status\nS-0001,R-0001,1.00,,success\n", Mapping{}, []string{"orders.csv:2:20: succeeded_at: empty although the refund is success"}},
		{"a negative refund", refunds + "S-0001,R-0001,-1.00,2024-09-12 08:30:00,success\n", Mapping{}, []string{`orders.csv:2:15: amount: "-1.00" is negative (refunds are positive in this file)`}},
		{"a refund's status of an order", refunds + "S-0001,R-0001,1.00,2024-09-12 08:30:00,paid\n", Mapping{}, []string{`orders.csv:2:40: status: "paid" is no known word (known: failed, processing, success; map it with refunds.statuses)`}},
		{"unmapped words, each once with its count", shortHeader + "S-0001,1.00,,交易关闭\nS-0002,1.00,,交易成功\nS-0003,1.00,,交易关闭\nS-0004,1.00,,\n", Mapping{}, []string{
			`orders.csv:2:14: status: "交易关闭" is no known word, here and in 1 more rows (known: cancelled, closed, paid, refunded, unpaid; map it with orders.statuses)`,
			`orders.csv:3:14: status: "交易成功" is no known word (`, "orders.csv:5:14: status: empty (known: "}},
		{"unmapped wallets", "order_no,amount,paid_at,status,wallet,home_wallet\nS-0001,1.00,2024-09-12 08:30:00,paid,cash,bank\n", Mapping{}, []string{
			`orders.csv:2:38: wallet: "cash" is no known word (known: alipay, taobao_aggregated, wechat; map it with orders.wallets`, `orders.csv:2:43: home_wallet: "bank" is no known word`}},
		{"another currency", "order_no,amount,paid_at,status,currency\nS-0001,1.00,2024-09-12 08:30:00,paid,HKD\n", Mapping{}, []string{`orders.csv:2:38: currency: "HKD" where only CNY is read`}},
		{"too few fields", shortHeader + good + "S-0002,1.00\n", Mapping{}, []string{"orders.csv:3:1: 2 fields where the header has 4 (is the line cut off?"}},
		{"too many fields", shortHeader + "S-0002,1,000.00,2024-09-12 08:30:00,paid\n", Mapping{}, []string{"orders.csv:2:1: 5 fields where the header has 4 (a field with a comma stands in quotes)"}},
		{"rows of commas", shortHeader + good + ",,,\n", Mapping{}, []string{"orders.csv:3:1: order_no: empty", "orders.csv:3:2: amount: ", "orders.csv:3:4: status: empty"}},
		{"a blank line inside", shortHeader + good + "\n\n" + strings.ReplaceAll(good, "1,", "2,") + "\n", Mapping{}, []string{"orders.csv:3: a blank line with rows behind it"}},
		{"a quote inside a field", shortHeader + good + "S-0002,1.00,,clo\"sed\n" + good, Mapping{}, []string{"orders.csv:3:14: a quote inside a field that is not quoted"}},
		{"text behind a closing quote", shortHeader + "\"S-0002\"x,1.00,,closed\n" + good, Mapping{}, []string{"orders.csv:2:1: text behind the closing quote"}},
		{"a quote that is never closed", shortHeader + good + "S-0002,1.00,,\"closed\n" + good, Mapping{}, []string{"orders.csv:3:14: a quote that is never closed"}},
		{"two exports joined", shortHeader + good + shortHeader + good, Mapping{}, []string{`orders.csv:3:10: amount: "******": not a plain decimal number`, `orders.csv:3:17: paid_at: "****_**" is no time`, `orders.csv:3:25: status: "status" is no known word`}},
		{"a position behind a newline inside quotes", "order_no,note,amount,paid_at,status\nS-0001,\"a\nb\",x,,closed\nS-0002,c,y,,closed\n", Mapping{}, []string{"orders.csv:3:4: amount:", "orders.csv:4:10: amount:"}},
		{"columns count characters", "order_no,店铺,amount,paid_at,status\nS-0001,甲乙丙,x,,closed\n", Mapping{}, []string{"orders.csv:2:12: amount:"}},
		{"columns count characters in GB18030 too", gb("order_no,店铺,amount,paid_at,status\nS-0001,甲乙丙,１,,closed\n"), Mapping{Encoding: "gb18030"}, []string{`orders.csv:2:12: amount: "１": full-width digits or signs`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			st, _, err := read(c.content, c.mapping)
			text := errorsOf(t, err)
			lines := strings.Split(text, "\n")
			if len(lines) != len(c.want) {
				t.Errorf("%d errors instead of %d:\n%s", len(lines), len(c.want), text)
			}
			for i, want := range c.want {
				if i < len(lines) && !strings.Contains(lines[i], want) {
					t.Errorf("%q is not in\n%s", want, lines[i])
				}
			}
			if st == nil || st.Bytes > int64(len(c.content)) || st.Watermark != settlement.NoInstant {
				t.Errorf("statement %+v", st)
			}
		})
	}
}

func TestHeadersOfAStatedKindAreRefused(t *testing.T) {
	many := strings.Repeat("x,", 20) + "y"
	for _, c := range []struct{ name, content, want string }{
		{"a blank line before the header", "\n" + shortHeader, "orders.csv:1: a blank line where the header is expected"},
		{"no commas", strings.ReplaceAll(shortHeader, ",", ";"), `(the header has no comma: "order_no;amount;paid_at;status"; export it again with commas between the fields;`},
		{"line ends of a carriage return alone", strings.ReplaceAll(shortHeader+"S-0001,1.00,,closed\n", "\n", "\r"), "orders.csv:1: a carriage return inside the header"},
		{"text behind a closing quote", "\"order_no\"x,amount,paid_at,status\n", "orders.csv:1: text behind the closing quote in the header"},
		{"quotes over more than a line may hold", "\"order_no" + strings.Repeat("\n", 600_000) + "\",amount\n", "orders.csv:1: a quote that is never closed in the header"},
		{"a line longer than may be", strings.Repeat("x", 3<<20), "orders.csv:1: a line of more than 524288 bytes"},
		{"many columns, none of ours", many, `and 9 more; the known layout is`},
		{"an export that looks like another maker's", "订单编号,买家应付货款,总金额\n", "; the file looks like a Taobao/Tmall order export"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := readWith(1, []byte(c.content), settlement.OrderExtract, Mapping{})
			if text := errorsOf(t, err); !strings.Contains(text, c.want) {
				t.Errorf("%.600s", text)
			}
		})
	}
}

func TestNumberTrapsAreRefused(t *testing.T) {
	for _, trap := range []string{"1.-5", "--1", "1.+5", "1e2", "1.005", "１２", "\"1,000.00\"", " 1", "1 ", "+", "+1", "", ".5", "5.", "¥1", "1元", "0x1", "Inf", "NaN", "1000000000000000000"} {
		for _, column := range []string{"amount", "payout_amount"} {
			if trap == "" && column == "payout_amount" {
				continue // it need not be given
			}
			other := "payout_amount"
			if column == other {
				other = "amount"
			}
			_, _, err := read(fmt.Sprintf("order_no,%s,%s,paid_at,status\nS-0001,%s,1.00,,closed\n", column, other, trap), Mapping{})
			if err == nil || !strings.Contains(err.Error(), "orders.csv:2:8: "+column) {
				t.Errorf("%s %q: %v", column, trap, err)
			}
		}
	}
}

func TestDamagedIDsAreRefused(t *testing.T) {
	for _, id := range []string{"4.00123E+27", "2.70186E+18", "2.70186e18", "4E+27", "2701860591234567168.0", "12.00",
		"NULL", "null", "nan", "None", `\N`, "#N/A", "\"S-\n0001\"", "S-\x010001", `"=""4.00123E+27"""`, "=A1"} {
		for _, column := range []string{"order_no", "payment_no", "provider_txn_id", "account"} {
			content := "order_no,amount,paid_at,status\n" + id + ",1.00,,closed\n"
			position := "orders.csv:2:1: order_no: "
			if column != "order_no" {
				content = column + ",order_no,amount,paid_at,status\n" + id + ",S-0001,1.00,,closed\n"
				position = "orders.csv:2:1: " + column + ": "
			}
			_, _, err := read(content, Mapping{})
			if err == nil || !strings.Contains(err.Error(), position) {
				t.Errorf("%s %q: %v", column, id, err)
			}
		}
	}
}

func TestErrorsAreListedUpToAHundred(t *testing.T) {
	content := shortHeader + strings.Repeat("S-0001,x,,closed\n", 250)
	_, _, err := read(content, Mapping{})
	var refusal *settlement.Refusal
	if !errors.As(err, &refusal) || len(refusal.Errors) != settlement.MaxListed || refusal.More != 150 {
		t.Errorf("%v", err)
	}
	words := shortHeader
	for i := range 250 {
		words += fmt.Sprintf("S-0001,1.00,,word%03d\n", i)
	}
	_, _, err = read(words, Mapping{})
	if text := errorsOf(t, err); !strings.Contains(text, "150 rows more have words that are not known") {
		t.Error(text)
	}
	long := shortHeader + "S-0001," + strings.Repeat("9", 200_000) + ",,closed\n"
	_, _, err = read(long, Mapping{})
	if text := errorsOf(t, err); len(text) > 500 {
		t.Errorf("a message of %d bytes", len(text))
	}
}

func TestFaultyMappingIsNoRefusal(t *testing.T) {
	_, _, err := read(shortHeader, Mapping{Encoding: "latin1"})
	var fault Fault
	var refusal *settlement.Refusal
	if !errors.As(err, &fault) || fault.Key != "encoding" || errors.As(err, &refusal) {
		t.Error(err)
	}
}

func TestStopsAreReturnedAsTheyAre(t *testing.T) {
	content := ordersOf(60_000, "%d,%s,%d.%02d,2024-09-12 %02d:%02d:%02d,paid,shop-%02d,taobao\n")
	input := func(stream io.Reader) delimited.Input {
		return delimited.Input{File: "orders.csv", Stream: stream, Workers: 2, Day: settlement.NoDay}
	}
	t.Run("error of emit", func(t *testing.T) {
		ours := errors.New("disk full")
		_, err := Read(context.Background(), input(bytes.NewReader(content)), "", Mapping{}, func(arrow.Record) error { return ours })
		if err != ours {
			t.Error(err)
		}
	})
	t.Run("input error of emit is no refusal of this file", func(t *testing.T) {
		ours := &settlement.InputError{What: "another file's"}
		_, err := Read(context.Background(), input(bytes.NewReader(content)), "", Mapping{}, func(arrow.Record) error { return ours })
		if err != error(ours) {
			t.Error(err)
		}
	})
	t.Run("cancelled before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := Read(ctx, input(bytes.NewReader(content)), "", Mapping{}, func(arrow.Record) error { return nil })
		if err != context.Canceled {
			t.Error(err)
		}
	})
	t.Run("cancelled between", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := Read(ctx, input(bytes.NewReader(content)), "", Mapping{}, func(arrow.Record) error { cancel(); return nil })
		if err != context.Canceled {
			t.Error(err)
		}
	})
	t.Run("a container that breaks refuses", func(t *testing.T) {
		stream := io.MultiReader(bytes.NewReader(content[:len(content)/2]), iotest.ErrReader(errors.New("checksum mismatch")))
		_, err := Read(context.Background(), input(stream), "", Mapping{}, func(arrow.Record) error { return nil })
		if text := errorsOf(t, err); !strings.Contains(text, "checksum mismatch") {
			t.Error(text)
		}
	})
}
