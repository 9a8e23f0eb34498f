package review

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/output"
)

func daysOf(t testing.TB, days ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, day := range days {
		inventedBreaks(t, filepath.Join(dir, "dt="+day), dayOf(t, day), 120)
	}
	return dir
}

func TestOnlyNamesOfThisMachineAreAnswered(t *testing.T) {
	b := newBrowser(t, newServer(t, daysOf(t, "2024-09-12")))
	for host, want := range map[string]int{
		testHost: http.StatusOK, "localhost:8420": http.StatusOK, "[::1]:8420": http.StatusOK, "LOCALHOST:8420": http.StatusOK,
		"evil.example:8420": http.StatusMisdirectedRequest, "127.0.0.1:80": http.StatusMisdirectedRequest, "127.0.0.1": http.StatusMisdirectedRequest,
		"127.0.0.1.evil.example:8420": http.StatusMisdirectedRequest, "192.168.1.2:8420": http.StatusMisdirectedRequest, "": http.StatusMisdirectedRequest,
		"localhost.evil.example:8420": http.StatusMisdirectedRequest,
	} {
		w := b.ask(http.MethodGet, "/", "", func(r *http.Request) { r.Host = host })
		if w.Code != want {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
		if want != http.StatusOK && strings.Contains(w.Body.String(), "2024-09-12") {
			t.Errorf("%q sees a day", host)
		}
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	b := newBrowser(t, newServer(t, daysOf(t, "2024-09-12")))
	form := fields(b.page("/")).Encode() + "&language=zh&back=/"
	for name, c := range map[string]struct {
		origin, site string
		want         int
	}{
		"this page":                  {"http://" + testHost, "same-origin", http.StatusSeeOther},
		"an old browser":             {"http://" + testHost, "", http.StatusSeeOther},
		"without an origin":          {"", "same-origin", http.StatusSeeOther},
		"another site":               {"http://evil.example", "cross-site", http.StatusForbidden},
		"another site, old browser":  {"http://evil.example", "", http.StatusForbidden},
		"another port":               {"http://127.0.0.1:9000", "same-site", http.StatusForbidden},
		"another port, no origin":    {"", "same-site", http.StatusForbidden},
		"a sandbox":                  {"null", "cross-site", http.StatusForbidden},
		"no browser":                 {"", "", http.StatusForbidden},
		"another scheme":             {"https://" + testHost, "same-origin", http.StatusForbidden},
		"an origin that only begins": {"http://" + testHost + ".evil.example", "", http.StatusForbidden},
	} {
		w := b.ask(http.MethodPost, "/settings", form, func(r *http.Request) {
			r.Header.Del("Origin")
			r.Header.Del("Sec-Fetch-Site")
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			if c.site != "" {
				r.Header.Set("Sec-Fetch-Site", c.site)
			}
		})
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
	}
	if w := b.ask(http.MethodGet, "/static/review.js", "", func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Sec-Fetch-Mode", "no-cors")
	}); w.Code != http.StatusForbidden {
		t.Errorf("another site loads a script of this page: %d", w.Code)
	}
}

func TestFormsNeedTheTokenOfTheirSession(t *testing.T) {
	s := newServer(t, daysOf(t, "2024-09-12"))
	mine, other := newBrowser(t, s), newBrowser(t, s)
	token := fields(mine.page("/"))
	other.page("/")
	for name, c := range map[string]struct {
		who  *browser
		form string
		want int
	}{
		"its own":          {mine, token.Encode(), http.StatusSeeOther},
		"none":             {mine, "language=zh", http.StatusForbidden},
		"another's":        {other, token.Encode(), http.StatusForbidden},
		"without a cookie": {newBrowser(t, s), token.Encode(), http.StatusForbidden},
		"of an old server": {newBrowser(t, newServer(t, daysOf(t, "2024-09-12"))), token.Encode(), http.StatusForbidden},
	} {
		if w := c.who.ask(http.MethodPost, "/settings", c.form); w.Code != c.want {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
	}
	w := mine.ask(http.MethodGet, "/", "", func(r *http.Request) { r.Header.Del("Cookie") })
	for _, c := range w.Result().Cookies() { //nolint:bodyclose // a recorder's
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
			t.Errorf("%s can be read by scripts, or is sent by other sites", c.Name)
		}
	}
}

func TestEveryAnswerHasThePolicyAndNoScriptOfItsOwn(t *testing.T) {
	b := newBrowser(t, newServer(t, daysOf(t, "2024-09-12")))
	id := idOf(t, b, "2024-09-12", 0)
	for _, path := range []string{"/", "/day/2024-09-12", "/day/2024-09-12/breaks", "/day/2024-09-12/breaks/" + id, "/day/2024-09-12/report.html", "/nothing", "/static/review.js", "/static/nothing", "/day/2024-09-12/breaks?kind=%22%3E%3Cscript%3E"} {
		w := b.ask(http.MethodGet, path, "")
		h := w.Header()
		if h.Get("Content-Security-Policy") != policy || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", path, h)
		}
		page := w.Body.String()
		if strings.Contains(page, "<script>") || strings.Contains(page, " style=") || strings.Contains(page, "<style") || strings.Contains(page, " onclick=") || strings.Contains(page, "javascript:") {
			t.Errorf("%s has a script or style in it", path)
		}
	}
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, part) || strings.Contains(policy, "unsafe") {
			t.Errorf("the policy lacks %s", part)
		}
	}
}

