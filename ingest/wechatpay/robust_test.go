package wechatpay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"reconcile/settlement"
)

// TestTruncationIsRefused cuts a bill at every byte: it is refused, or what it
// says has not changed (a lost line end, or zeros behind a point).
func TestTruncationIsRefused(t *testing.T) {
	for _, header := range []string{currentALL, legacyREFUND} {
		b := newBill(header, refundRow())
		if header == currentALL {
			b.add(paymentRow())
		}
		whole := b.text()
		want, _ := accept(t, input(whole))
		accepted := 0
		for n := range len(whole) {
			lines, s, err := read(input(whole[:n]))
			if err != nil {
				var refusal *settlement.Refusal
				if !errors.As(err, &refusal) {
					t.Fatalf("cut at %d: %v", n, err)
				}
				continue
			}
			accepted++
			if cells(lines) != cells(want) {
				t.Errorf("cut at %d of %d: other rows", n, len(whole))
			}
			for _, total := range s.Totals {
				if !total.Ties() {
					t.Errorf("cut at %d: %s does not tie", n, total.Name)
				}
			}
		}
		if accepted > 6 {
			t.Errorf("%d cuts were accepted", accepted)
		}
	}
}

// manyRows is a bill of several blocks.
func manyRows(rows int) *fixture {
	b := newBill(currentALL)
	for i := range rows {
		txn := fmt.Sprintf("4200002412202409%012d", i)
		if i%5 == 4 {
			b.add(refundRow("微信订单号", txn, "微信退款单号", fmt.Sprintf("50302412%020d", i)))
		} else {
			b.add(paymentRow("微信订单号", txn, "商户订单号", fmt.Sprintf("S%d", i)))
		}
	}
	return b
}

func TestRowsDoNotDependOnWorkersOrReads(t *testing.T) {
	text := manyRows(9000).text()
	want, wantStatement := accept(t, input(text))
	if want.Len() != 9000 || len(text) < 2<<20 {
		t.Fatalf("%d rows of %d bytes", want.Len(), len(text))
	}
	for _, c := range []struct {
		name    string
		workers int
		stream  io.Reader
	}{
		{"four workers", 4, strings.NewReader(text)},
		{"half reads", 3, iotest.HalfReader(strings.NewReader(text))},
		{"no worker stated", 0, strings.NewReader(text)},
		{"the end comes with the data", 2, iotest.DataErrReader(strings.NewReader(text))},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := input("")
			in.Workers, in.Stream = c.workers, c.stream
			lines, s := accept(t, in)
			if cells(lines) != cells(want) {
				t.Error("other rows")
			}
			if diff := cmp.Diff(wantStatement, s); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusalDoesNotDependOnWorkers(t *testing.T) {
	b := manyRows(9000)
	for _, i := range []int{8, 4000, 8999} {
		b.rows[i] = strings.Replace(b.rows[i], "1900000109", "1900000777", 1)
	}
	for i := 100; i < 9000; i += 30 {
		b.rows[i] = strings.Replace(b.rows[i], ",`CNY", ",`USD", 1)
	}
	var want string
	for _, workers := range []int{1, 2, 4} {
		in := input(b.text())
		in.Workers, in.Account = workers, "1900000109"
		got := refuse(t, in).Error()
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%d workers:\n%s\ninstead of\n%s", workers, got, want)
		}
	}
}

func TestLineEndsAndByteOrderMark(t *testing.T) {
	b := newBill(currentALL, paymentRow(), refundRow())
	want, _ := accept(t, input(b.text()))
	crlf := b.text()
	lf := strings.ReplaceAll(crlf, "\r\n", "\n")
	for name, text := range map[string]string{
		"LF": lf, "BOM and CRLF": "\ufeff" + crlf, "BOM and LF": "\ufeff" + lf,
		"CRLF, no final line end": strings.TrimSuffix(crlf, "\r\n"), "LF, no final line end": strings.TrimSuffix(lf, "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			lines, s := accept(t, input(text))
			if cells(lines) != cells(want) {
				t.Errorf("got %swant %s", cells(lines), cells(want))
			}
			sum := sha256.Sum256([]byte(text))
			if s.SHA256 != hex.EncodeToString(sum[:]) || s.Bytes != int64(len(text)) {
				t.Errorf("sha256 %s of %d bytes", s.SHA256, s.Bytes)
			}
		})
	}
	t.Run("columns of a header with BOM count from its first character", func(t *testing.T) {
		refuse(t, input("\ufeff"+newBill("交易时间,"+currentALL).text()), "bill.csv:1:6: 交易时间: the header has this name twice")
	})
}

func TestRefusedFileTellsWhatWasLearnt(t *testing.T) {
	text := newBill(legacyREFUND, refundRow("货币种类", "USD")).text()
	in := input(text)
	in.Member = "账单.csv"
	r := refuse(t, in, "bill.csv!账单.csv:2:")
	sum := sha256.Sum256([]byte(text))
	s := r.Statement
	if s.Kind != settlement.TradeBillRefund || s.Layout != "legacy REFUND, 26 columns" || s.SHA256 != hex.EncodeToString(sum[:]) || r.Source != "bill.csv!账单.csv" {
		t.Errorf("%+v", s)
	}
}

