package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// line is a row of a bill. Amounts are fen towards the merchant.
type line struct {
	id                                string
	wallet, account                   string
	refund, unsettled                 bool
	kind                              string
	orderNo, orderNoRaw, refundNo     string
	txn, refundID                     string
	moment                            int64 // µs since 1970, UTC
	gross, settled, fee, coupon       int64
	rate                              int64 // millionths, 0 where the row prints none
	rawType, refundState, source      string
	state                             string
	event                             *event // that claims the line
	shop                              string
	events                            int64 // of the summary
	expected                          int64
	priced                            bool
	class, rule                       string
	charged, variance, base, usedRate int64
}

// event is an order or a listed refund.
type event struct {
	id                            string
	orderNo, paymentNo, refundNo  string
	wallet, account, txn          string
	amount                        int64
	moment                        int64 // 0 where there is none
	status, shop                  string
	line                          *line
	verdict, rule                 string
	claimedAmount                 int64 // the share of the line's gross
	whole                         bool
	expectedWallet, expectAccount string
}

const shanghai = 8 * 3600

// micros reads 2024-09-12 08:30:00 of Asia/Shanghai.
func micros(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	t, err := time.Parse(time.DateTime, text)
	if err != nil {
		return 0, err
	}
	return t.UnixMicro() - shanghai*1e6, nil
}

// fen reads 12.34, or 12.34000 of a fee.
func fen(text string) (int64, error) {
	whole, part, ok := strings.Cut(text, ".")
	if !ok || len(part) < 2 || strings.Trim(part[2:], "0") != "" {
		return 0, fmt.Errorf("amount %q", text)
	}
	return strconv.ParseInt(whole+part[:2], 10, 64)
}

// records calls visit with every row of a CSV file.
func records(path string, quoted bool, visit func(row []string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.ReuseRecord, r.FieldsPerRecord, r.LazyQuotes = true, -1, !quoted
	for {
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := visit(row); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
}

var escrowPrefix = regexp.MustCompile(`^T\d+N?P`)

// errs keeps the first error of many conversions.
type errs struct{ first error }

func (e *errs) fen(text string) int64 {
	v, err := fen(text)
	if err != nil && e.first == nil {
		e.first = err
	}
	return v
}

func (e *errs) micros(text string) int64 {
	v, err := micros(text)
	if err != nil && e.first == nil {
		e.first = err
	}
	return v
}

func positive(v int64) int64 { return max(v, -v) }

func readAlipay(path, source, account string, lines []*line) ([]*line, error) {
	err := records(path, false, func(row []string) error {
		if strings.HasPrefix(row[0], "#") || row[0] == "支付宝交易号" {
			return nil
		}
		if len(row) != 25 {
			return fmt.Errorf("a row of %d fields", len(row))
		}
		var e errs
		raw := strings.Clone(strings.TrimRight(row[1], "\t"))
		l := &line{wallet: "alipay", account: account, source: source, refund: strings.HasPrefix(row[2], "退款"), orderNo: raw, orderNoRaw: raw, txn: strings.Clone(strings.TrimRight(row[0], "\t")),
			moment: e.micros(row[5]), gross: e.fen(row[11]), settled: e.fen(row[12]), coupon: positive(e.fen(row[16])), fee: -positive(e.fen(row[22])), rawType: "交易", kind: "payment"}
		if strings.HasPrefix(raw, "T") {
			l.orderNo = escrowPrefix.ReplaceAllString(raw, "")
		}
		if l.refund {
			l.refundNo, l.fee, l.coupon, l.rawType = strings.Clone(strings.TrimRight(row[21], "\t")), -l.fee, -l.coupon, "退款"
			l.kind = "refund"
		}
		l.id = identity("line", l.wallet, l.txn, l.rawType, l.refundNo)
		lines = append(lines, l)
		return e.first
	})
	return lines, err
}

var kinds = map[string]string{"SUCCESS": "payment", "REFUND": "refund", "REVOKED": "revoke"}

// orNone is a number of a refund, of which 0 says that there is none.
func orNone(text string) string {
	if text == "0" {
		return ""
	}
	return strings.Clone(text)
}

func readWeChat(path, source string, lines []*line) ([]*line, error) {
	first, words := true, map[string]string{}
	word := func(text string) string {
		if known, ok := words[text]; ok {
			return known
		}
		text = strings.Clone(text)
		words[text] = text
		return text
	}
	err := records(path, false, func(row []string) error {
		if first || len(row) != 27 {
			first = false
			return nil
		}
		for i := range row {
			row[i] = strings.TrimPrefix(row[i], "`")
		}
		var e errs
		l := &line{wallet: "wechat", account: word(row[2]), source: source, refund: row[9] != "SUCCESS", kind: kinds[row[9]], orderNo: strings.Clone(row[6]), txn: strings.Clone(row[5]), moment: e.micros(row[0]),
			settled: e.fen(row[12]), coupon: e.fen(row[13]), gross: e.fen(row[24]), fee: -e.fen(row[22])}
		l.orderNoRaw = l.orderNo
		percent, err := fen(strings.TrimSuffix(row[23], "%"))
		if err != nil {
			return err
		}
		l.rate = percent * 100
		l.rawType = word(row[8] + "/" + row[9])
		if l.refund {
			l.refundID, l.refundNo = orNone(row[14]), orNone(row[15])
			l.settled, l.coupon, l.gross = -e.fen(row[16]), -e.fen(row[17]), -e.fen(row[25])
			l.refundState = word(row[19])
			l.unsettled = row[19] == "FAIL" || row[19] == "CHANGE"
			l.rawType = word(row[8] + "/" + row[9] + "/" + row[19])
		}
		l.id = identity("line", l.wallet, l.txn, l.rawType, l.refundID)
		lines = append(lines, l)
		return e.first
	})
	return lines, err
}

func readOrders(path string) (events []*event, err error) {
	first := true
	err = records(path, true, func(row []string) error {
		if first {
			first = false
			return nil
		}
		var e errs
		for i := range row {
			row[i] = strings.Clone(row[i])
		}
		events = append(events, &event{id: identity("event", row[0], row[8]), orderNo: row[0], wallet: row[1], amount: e.fen(row[2]), moment: e.micros(row[3]), status: row[4], shop: row[5],
			account: row[7], paymentNo: row[8], txn: row[9]})
		return e.first
	})
	return events, err
}

func readRefunds(path string) (events []*event, err error) {
	first := true
	err = records(path, true, func(row []string) error {
		if first {
			first = false
			return nil
		}
		var e errs
		for i := range row {
			row[i] = strings.Clone(row[i])
		}
		events = append(events, &event{id: identity("event", row[0], row[1]), orderNo: row[0], refundNo: row[1], amount: -e.fen(row[2]), moment: e.micros(row[3]), status: row[4]})
		return e.first
	})
	return events, err
}

var scratch bytes.Buffer

// identity is a hash of what names a thing, 20 characters.
func identity(parts ...string) string {
	scratch.Reset()
	for _, part := range parts {
		scratch.WriteString(part)
		scratch.WriteByte(0)
	}
	return shortHash(scratch.Bytes())
}
