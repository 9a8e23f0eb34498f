package pipeline_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/generate"
	"reconcile/settlement"
)

func TestABillWhoseTotalIsOffByAFenIsRefusedAndTheRestGoesOn(t *testing.T) {
	for _, field := range []struct {
		at   int
		name string
	}{{1, "应结订单总金额"}, {2, "退款总金额"}, {4, "手续费总金额"}, {6, "申请退款总金额"}} {
		t.Run(field.name, func(t *testing.T) {
			d := plantedDay(t, nil)
			_, whole := ran(t, d.all()...)
			rewritten(t, d.wechat, func(text string) string {
				isTrailer := func(fields []string) bool { return len(fields) == 7 && fields[0][0] == '`' }
				return replacedField(t, text, isTrailer, field.at, oneFenMore(t))
			})
			result, out := ran(t, d.all()...)
			incomplete(t, result, out, d.wechat)
			if why := result.Refusals[0].Error(); !strings.Contains(why, field.name) || !strings.Contains(why, "0.01") {
				t.Errorf("got %s", why)
			}
			untied := 0
			for _, total := range result.Refusals[0].Totals {
				if !total.Ties() {
					untied++
				}
			}
			if untied != 1 {
				t.Errorf("%d totals do not tie", untied)
			}
			waits(t, out, "wechat")
			sameBreaks(t, out, whole, "alipay")
			if lines := values(t, out, "statement_lines", nil, "line_id"); int64(len(lines)) != d.key.Alipay.Lines() {
				t.Errorf("%d lines instead of Alipay's %d", len(lines), d.key.Alipay.Lines())
			}
		})
	}
}

func TestATruncatedDeliveryIsRefusedAndTheRestGoesOn(t *testing.T) {
	half := func(text string) string { return text[:len(text)/2] }
	for _, c := range []struct {
		name, wallet, other string
		change              func(*generate.Options)
		cut                 func(string) string
	}{
		{"zip", "alipay", "wechat", nil, half},
		{"zip without its last byte", "alipay", "wechat", nil, func(text string) string { return text[:len(text)-1] }},
		{"gzip", "wechat", "alipay", func(o *generate.Options) { o.WeChat.Gzip = true }, half},
		{"gzip without its checksum", "wechat", "alipay", func(o *generate.Options) { o.WeChat.Gzip = true },
			func(text string) string { return text[:len(text)-8] }},
		{"plain, at the end of a row", "wechat", "alipay", nil, func(text string) string {
			text = half(text)
			return text[:strings.LastIndexByte(text, '\n')+1]
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := plantedDay(t, c.change)
			_, whole := ran(t, d.all()...)
			cut := map[string]string{"alipay": d.alipay, "wechat": d.wechat}[c.wallet]
			rewritten(t, cut, c.cut)
			result, out := ran(t, d.all()...)
			incomplete(t, result, out, cut)
			waits(t, out, c.wallet)
			matched := func(out string) []string {
				return values(t, out, "matches", of(c.other), "match_id", "verdict", "difference")
			}
			if got, want := matched(out), matched(whole); len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("%d matches of %s instead of %d", len(got), c.other, len(want))
			}
		})
	}
}

