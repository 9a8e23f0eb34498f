package generate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"reconcile/settlement"
)

// file is one file of a day and the pass that writes it.
type file struct {
	name  string
	write func(io.Writer) error
}

// Day writes the files of a day into dir, which it makes where it is missing,
// and returns the answer key. Files of the same names are replaced. Equal
// options give equal bytes. Where a file cannot be written, none of this call is
// left behind.
func Day(dir string, o Options) (*Key, error) { return Write(context.Background(), dir, o, nil) }

// Write is Day for callers that may stop it, which is an error like any other, and
// who want to know how far it is: progress is told the purchases that all passes
// have built and will build. It may be nil, and is called from several goroutines.
func Write(ctx context.Context, dir string, o Options, progress func(done, total int64)) (*Key, error) {
	p, err := newPlan(o)
	if err != nil {
		return nil, err
	}
	var done atomic.Int64
	total := int64(o.Orders) * int64(1+len(p.files(nil)))
	p.tick = func(sales int) error {
		if sum := done.Add(int64(sales)); progress != nil {
			progress(sum, total)
		}
		return ctx.Err()
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	key, shops, err := p.answer()
	if err != nil {
		return nil, err
	}
	if o.Bank {
		if key.Payouts, err = p.payouts(); err != nil {
			return nil, err
		}
	}
	files := p.files(shops)
	faults := make([]error, len(files))
	var passes sync.WaitGroup
	for i, f := range files {
		path := filepath.Join(dir, f.name)
		key.Files = append(key.Files, path)
		passes.Go(func() { faults[i] = writeFile(path, f.write) })
	}
	passes.Wait()
	if err := errors.Join(faults...); err != nil {
		for i, path := range key.Files {
			if !errors.Is(faults[i], errNotMade) {
				os.Remove(path) // best effort: the first error is what counts
			}
		}
		if stopped := ctx.Err(); stopped != nil {
			err = stopped
		}
		return nil, err
	}
	return key, nil
}

// answer passes over the day for what is known before anything is written: the
// key, and the sums of the 汇总, which may stand before its details.
func (p *plan) answer() (*Key, alipayShops, error) {
	key, shops := &Key{}, make(alipayShops, len(p.shops))
	if p.options.OpeningOff != 0 && p.options.Nth > 0 {
		opens := Planted{Kind: settlement.BalanceGap, Expected: reserve, Actual: reserve + p.options.OpeningOff, Case: BalanceOff}
		key.Planted = append(key.Planted, opens, opens) // of both wallets
	}
	var books *wechatFund // the day's bookings, where a balance is planted
	if f, asked := p.options.Cases[BalanceOff]; asked && f.of(p.options.Orders) > 0 {
		books = p.newWeChatFund(io.Discard)
		if err := books.cameBack(); err != nil {
			return nil, nil, err
		}
	}
	err := p.each(func(s *sale) error {
		key.add(s, &p.options)
		shops.add(p, s)
		if books == nil {
			return nil
		}
		books.lines(s)
		key.Planted, books.planted = append(key.Planted, books.planted...), books.planted[:0]
		return books.out.spill()
	})
	return key, shops, err
}

func (p *plan) files(shops alipayShops) []file {
	files := []file{{p.alipayFile() + ".csv.zip", func(w io.Writer) error { return p.writeAlipay(w, shops) }}}
	for _, bill := range p.options.WeChat.Bills {
		files = append(files, file{p.wechatFile(bill), func(w io.Writer) error { return p.writeWeChat(w, bill) }})
	}
	if p.options.FundFlow {
		files = append(files, file{p.alipayLogFile(), p.writeAlipayLog}, file{p.wechatFundFile(), p.writeWeChatFund})
	}
	if p.options.Bank {
		files = append(files, file{p.bankFile(), p.writeBank})
	}
	return append(files, file{OrdersFile, p.writeOrders}, file{RefundsFile, p.writeRefunds})
}

// errNotMade marks the files that are not this call's to remove.
var errNotMade = errors.New("generate: the file cannot be made")

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotMade, err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("generate: %s: %w", path, err)
	}
	return nil
}

// sink collects rows and hands them on in large pieces. Its owner appends to
// buf and calls spill now and then, and flush at the end.
type sink struct {
	out io.Writer
	buf []byte
}

const spillBytes = 256 << 10

func newSink(out io.Writer) *sink { return &sink{out, make([]byte, 0, spillBytes+spillBytes/8)} }

func (s *sink) spill() error {
	if len(s.buf) < spillBytes {
		return nil
	}
	return s.flush()
}

func (s *sink) flush() error {
	_, err := s.out.Write(s.buf)
	s.buf = s.buf[:0]
	return err
}

// gb18030 adds text in that encoding.
func (s *sink) gb18030(text string) error {
	encoded, err := gb18030(text)
	s.buf = append(s.buf, encoded...)
	return err
}
