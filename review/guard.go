package review

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// policy lets the page load its own style, script and icon, send forms to itself, and do
// nothing else; no other page may show it in a frame.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// largestBody is the most that a form may have: ten thousand breaks and their texts.
const largestBody = 1 << 20

// guarded lets through what may be asked: of this machine's names alone, so that no other
// site's name can be made to point here; and forms of this page alone.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		// Forms need an Origin, which no-referrer would make "null".
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		h.Set("Cache-Control", "no-store")
		if !s.isOurs(r.Host) {
			http.Error(w, "This page is of this machine alone: ask for it as http://"+s.listensOn()+"/", http.StatusMisdirectedRequest)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !sentByUs(r) {
			http.Error(w, "Forms are taken from this page alone: open it in the browser and decide there.", http.StatusForbidden)
			return
		}
		if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" && r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			http.Error(w, "Other sites may link to this page, and nothing else.", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, largestBody)
		select {
		case s.busy <- struct{}{}:
			defer func() { <-s.busy }()
		case <-r.Context().Done():
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOurs says that a request names this machine and this port.
func (s *Server) isOurs(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), "80"
	}
	_, ours, err := net.SplitHostPort(s.listensOn())
	if err != nil || port != ours {
		return false
	}
	ip := net.ParseIP(name)
	return strings.EqualFold(name, "localhost") || ip != nil && ip.IsLoopback()
}

// sentByUs says that a form was sent by a page of the very address it is sent to. Browsers
// state one of the two headers, and most state both.
func sentByUs(r *http.Request) bool {
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	if origin != "" && origin != "http://"+r.Host || site != "" && site != "same-origin" {
		return false
	}
	return origin != "" || site != ""
}

// request is a request while it is answered.
type request struct {
	*http.Request
	w       http.ResponseWriter
	session string // random, of this browser
	who     string // decides; "" where it has to be asked
	chinese bool
	theme   string // light, dark, or "" for what the machine prefers
}

// The names of cookies end with the port, since browsers do not keep ports apart.
func (s *Server) cookieName(what string) string {
	_, port, _ := net.SplitHostPort(s.listensOn())
	return "reconcile-" + what + "-" + port
}

func (s *Server) setCookie(w http.ResponseWriter, what, value string, keep time.Duration) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(what), Value: value, Path: "/", MaxAge: int(keep.Seconds()), HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

func (s *Server) cookie(r *http.Request, what string) string {
	c, err := r.Cookie(s.cookieName(what))
	if err != nil {
		return ""
	}
	return c.Value
}

const (
	sessionBytes = 24
	keepName     = 180 * 24 * time.Hour
)

// answering calls a page's function with what is known of who asks, and says what went wrong.
func (s *Server) answering(answer func(*request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{Request: r, w: w, who: s.Who, chinese: s.Chinese}
		q.session = s.cookie(r, "session")
		if raw, err := base64.RawURLEncoding.DecodeString(q.session); err != nil || len(raw) != sessionBytes {
			var fresh [sessionBytes]byte
			if _, err := rand.Read(fresh[:]); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			q.session = base64.RawURLEncoding.EncodeToString(fresh[:])
			s.setCookie(w, "session", q.session, 0)
		}
		if q.who == "" {
			if name, err := url.QueryUnescape(s.cookie(r, "name")); err == nil && NameFault(name) == "" {
				q.who = name
			}
		}
		if lang := s.cookie(r, "language"); lang != "" {
			q.chinese = lang == "zh"
		} else if accepted := r.Header.Get("Accept-Language"); accepted != "" {
			q.chinese = prefersChinese(accepted)
		}
		if theme := s.cookie(r, "theme"); theme == "light" || theme == "dark" {
			q.theme = theme
		}
		if r.Method == http.MethodPost {
			if err := s.checkForm(q); err != nil {
				s.fail(q, err)
				return
			}
		}
		if err := answer(q); err != nil {
			s.fail(q, err)
		}
	})
}

// prefersChinese reads an Accept-Language header: of Chinese and English the first that is
// wanted most.
func prefersChinese(header string) bool {
	best, chinese := -1, false
	for _, one := range strings.Split(header, ",") {
		tag, weight, _ := strings.Cut(strings.TrimSpace(one), ";")
		tag = strings.ToLower(tag)
		isChinese := tag == "zh" || strings.HasPrefix(tag, "zh-")
		if !isChinese && tag != "en" && !strings.HasPrefix(tag, "en-") {
			continue
		}
		if q := quality(weight); q > best && q > 0 {
			best, chinese = q, isChinese
		}
	}
	return chinese
}