// packed writes text as a gzip file.
func packed(t testing.TB, path, text string) string {
	t.Helper()
	var file bytes.Buffer
	w := gzip.NewWriter(&file)
	io.WriteString(w, text)
	w.Close()
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAFileDeliveredTwiceCountsOnce(t *testing.T) {
	d := plantedDay(t, nil)
	_, once := ran(t, d.all()...)
	content, err := os.ReadFile(d.wechat)
	if err != nil {
		t.Fatal(err)
	}
	again := packed(t, filepath.Join(t.TempDir(), "again.csv.gz"), string(content))
	result, out := ran(t, append(d.all(), again)...)
	complete(t, result, out)
	copies := 0
	for _, in := range result.Manifest.Inputs {
		if in.DuplicateOf != "" {
			copies++
		}
	}
	if copies != 1 {
		t.Errorf("%d inputs are called duplicates", copies)
	}
	sameBreaks(t, out, once, "wechat")
	sameBreaks(t, out, once, "alipay")
	for _, table := range []string{"statement_lines", "order_events", "charges", "matches", "open_items"} {
		if got, want := len(values(t, out, table, nil, "wallet")), len(values(t, once, table, nil, "wallet")); got != want {
			t.Errorf("%s: %d rows instead of %d", table, got, want)
		}
	}
}

// monthly is a bill of September with the rows of the day's Alipay bill, changed.
func monthly(t testing.TB, d delivered, change func(text string) string) string {
	t.Helper()
	archive, err := zip.OpenReader(d.alipay)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	member, err := archive.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(simplifiedchinese.GB18030.NewDecoder().Reader(member))
	if err != nil {
		t.Fatal(err)
	}
	bill := string(text)
	for old, new := range map[string]string{"起始日期：[2024年09月12日": "起始日期：[2024年09月01日", "终止日期：[2024年09月13日": "终止日期：[2024年10月01日"} {
		if !strings.Contains(bill, old) {
			t.Fatalf("the bill has no %s", old)
		}
		bill = strings.Replace(bill, old, new, 1)
	}
	if change != nil {
		bill = change(bill)
	}
	encoded, err := simplifiedchinese.GB18030.NewEncoder().String(bill)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "september.csv")
	if err := os.WriteFile(path, []byte(encoded), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLinesOfADailyAndAMonthlyBillCountOnce(t *testing.T) {
	d := plantedDay(t, nil)
	_, daily := ran(t, d.all()...)
	result, out := ran(t, append(d.all(), monthly(t, d, nil))...)
	complete(t, result, out)
	lines := values(t, out, "statement_lines", nil, "line_id", "gross_amount", "match_state")
	if !slices.Equal(lines, values(t, daily, "statement_lines", nil, "line_id", "gross_amount", "match_state")) ||
		int64(len(lines)) != d.key.Alipay.Lines()+d.key.WeChat.Lines() {
		t.Errorf("%d lines: not those of the daily bills", len(lines))
	}
	sameBreaks(t, out, daily, "alipay")
	sameBreaks(t, out, daily, "wechat")
	if !slices.ContainsFunc(result.Manifest.Notes, func(n string) bool { return strings.Contains(n, "lines stand in more than one file") }) {
		t.Errorf("notes: %q", result.Manifest.Notes)
	}
}

func TestFilesThatContradictEachOtherAreBothRefused(t *testing.T) {
	isPayment := func(fields []string) bool { return len(fields) == 25 && fields[2] == "交易\t" }
	otherNumber := func(field string) string {
		last := len(field) - 2 // before the tab
		return field[:last] + string('0'+(field[last]-'0'+1)%10) + field[last+1:]
	}
	for _, c := range []struct {
		name, says string
		at         int
		change     func(string) string
	}{
		{"in an amount", "gross_amount", 11, oneFenMore(t)},
		{"in the order number, which parts them", "order_no", 1, otherNumber},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := plantedDay(t, nil)
			_, daily := ran(t, d.all()...)
			month := monthly(t, d, func(text string) string { return replacedField(t, text, isPayment, c.at, c.change) })
			if _, alone := ran(t, d.wechat, month, d.orders, d.refunds); len(breaksOf(t, alone, "wechat")) == 0 {
				t.Fatal("the changed bill is not accepted by itself")
			}
			result, out := ran(t, append(d.all(), month)...)
			var bill string
			for _, r := range result.Refusals {
				if strings.HasPrefix(r.Source, d.alipay) {
					bill = r.Source
				}
			}
			incomplete(t, result, out, bill, month)
			for _, r := range result.Refusals {
				other := month
				if r.Source == month {
					other = bill
				}
				if why := r.Error(); !strings.Contains(why, c.says) || !strings.Contains(why, other+":") {
					t.Errorf("%s: %s", r.Source, why)
				}
			}
			waits(t, out, "alipay")
			sameBreaks(t, out, daily, "wechat")
		})
	}
}

func TestAnEmptyDayIsAResult(t *testing.T) {
	d := plantedDay(t, func(o *generate.Options) { o.Orders, o.Cases = 0, nil })
	result, out := ran(t, d.all()...)
	complete(t, result, out)
	if n := result.Overview.BreakCount(); n != 0 {
		t.Errorf("%d breaks", n)
	}
	for _, table := range settlement.Tables {
		rows := int64(0)
		for _, written := range result.Manifest.Tables {
			if written.Name == table.Name {
				rows = written.Rows
			}
		}
		if n := len(values(t, out, table.Name, nil)); int64(n) != rows || n > 0 && table.Name != "control_totals" {
			t.Errorf("%s: %d rows, run.json says %d", table.Name, n, rows)
		}
	}
}

func TestLinesWithoutOrdersWait(t *testing.T) {
	d := plantedDay(t, nil)
	result, out := ran(t, d.alipay, d.wechat)
	complete(t, result, out)
	states := counted(values(t, out, "statement_lines", nil, "match_state"))
	if want := int(d.key.Alipay.Lines() + d.key.WeChat.Lines()); states["open"] != want || len(states) != 1 {
		t.Errorf("%v, want %d open", states, want)
	}
	if n := result.Overview.BreakCount(); n != 0 {
		t.Errorf("%d breaks: %q", n, found(t, out))
	}
}

func TestOrdersWithoutStatementsWait(t *testing.T) {
	d := plantedDay(t, func(o *generate.Options) { o.Cases[generate.NotPaid] = generate.Count(9) })
	result, out := ran(t, d.orders, d.refunds)
	complete(t, result, out)
	states := counted(values(t, out, "order_events", nil, "match_state"))
	if want := int(d.key.Events()) - 9; states["open"] != want || states["not_expected"] != 9 || len(states) != 2 {
		t.Errorf("%v, want %d open and 9 not expected", states, want)
	}
	if n := result.Overview.BreakCount(); n != 0 {
		t.Errorf("%d breaks: %q", n, found(t, out))
	}
}