func TestMethodsAreLimited(t *testing.T) {
	b := newBrowser(t, newServer(t, daysOf(t, "2024-09-12")))
	token := fields(b.page("/")).Encode()
	for _, c := range [][2]string{{"POST", "/"}, {"PUT", "/"}, {"DELETE", "/day/2024-09-12"}, {"GET", "/day/2024-09-12/decide"}, {"GET", "/settings"}, {"POST", "/day/2024-09-12/breaks"}, {"TRACE", "/"}, {"POST", "/static/review.js"}} {
		w := b.ask(c[0], c[1], token, func(r *http.Request) { r.Header.Set("Origin", "http://"+testHost) })
		if w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotFound {
			t.Errorf("%s %s: %d", c[0], c[1], w.Code)
		}
	}
	if w := b.ask(http.MethodHead, "/", ""); w.Code != http.StatusOK {
		t.Errorf("HEAD: %d", w.Code)
	}
}

func TestNoPathLeadsOutOfTheFolder(t *testing.T) {
	dir := daysOf(t, "2024-09-12")
	secret := filepath.Join(t.TempDir(), "dt=2024-09-11")
	inventedBreaks(t, secret, dayOf(t, "2024-09-11"), 3)
	if err := os.Symlink(secret, filepath.Join(dir, "dt=2024-09-11")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "dt=2024-09-12x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, newServer(t, dir))
	if page := b.page("/"); strings.Contains(page, "2024-09-11") || !strings.Contains(page, "2024-09-12") {
		t.Error("a link that leads out of the folder is a day")
	}
	for _, path := range []string{
		"/day/2024-09-11", "/day/2024-09-12x", "/day/..", "/day/%2e%2e", "/day/..%2f..%2fetc", "/day/2024-09-12%2f..", "/day/2024-09-12/../../etc/passwd", "/day/2024-09-12/run.json",
		"/static/../server.go", "/static/..%2fserver.go", "/static/", "/day/2024-09-12/breaks/..%2f..%2frun.json", "/day/result", "/day/2024-09-31", "/day/%00", "//etc/passwd",
	} {
		w := b.ask(http.MethodGet, path, "")
		if w.Code != http.StatusNotFound && w.Code != http.StatusTemporaryRedirect && w.Code != http.StatusMovedPermanently {
			t.Errorf("%s: %d", path, w.Code)
		}
		if to := w.Header().Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
			t.Errorf("%s leads to %s", path, to)
		}
	}
}

func TestBackLeadsToThisPageAlone(t *testing.T) {
	for path, want := range map[string]string{
		"/day/2024-09-12/breaks?q=a%20b": "/day/2024-09-12/breaks?q=a%20b", "/": "/", "": "/", "//evil.example": "/", "http://evil.example/": "/", `/\evil.example`: "/",
		"javascript:alert(1)": "/", "/a\r\nSet-Cookie: x": "/", "day": "/", "///evil.example": "/",
	} {
		if got := localPath(path); got != want {
			t.Errorf("%q leads to %q, want %q", path, got, want)
		}
	}
}

