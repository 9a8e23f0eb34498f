package ingest_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/generate"
	"reconcile/ingest"
	"reconcile/settlement"
)

// day is a small generated day, decoded.
type day struct {
	bill, summary string   // Alipay's members, GB18030
	parts         []string // of the bill, where the options ask for them
	wechat        []string // in the order of the options
	orders        string
	refunds       string
}

func generated(t testing.TB, change func(*generate.Options)) day {
	t.Helper()
	o := generate.Sample()
	if change != nil {
		change(&o)
	}
	key, err := generate.Day(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	var d day
	archive, err := zip.OpenReader(key.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, f := range archive.File {
		member, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(member)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.Contains(f.Name, gbk(t, "汇总")):
			d.summary = string(text)
		default:
			d.parts = append(d.parts, string(text))
		}
	}
	d.bill = d.parts[0]
	for _, path := range key.Files[1:] {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		switch filepath.Base(path) {
		case generate.OrdersFile:
			d.orders = string(content)
		case generate.RefundsFile:
			d.refunds = string(content)
		default:
			d.wechat = append(d.wechat, string(content))
		}
	}
	return d
}

func gbk(t testing.TB, text string) string {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// utf8Of decodes what is GB18030.
func utf8Of(t testing.TB, text string) string {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewDecoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// edited replaces text in a bill in GB18030; it must be there.
func edited(t testing.TB, bill, old, new string) string {
	t.Helper()
	if !strings.Contains(bill, gbk(t, old)) {
		t.Fatalf("%q is not in the bill", old)
	}
	return strings.ReplaceAll(bill, gbk(t, old), gbk(t, new))
}

func gzipped(text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	io.WriteString(w, text)
	w.Close()
	return out.String()
}

// zipped packs members: name, text, name, text, …
func zipped(t testing.TB, members ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(members); i += 2 {
		member, err := w.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(member, members[i+1])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// delivered is what a run would know of the deliveries.
type delivered struct {
	ingest.Intake
	names []string
	rows  int64 // that were handed over
}

// at is the index of the delivery whose source ends with name.
func (d *delivered) at(t testing.TB, name string) int32 {
	t.Helper()
	for i, source := range d.names {
		if strings.HasSuffix(source, name) {
			return int32(i)
		}
	}
	t.Fatalf("%s was not delivered: %q", name, d.names)
	return -1
}

// refusalOf is the text of the refusal of the delivery whose source ends with
// name, "" where it was not refused.
func (d *delivered) refusalOf(name string) string {
	for _, r := range d.Refusals {
		if strings.HasSuffix(r.Source, name) {
			return r.Error()
		}
	}
	return ""
}

func (d *delivered) accepted() (n int) {
	for i := range d.Statements {
		if d.Accepted(int32(i)) {
			n++
		}
	}
	return n
}

// deliver writes files (name, content, …) into a folder of their own and reads it
// as a run does.
func deliver(t testing.TB, files ...string) *delivered {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return read(t, dir)
}

func read(t testing.TB, paths ...string) *delivered {
	t.Helper()
	deliveries, refusals, err := ingest.Open(paths)
	if err != nil {
		t.Fatal(err)
	}
	d := &delivered{Intake: ingest.Intake{Statements: make([]*settlement.Statement, len(deliveries)), Refusals: refusals}}
	var rows atomic.Int64
	count := func(rec arrow.Record) error {
		rows.Add(rec.NumRows())
		return nil
	}
	for i, delivery := range deliveries {
		d.names = append(d.names, delivery.Source())
		statement, err := delivery.Read(context.Background(), int32(i), ingest.Options{Workers: 2, Day: settlement.NoDay, Emits: ingest.Emits{Lines: count, Events: count, Funds: count}})
		var refusal *settlement.Refusal
		switch {
		case errors.As(err, &refusal):
			d.Refusals = append(d.Refusals, refusal)
		case err != nil:
			t.Fatal(err)
		default:
			d.Statements[i] = statement
		}
	}
	d.Settle()
	d.rows = rows.Load()
	return d
}
