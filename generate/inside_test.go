package generate

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"reconcile/settlement"

	"pgregory.net/rapid"
)

func planOf(t testing.TB, orders int, change ...func(*Options)) *plan {
	t.Helper()
	o := Defaults()
	o.Orders = orders
	for _, c := range change {
		c(&o)
	}
	p, err := newPlan(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPermutationIsABijection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(1, 3000).Draw(t, "n")
		p := newPermutation(rapid.Uint64().Draw(t, "seed"), uint(max(len64(n), 2)))
		seen := make([]bool, n)
		for i := range n {
			v := p.within(i, n)
			if v >= n || seen[v] {
				t.Fatalf("%d of %d goes to %d, out of range or taken", i, n, v)
			}
			seen[v] = true
		}
	})
}

func len64(n uint64) (bits int) {
	for ; n > 0; n >>= 1 {
		bits++
	}
	return bits
}

func TestSerialsHaveThirteenDigits(t *testing.T) {
	n := newNumbering(1, Defaults().Day)
	rapid.Check(t, func(t *rapid.T) {
		index := rapid.IntRange(0, maxOrders-1).Draw(t, "index")
		slot := rapid.IntRange(0, 7).Draw(t, "slot")
		if v := n.own.at(serialOf(index, slot)); v >= 1e13 {
			t.Fatalf("serial %d has more than 13 digits", v)
		}
	})
}

func TestWeChatEscapesAsDocumented(t *testing.T) {
	for _, row := range []struct{ rule, raw, payment, refund string }{
		{"backslash", `\`, `\\`, `\\`},
		{"single quote", `'`, `\'`, `'`},
		{"double quote", `"`, `\"`, `\"`},
		{"backtick", "`", "\\`", `\140`},
		{"comma", `,`, `\ `, `\ `},
		{"line feed, carriage return, tab", "\n\r\t", `\n\r\t`, `\n\r\t`},
		{"U+E000", "\uE000", `\ `, `\ `},
		{"U+001A", "\x1a", "\\\x1a", "\\\x1a"},
		{"plain text", "月饼🎁 a1", "月饼🎁 a1", "月饼🎁 a1"},
	} {
		t.Run(row.rule, func(t *testing.T) {
			if got := string(escapeWeChat(row.raw, false)); got != row.payment {
				t.Errorf("payment: %q instead of %q", got, row.payment)
			}
			if got := string(escapeWeChat(row.raw, true)); got != row.refund {
				t.Errorf("refund: %q instead of %q", got, row.refund)
			}
		})
	}
}

// The product names must keep the bytes that break readers of GB18030: a
// backtick as second byte, and characters of four bytes.
func TestProductNamesHoldTheTrapsOfGB18030(t *testing.T) {
	products, err := newProducts()
	if err != nil {
		t.Fatal(err)
	}
	backtick, four := false, false
	for _, p := range products {
		for i := 0; i+1 < len(p.alipay); i++ {
			if p.alipay[i] < 0x81 {
				continue
			}
			backtick = backtick || p.alipay[i+1] == '`'
			if p.alipay[i+1] < 0x40 {
				four = true
				i += 2
			}
			i++
		}
		if strings.ContainsAny(string(p.alipay), ",\t\r\n") {
			t.Errorf("%q would break Alipay's rows", p.alipay)
		}
	}
	if !backtick || !four {
		t.Errorf("a second byte that is a backtick: %v, a character of four bytes: %v", backtick, four)
	}
}

func TestMostSalesAreOfAFewShops(t *testing.T) {
	p, bySize := planOf(t, 20_000), map[int]int{}
	p.each(func(s *sale) error { bySize[s.shop.number]++; return nil })
	if large := bySize[0] + bySize[1] + bySize[2]; large < 8_000 || large > 16_000 {
		t.Errorf("the first three of %d shops have %d of 20000 sales", p.options.Shops, large)
	}
	if len(bySize) != p.options.Shops {
		t.Errorf("%d of %d shops have sales", len(bySize), p.options.Shops)
	}
}

func TestAmountsReachFromAFenToTensOfThousands(t *testing.T) {
	p := planOf(t, 20_000)
	least, most := settlement.MaxAmount, settlement.Amount(0)
	p.each(func(s *sale) error {
		for _, o := range s.orders[:s.nOrders] {
			least, most = min(least, o.amount), max(most, o.amount)
		}
		return nil
	})
	if least < 1 || least > 5 || most < 2_000_000 || most > 6_100_000 {
		t.Errorf("amounts from %s to %s", least, most)
	}
}

// Passes allocate as much for a large day as for a small one, whatever they write.
func TestMemoryDoesNotGrowWithTheDay(t *testing.T) {
	allocated := func(orders int) (bytes uint64) {
		p := planOf(t, orders, func(o *Options) { o.FundFlow, o.Nth = true, 1 })
		shops := make(alipayShops, len(p.shops))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, f := range p.files(shops) {
			if err := f.write(io.Discard); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := allocated(10_000), allocated(100_000)
	if large > small+64<<10 {
		t.Errorf("100000 orders allocate %d bytes, 10000 allocate %d", large, small)
	}
}

type fullDisk struct{ left int }

var errFull = errors.New("no space left")

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.left -= len(b); d.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestEveryFileReportsAFullDisk(t *testing.T) {
	o := Defaults()
	o.Orders, o.WeChat.Gzip, o.RefundShare, o.FundFlow = 20_000, true, 500_000, true
	p, err := newPlan(o)
	if err != nil {
		t.Fatal(err)
	}
	_, shops, err := p.answer()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.files(shops) {
		t.Run(f.name, func(t *testing.T) {
			for _, left := range []int{0, 1 << 10, 300 << 10} {
				if err := f.write(&fullDisk{left}); !errors.Is(err, errFull) {
					t.Errorf("room for %d bytes: %v", left, err)
				}
			}
		})
	}
}

// BenchmarkDay reports rows of all files a second: to memory, and a pass after
// the other, so for one core.
func BenchmarkDay(b *testing.B) {
	p := planOf(b, 200_000)
	var rows int64
	for b.Loop() {
		key, shops, err := p.answer()
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range p.files(shops) {
			if err := f.write(io.Discard); err != nil {
				b.Fatal(err)
			}
		}
		rows += key.Alipay.Lines() + key.WeChat.Lines() + key.OrderRows + key.RefundRows
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