func TestErrorsThatAreNotTheInputsPassUnchanged(t *testing.T) {
	text := manyRows(9000).text()
	for _, workers := range []int{1, 3} {
		t.Run(fmt.Sprintf("emit, %d workers", workers), func(t *testing.T) {
			// Even where it looks like an input's.
			full := &settlement.InputError{What: "the disk is full"}
			in := input(text)
			in.Workers = workers
			_, err := Read(context.Background(), in, func(arrow.Record) error { return full })
			if err != error(full) {
				t.Errorf("%v", err)
			}
		})
		t.Run(fmt.Sprintf("cancelled, %d workers", workers), func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			in := input(text)
			in.Workers = workers
			_, err := Read(ctx, in, func(arrow.Record) error { cancel(); return nil })
			if err != context.Canceled {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("a stream that breaks is the input's", func(t *testing.T) {
		in := input("")
		in.Stream = io.MultiReader(strings.NewReader(text[:5000]), iotest.ErrReader(errors.New("checksum error")))
		refuse(t, in, "checksum error")
	})
}

// TestAnyBillOfValidRowsTies writes random rows and proves that every amount
// arrives with its sign, whatever the layout.
func TestAnyBillOfValidRowsTies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		header := rapid.SampledFrom([]string{currentALL, legacyALL, doc2014ALL, currentREFUND, currentSUCCESS, legacySUCCESS}).Draw(t, "header")
		legacy := summary5of[header] != ""
		b := newBill(header)
		var want []string
		for i := range rapid.IntRange(0, 12).Draw(t, "rows") {
			amount := rapid.Custom(func(t *rapid.T) settlement.Amount {
				return settlement.Amount(rapid.Int64Range(0, 10_000_000_00).Draw(t, "fen"))
			})
			gross, settled, fee, coupon := amount.Draw(t, "gross"), amount.Draw(t, "settled"), amount.Draw(t, "fee"), amount.Draw(t, "coupon")
			if legacy {
				gross = settled
			}
			txn := fmt.Sprintf("42%026d", i)
			text := rapid.StringMatching("[a`\\\\,\"' 茶]{0,8}").Draw(t, "text")
			text = strings.ReplaceAll(text, ",`", "")
			isPayment := header != currentREFUND && (header == currentSUCCESS || header == legacySUCCESS || rapid.Bool().Draw(t, "payment"))
			if isPayment {
				b.add(paymentRow("微信订单号", txn, "订单金额", gross.String(), "应结订单金额", settled.String(), "代金券金额", coupon.String(),
					"手续费", fee.String()+"000", "商品名称", text))
				want = append(want, fmt.Sprint(txn, gross, settled, -fee, settled-fee, coupon))
			} else {
				b.add(refundRow("微信订单号", txn, "申请退款金额", gross.String(), "退款金额", settled.String(), "充值券退款金额", coupon.String(),
					"手续费", (-fee).String()+"000", "商户数据包", text))
				want = append(want, fmt.Sprint(txn, -gross, -settled, fee, fee-settled, -coupon))
			}
		}
		lines, s, err := read(input(b.text()))
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range want {
			got := fmt.Sprint(lines.ProviderTxnID.StringAt(i), lines.Gross[i], lines.Settled[i], lines.Fee[i], lines.Net[i], lines.Coupon[i])
			if got != w {
				t.Fatalf("line %d: %s instead of %s", i, got, w)
			}
		}
		if s.Rows != int64(len(want)) {
			t.Fatalf("%d rows instead of %d", s.Rows, len(want))
		}
	})
}

// TestOneFenMoreIsAlwaysRefused changes one digit of one row.
func TestOneFenMoreIsAlwaysRefused(t *testing.T) {
	for column, row := range map[string]fields{"应结订单金额": paymentRow(), "订单金额": paymentRow(), "手续费": paymentRow(),
		"退款金额": refundRow(), "申请退款金额": refundRow(), "充值券退款金额": refundRow()} {
		b := newBill(currentALL, row)
		values := b.trueValues()
		changed := newBill(currentALL, row.with(column, strings.Replace(row[column], ".", "1.", 1)))
		refuse(t, input(changed.stating(summary7, values).text()), "its rows add up to")
	}
}

func FuzzRead(f *testing.F) {
	for _, header := range []string{currentALL, currentREFUND, legacyALL, doc2014ALL} {
		f.Add([]byte(newBill(header, refundRow(), refundRow("退款状态", "FAIL")).text()))
	}
	f.Add([]byte("\ufeff" + newBill(currentSUCCESS, paymentRow("商品名称", "茶,`叶")).text()))
	f.Add([]byte(newBill(currentALL, paymentRow("交易类型", "AUTH", "商户订单号", "4.2E+27")).text()))
	f.Add([]byte("微信支付账单明细,,\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		Recognise(data)
		in := input("")
		in.Stream, in.Workers = bytes.NewReader(data), 2
		lines, s, err := read(in)
		if err != nil {
			var refusal *settlement.Refusal
			if !errors.As(err, &refusal) || len(refusal.Errors) == 0 {
				t.Fatalf("not a refusal with reasons: %v", err)
			}
			return
		}
		if s.Rows != int64(lines.Len()) {
			t.Fatalf("%d rows stated, %d emitted", s.Rows, lines.Len())
		}
		for _, total := range s.Totals {
			if computed := recompute(lines, total.Measure); !total.Ties() || computed != total.Computed {
				t.Fatalf("%s: stated %d, computed %d, from the lines %d", total.Name, total.Stated, total.Computed, computed)
			}
		}
	})
}

// recompute adds up a measure from the lines alone, as the proof of a run does.
func recompute(lines *settlement.Lines, m settlement.Measure) (total int64) {
	columns := map[string][]settlement.Amount{"gross_amount": lines.Gross, "settled_amount": lines.Settled,
		"fee_amount": lines.Fee, "coupon_amount": lines.Coupon}
	for i := range lines.Len() {
		switch {
		case !m.Has(lines.Kind[i]):
		case m.Column == "rows":
			total++
		case m.Negate:
			total -= int64(columns[m.Column][i])
		default:
			total += int64(columns[m.Column][i])
		}
	}
	return total
}