func TestLargeAndForeignFormsAreRefused(t *testing.T) {
	b := newBrowser(t, newServer(t, daysOf(t, "2024-09-12")))
	token := fields(b.page("/")).Encode()
	if w := b.ask(http.MethodPost, "/settings", token+"&name="+strings.Repeat("a", largestBody)); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("large: %d", w.Code)
	}
	if w := b.ask(http.MethodPost, "/settings", `{"token":""}`, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("JSON: %d", w.Code)
	}
	if w := b.ask(http.MethodPost, "/settings", token+"&name=%ff"); w.Code != http.StatusBadRequest {
		t.Errorf("no text: %d", w.Code)
	}
	if w := b.ask(http.MethodPost, "/settings", token+"&name=a%0ab"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("two lines: %d", w.Code)
	}
}

func TestThePageIsInTheLanguageOfItsReader(t *testing.T) {
	s := newServer(t, daysOf(t, "2024-09-12"))
	for header, chinese := range map[string]bool{"zh-CN,zh;q=0.9,en;q=0.8": true, "en-GB,en;q=0.9": false, "en;q=0.5,zh;q=0.9": true, "fr, zh;q=0.1": true, "zh;q=0, en;q=0.1": false, "de": false, "": false, "zh;q=x,en": false} {
		b := newBrowser(t, s)
		b.header.Set("Accept-Language", header)
		if page := b.page("/"); strings.Contains(page, `<html lang="zh-CN"`) != chinese || strings.Contains(page, "<h1>日期</h1>") != chinese {
			t.Errorf("%q: Chinese %v", header, !chinese)
		}
	}
	b := newBrowser(t, s)
	b.header.Set("Accept-Language", "en")
	form := fields(b.page("/"))
	form.Set("language", "zh")
	form.Set("theme", "dark")
	form.Set("back", "/day/2024-09-12?x=1")
	if w := b.ask(http.MethodPost, "/settings", form.Encode()); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/day/2024-09-12?x=1" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}
	if page := b.page("/"); !strings.Contains(page, `<html lang="zh-CN" data-theme="dark">`) {
		t.Error("what was chosen is not kept")
	}
}

func TestOnlyThisMachinesAddressesAreListenedOn(t *testing.T) {
	for _, good := range []string{"127.0.0.1:8420", "127.0.0.1:0", "[::1]:8420", "localhost:80", "127.9.9.9:1"} {
		if err := Loopback(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"0.0.0.0:8420", ":8420", "[::]:8420", "192.168.1.2:8420", "example.com:80", "10.0.0.1:1"} {
		if err := Loopback(bad); !errors.Is(err, ErrNotLoopback) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, bad := range []string{"", "127.0.0.1", "127.0.0.1:", "8420"} {
		if err := Loopback(bad); err == nil {
			t.Errorf("%q is an address", bad)
		}
	}
}

func TestAStopLetsWhatIsAtHandFinish(t *testing.T) {
	s := newServer(t, daysOf(t, "2024-09-12"))
	var network net.ListenConfig
	listener, err := network.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(text), "2024-09-12") {
		t.Errorf("%d, %v", answer.StatusCode, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("a stop is no error: %v", err)
	}
}

func TestAFolderThatIsNoOutputIsRefused(t *testing.T) {
	empty := t.TempDir()
	for _, dir := range []string{empty, filepath.Join(empty, "nothing")} {
		if _, err := New(Options{Out: dir}); !errors.Is(err, output.ErrNoResult) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%v", err)
		}
	}
}

// idOf is the identity of a break of a day's queue.
func idOf(t testing.TB, b *browser, day string, n int) string {
	t.Helper()
	page := b.page("/day/" + day + "/breaks?" + url.Values{"size": {"200"}}.Encode())
	at := strings.Split(page, `name="id" value="`)
	if len(at) < n+2 {
		t.Fatalf("%d breaks", len(at)-1)
	}
	id, _, _ := strings.Cut(at[n+1], `"`)
	return id
}