// quality reads q=0.8 as 800.
func quality(weight string) int {
	text, ok := strings.CutPrefix(strings.TrimSpace(weight), "q=")
	if !ok {
		return 1000
	}
	whole, fraction, _ := strings.Cut(text, ".")
	q := 0
	for _, c := range whole + (fraction + "000")[:3] {
		if c < '0' || c > '9' {
			return 0
		}
		q = q*10 + int(c-'0')
	}
	return min(q, 1000)
}

// token binds forms to a browser's session and to this process.
func (s *Server) token(session string) string {
	mac := hmac.New(sha256.New, s.secret[:])
	mac.Write([]byte(session))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

var errOldForm = &pageError{http.StatusForbidden, "This form is of another browser session, or of a server that was started again. Nothing was recorded. Open the page again and decide there.", nil}

var errNoForm = &pageError{http.StatusBadRequest, "The form cannot be read. Nothing was recorded.", nil}

// checkForm reads a form whole and proves that this page made it.
func (s *Server) checkForm(q *request) error {
	if kind, _, _ := strings.Cut(q.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/x-www-form-urlencoded" {
		return &pageError{http.StatusUnsupportedMediaType, "Only forms of this page are taken.", nil}
	}
	if err := q.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return &pageError{http.StatusRequestEntityTooLarge, "The form is too large. Nothing was recorded. Choose fewer breaks at a time.", nil}
		}
		return errNoForm
	}
	if !hmac.Equal([]byte(q.PostForm.Get("token")), []byte(s.token(q.session))) {
		return errOldForm
	}
	for _, values := range q.PostForm {
		if slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
			return errNoForm
		}
	}
	return nil
}

// longestName is how many characters the name of somebody may have.
const longestName = 60

// NameFault says what is wrong with the name of who decides, "" where nothing is.
func NameFault(name string) string {
	switch {
	case name == "" || strings.TrimSpace(name) != name:
		return "Give your name: it stands with each decision."
	case utf8.RuneCountInString(name) > longestName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "The name is too long, or has characters that are none."
	}
	return ""
}

// localPath is a path of this page to go back to; anything else becomes the first page.
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") {
		return "/"
	}
	return u.RequestURI()
}

// settings keeps what a reader prefers: name, language, theme.
func (s *Server) settings(q *request) error {
	form := q.PostForm
	if form.Has("name") && s.Who == "" {
		name := strings.TrimSpace(form.Get("name"))
		if fault := NameFault(name); fault != "" {
			return &pageError{http.StatusUnprocessableEntity, fault, nil}
		}
		s.setCookie(q.w, "name", url.QueryEscape(name), keepName)
	}
	if lang := form.Get("language"); lang == "en" || lang == "zh" {
		s.setCookie(q.w, "language", lang, keepName)
	}
	switch theme := form.Get("theme"); theme {
	case "light", "dark", "auto":
		s.setCookie(q.w, "theme", theme, keepName)
	}
	http.Redirect(q.w, q.Request, localPath(form.Get("back")), http.StatusSeeOther)
	return nil
}

// pageError is a fault that is shown as a page of its own. What is English and has Chinese.
type pageError struct {
	code  int
	what  string
	cause error
}

func (e *pageError) Error() string {
	if e.cause != nil {
		return e.what + " " + e.cause.Error()
	}
	return e.what
}

func (e *pageError) Unwrap() error { return e.cause }

func notFound(what string) error { return &pageError{http.StatusNotFound, what, nil} }

// whereFormStood is the page of a decision that was sent: of the one break, or the breaks of
// the day; "" of any other request.
func whereFormStood(q *request) string {
	day := q.PathValue("day")
	if q.Method != http.MethodPost || day == "" {
		return ""
	}
	at := "/day/" + url.PathEscape(day) + "/breaks"
	if ids := q.PostForm["id"]; len(ids) == 1 {
		at += "/" + url.PathEscape(ids[0])
	}
	return at
}

// fail shows what went wrong. What is no fault of who asks is logged too.
func (s *Server) fail(q *request, err error) {
	page := &pageError{http.StatusInternalServerError, "Something failed here. Nothing was changed.", err}
	errors.As(err, &page)
	if page.code >= http.StatusInternalServerError {
		s.Log.Error("a page failed", "path", q.URL.Path, "error", err)
	}
	detail := ""
	if page.cause != nil {
		detail = page.cause.Error()
	}
	var body bytes.Buffer
	v := struct {
		frame
		What, Detail string
		From         string // the page whose form was sent
	}{s.frame(q, "Not shown"), page.what, detail, whereFormStood(q)}
	v.What = v.T(page.what)
	if err := s.pages.ExecuteTemplate(&body, "error.html", &v); err != nil {
		http.Error(q.w, page.what, page.code)
		return
	}
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.w.WriteHeader(page.code)
	_, _ = q.w.Write(body.Bytes()) // whoever asked is gone
}
