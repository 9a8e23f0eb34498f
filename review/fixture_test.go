package review

import (
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

const testHost = "127.0.0.1:8420"

// inventedBreaks writes a result with so many breaks, and nothing else, to dir.
func inventedBreaks(t testing.TB, dir string, day settlement.Day, n int) *settlement.Breaks {
	t.Helper()
	b := &settlement.Breaks{}
	h := &settlement.IDHasher{}
	kinds := len(settlement.BreakWords) - 1
	for i := range n {
		difference := settlement.Amount(i%3000 - 1500)
		shop, refund := "", ""
		if i%3 == 0 {
			shop = fmt.Sprintf("店铺%d", i%40)
		}
		if i%7 == 0 {
			refund = fmt.Sprintf("R%010d", i)
		}
		b.Add(h, settlement.Break{Kind: settlement.BreakKind(1 + i%kinds), Wallet: settlement.Wallet(1 + i%2), Account: fmt.Appendf(nil, "16001234%02d", i%5),
			OrderNo: fmt.Appendf(nil, "O%012d", i), RefundNo: []byte(refund), ProviderID: fmt.Appendf(nil, "4200%020d", i), Shop: []byte(shop),
			Expected: 10_000, Actual: 10_000 + difference, SeenOn: day - settlement.Day(i%40), Reason: fmt.Sprintf("the order says %d", i), Suggest: "look", FileLine: int64(i + 2)}, day)
	}
	writeResult(t, dir, day, b)
	return b
}

// writeResult writes a result whose only table is breaks.
func writeResult(t testing.TB, dir string, day settlement.Day, b *settlement.Breaks) {
	t.Helper()
	writeResultOf(t, dir, day, b, "in/账单.csv")
}

// writeResultOf is writeResult of breaks of a file.
func writeResultOf(t testing.TB, dir string, day settlement.Day, b *settlement.Breaks, file string) {
	t.Helper()
	table, _ := settlement.TableNamed("breaks")
	part, err := output.NewPart(filepath.Join(dir, "breaks", output.PartName(0)), table, []string{file})
	if err != nil {
		t.Fatal(err)
	}
	record := settlement.Record(b)
	defer record.Release()
	if err := part.Write(record); err != nil {
		t.Fatal(err)
	}
	info, err := part.Close()
	if err != nil {
		t.Fatal(err)
	}
	m := output.Manifest{Complete: true, Proof: []output.Check{{Name: "all", Expected: "1", Actual: "1", Holds: true}}, Day: &output.DayState{Day: day.String()}}
	m.AddPart(info)
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, output.SuccessName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func dayOf(t testing.TB, text string) settlement.Day {
	t.Helper()
	day, err := settlement.ParseDay([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// browser is somebody who looks at the page and sends its forms.
type browser struct {
	t       testing.TB
	server  *Server
	cookies map[string]string
	header  http.Header
}

// newServer is a page over a folder, with a file of decisions beside it.
func newServer(t testing.TB, out string, change ...func(*Options)) *Server {
	t.Helper()
	o := Options{Out: out, Decisions: filepath.Join(t.TempDir(), "decisions.csv"), WriteOffLimit: 500, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Say: func(_ bool, text string) string { return text },
		Now: func() time.Time { return time.Date(2024, 9, 16, 9, 0, 0, 0, settlement.Shanghai) }}
	for _, c := range change {
		c(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.host = testHost
	return s
}

func newBrowser(t testing.TB, s *Server) *browser {
	return &browser{t: t, server: s, cookies: map[string]string{}, header: http.Header{}}
}

// ask sends a request as a browser does and returns the answer.
func (b *browser) ask(method, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(context.Background(), method, "http://"+testHost+"/", strings.NewReader(body))
	if u, err := url.Parse(path); err == nil {
		r.URL = u
	}
	r.Host = testHost
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://"+testHost)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, values := range b.header {
		r.Header[name] = values
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	b.server.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() { //nolint:bodyclose // a recorder's
		b.cookies[c.Name] = c.Value
	}
	return w
}

// page asks for a page, which must be there.
func (b *browser) page(path string) string {
	b.t.Helper()
	w := b.ask(http.MethodGet, path, "")
	if w.Code != http.StatusOK {
		b.t.Fatalf("%s: %d: %s", path, w.Code, textOf(w.Body.String()))
	}
	return w.Body.String()
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(token|once|digest)" value="([^"]*)">`)

// fields are the hidden values of the forms on a page.
func fields(page string) url.Values {
	v := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		v.Set(m[1], m[2])
	}
	return v
}

// decide sends a decision about breaks as the page of one of them does.
func (b *browser) decide(day, action string, values url.Values, ids ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	v := fields(b.page("/day/" + day + "/breaks/" + ids[0]))
	v["id"] = ids
	v.Set("action", action)
	v.Set("name", "李会计")
	v.Set("back", "/day/"+day+"/breaks/"+ids[0])
	for name, value := range values {
		v[name] = value
	}
	return b.ask(http.MethodPost, "/day/"+day+"/decide", v.Encode())
}

var tags = regexp.MustCompile(`<[^>]*>|\s+`)

// textOf is what a page says, without its tags.
func textOf(page string) string {
	return html.UnescapeString(strings.Join(strings.Fields(tags.ReplaceAllString(page, " ")), " "))
}

// generatedDays runs generated days into a dataset.
func generatedDays(t *testing.T, dataset string, days int) []pipeline.Job {
	t.Helper()
	var jobs []pipeline.Job
	for n := range days {
		o := generate.Defaults()
		o.Orders, o.Nth = 300, n
		o.Day += settlement.Day(n)
		for _, c := range generate.Askable() {
			if c.PlantsBreak() && c.IsPossible(o) {
				o.Cases[c] = generate.Count(2)
			}
		}
		key, err := generate.Day(t.TempDir(), o)
		if err != nil {
			t.Fatal(err)
		}
		job := pipeline.Job{Paths: key.Files, Dataset: dataset, Day: o.Day}
		if _, err := pipeline.Run(context.Background(), job); err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, job)
	}
	return jobs
}
