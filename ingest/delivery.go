package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/ingest/container"
	"reconcile/ingest/delimited"
	"reconcile/ingest/orders"
	"reconcile/ingest/sheet"
	"reconcile/settlement"
)

// Delivery is one decoded file to read: a file, a member of an archive, or the rows
// of a query.
type Delivery struct {
	File, Member string
	// Size is the decoded size where the container declares it, else −1.
	Size int64
	open func() (io.ReadCloser, error)
	// FileSize and taken are of the file that it lies in, for whoever waits for it.
	FileSize int64
	taken    func() int64
	// query is asked where the rows come from a database; open is then nil, unless its
	// answer was kept.
	query *query
}

// Source is the name under which messages and tables know the delivery.
func (d *Delivery) Source() string {
	return settlement.Position{File: d.File, Member: d.Member}.String()
}

// How much text a byte of a file is: at the most, of a compressed stream that does not say how
// much it holds, and about so much of a Parquet file.
const (
	textOfStream   = 32
	textOfColumnar = 6
)

// LikelySize is about how much text the delivery holds, in bytes; ok is false where nothing
// is known of it before it is read.
func (d *Delivery) LikelySize() (size int64, ok bool) {
	switch {
	case d.query != nil && d.Size < 0:
		return 0, false
	case d.Size < 0:
		return textOfStream * d.FileSize, true
	case d.query == nil && d.Member == "" && isColumnar(d.File):
		return textOfColumnar * d.Size, true
	}
	return d.Size, true
}

func isColumnar(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false // whoever reads it says so
	}
	defer file.Close()
	head := make([]byte, 8)
	n, _ := io.ReadFull(file, head)
	return orders.RecogniseColumnar(head[:n])
}

// Open lists the deliveries in the named files and folders, and in what patterns match, in
// the order of their names. A container that cannot be opened is a refusal; a path that does not
// exist is an error, since it was typed wrong.
func Open(paths []string) ([]*Delivery, []*settlement.Refusal, error) {
	var deliveries []*Delivery
	var refusals []*settlement.Refusal
	for _, path := range paths {
		members, err := container.Open(path, container.Limits{})
		bad, err := inputErrors(err)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range bad {
			refusals = append(refusals, settlement.Refuse(e))
		}
		for _, m := range members {
			deliveries = append(deliveries, &Delivery{File: m.File, Member: m.Member, Size: m.Size, open: m.Open, FileSize: m.FileSize, taken: m.Taken})
		}
	}
	return deliveries, refusals, nil
}

// Files lists the files behind the paths as Open does, without opening them: a link that
// leads out of its folder, for example, is a refusal.
func Files(paths []string) (files []string, refusals []*settlement.Refusal, err error) {
	for _, path := range paths {
		found, err := container.Files(path)
		bad, err := inputErrors(err)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range bad {
			refusals = append(refusals, settlement.Refuse(e))
		}
		files = append(files, found...)
	}
	return files, refusals, nil
}

// Pattern says whether path is a pattern such as bills/*.zip and not the name of a file,
// and names the folder that it starts from.
func Pattern(path string) (folder string, ok bool) { return container.Pattern(path) }

// Found is an error where nothing has the name path, or where no file matches it.
func Found(path string) error {
	if _, ok := Pattern(path); !ok {
		_, err := os.Stat(path)
		return err
	}
	files, err := container.Files(path)
	if len(files) > 0 {
		return nil // what is wrong with others is told when they are read
	}
	return err
}

// inputErrors takes the errors of single files out of an error that may join
// several; what is left is the run's own.
func inputErrors(err error) (bad []*settlement.InputError, rest error) {
	if err == nil {
		return nil, nil
	}
	if one, ok := err.(*settlement.InputError); ok { //nolint:errorlint // each error of the tree is looked at
		return []*settlement.InputError{one}, nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil, err
	}
	for _, e := range joined.Unwrap() {
		inner, innerRest := inputErrors(e)
		bad = append(bad, inner...)
		rest = errors.Join(rest, innerRest)
	}
	return bad, rest
}

// Options is how deliveries are read.
type Options struct {
	Mappings Mappings
	Workers  int
	// Account and Day are stated by configuration or request; "" and NoDay where
	// they are not.
	Account string
	Day     settlement.Day
	Emits   // take the rows
	// Took is told of bytes of files that were read, nil where nobody asks. It may be
	// called from several goroutines.
	Took func(bytes int64)
}

// headSize is how much of a file is looked at to recognise it.
const headSize = 64 << 10

// Read reads one delivery with the provider that recognises it. index goes into
// the source_file column of its rows. A refused delivery is a *settlement.Refusal
// as the error.
func (d *Delivery) Read(ctx context.Context, index int32, o Options) (*settlement.Statement, error) {
	if d.query != nil {
		return d.readQuery(ctx, index, o)
	}
	stream, err := d.open()
	if err != nil {
		return nil, d.refuse(err)
	}
	defer stream.Close()
	disk := &diskReader{from: stream}
	if o.Took != nil && d.taken != nil {
		disk.told = func() { o.Took(d.taken()) }
	}
	statement, err := d.readStream(ctx, index, o, disk)
	if broken := disk.broken.Load(); err != nil && broken != nil {
		return nil, fmt.Errorf("read %s: %w", d.Source(), broken) // whatever the provider made of it
	}
	return statement, err
}

// diskReader notes that the file system failed, which is no fault of the file: the next
// run may be able to read it.
type diskReader struct {
	from   io.Reader
	told   func() // what was read, nil where nobody asks
	broken atomic.Pointer[fs.PathError]
}

// Read implements io.Reader.
func (r *diskReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if broken := (*fs.PathError)(nil); errors.As(err, &broken) {
		r.broken.Store(broken)
	}
	if r.told != nil {
		r.told()
	}
	return n, err
}

// readStream is Read of an opened delivery.
func (d *Delivery) readStream(ctx context.Context, index int32, o Options, stream io.Reader) (s *settlement.Statement, err error) {
	head := make([]byte, headSize)
	n, err := io.ReadFull(stream, head)
	head = head[:n]
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, d.refuse(err)
	}
	if n == 0 {
		return nil, d.refuse(d.fault("deliver it again; a bill of an empty day has headers and totals", "the file is empty: zero bytes"))
	}
	content := io.MultiReader(bytes.NewReader(head), stream)
	isSheet := sheet.Recognise(head)
	if isSheet {
		spooled, err := sheet.Spool(content)
		if err != nil {
			return nil, d.refuse(sheet.At(err, d.File, d.Member))
		}
		defer func() {
			if broken := spooled.Broken(); err != nil && broken != nil {
				s, err = nil, broken
			}
			spooled.Close()
		}()
		if head, err = spooled.Head(); err != nil {
			return nil, d.refuse(sheet.At(err, d.File, d.Member))
		}
		content = spooled
	}
	for _, f := range providers(o.Mappings) {
		if !f.recognise(head) {
			continue
		}
		if isSheet && !f.sheets {
			return nil, d.refuse(d.fault("deliver the file as it was downloaded, not saved with a spreadsheet program",
				"this is a spreadsheet with the columns of "+f.name))
		}
		in := delimited.Input{
			File: d.File, Member: d.Member, Stream: content,
			Index: index, Workers: o.Workers, Account: o.Account, Day: o.Day,
		}
		statement, err := f.read(ctx, in, o.Emits)
		if err != nil {
			return nil, d.refuse(err)
		}
		return statement, nil
	}
	refusal := settlement.Refuse(d.unknown(head))
	refusal.NotAStatement = true
	return nil, refusal
}

func (d *Delivery) fault(do, what string) *settlement.InputError {
	return &settlement.InputError{Position: settlement.Position{File: d.File, Member: d.Member}, What: what, Do: do}
}

// unknown says what a file is that no provider reads.
func (d *Delivery) unknown(head []byte) *settlement.InputError {
	if what, do, ok := foreign(head); ok {
		return d.fault(do, "this is "+what)
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")) {
		return d.fault("export it as CSV", "this is a spreadsheet or archive of a kind that is not read")
	}
	if !utf8.Valid(firstLineOf(head)) {
		return d.fault("where it is an orders or refunds CSV in GBK or GB18030, set orders.encoding: gb18030 (refunds.encoding) in the configuration, and map its column names (orders.columns)",
			"not a file of a known kind, and not UTF-8: its first line is "+firstLine(head))
	}
	return d.fault("give it bills of WeChat Pay and Alipay, exports of an aggregated account, statements of a bank, or orders and refunds; map other column names of yours in the configuration (orders.columns, refunds.columns, bank.columns)",
		"not a file of a known kind: its first line is "+firstLine(head))
}

func firstLineOf(head []byte) []byte {
	line, _, _ := bytes.Cut(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), []byte{'\n'})
	return line
}

// firstLine is the first line for a message, read as GB18030 where it is not UTF-8.
func firstLine(head []byte) string {
	line := firstLineOf(head)
	if !utf8.Valid(line) {
		if decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(line); err == nil {
			line = decoded
		}
	}
	return "“" + delimited.Heading(string(bytes.ToValidUTF8(bytes.TrimSpace(line), []byte("?")))) + "”"
}

// refuse makes any error of a delivery a refusal, except the run's own: a
// cancelled run and rows that could not be taken.
func (d *Delivery) refuse(err error) error {
	var refusal *settlement.Refusal
	var bad *settlement.InputError
	switch {
	case errors.As(err, &refusal):
		if refusal.Source == "" {
			refusal.Source = d.Source()
		}
		return refusal
	case errors.As(err, &bad):
		return settlement.Refuse(bad)
	}
	return err
}
