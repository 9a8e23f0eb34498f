// Package review is a web page of one machine: the days of an output folder, their open
// breaks, each with its order's story, and the decisions of people, which are added to the
// file of decisions that the next run reads. Nothing else is ever written.
//
// guard.go decides who may ask, dataset.go what may be shown, queue.go which breaks,
// audit.go, decide.go and forms.go what is decided, pages.go how it looks.
package review

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"reconcile/funds"
	"reconcile/settlement"
)

// Options are what a page is made of.
type Options struct {
	Out string // the folder of a result, or of a dataset of days

	// Decisions is the CSV file to which decisions are added; "" makes the page read-only.
	// Workbook is a file with decisions beside it, which is only read.
	Decisions, Workbook string
	// NotRead says that the configuration does not name Decisions: a run would not read it.
	NotRead bool
	// WriteOffLimit is the largest difference that may be written off, as a magnitude.
	WriteOffLimit settlement.Amount
	// Who decides; "" asks.
	Who string

	// Chinese is the language of whoever states none.
	Chinese bool
	// Say gives words of the tables and of stories in a language; the English is the key.
	Say func(chinese bool, text string) string
	// ReasonInChinese tells why something is a break; the tables say it in English.
	ReasonInChinese func(text string) string
	// Calendar has the days on which banks work; nil is the shipped one.
	Calendar *funds.Calendar

	Log *slog.Logger
	Now func() time.Time
}

//go:embed pages static
var files embed.FS

// Server answers the requests for the page.
type Server struct {
	Options
	data    *dataset
	audit   *audit
	pages   *template.Template
	secret  [32]byte // of this process: tokens of another one are not taken
	busy    chan struct{}
	handler http.Handler

	forms forms

	mu   sync.Mutex
	host string // where it listens
}

// most is how many requests are answered at a time; others wait.
const most = 16

// New makes the page of an output folder. The error wraps output.ErrNoResult where the
// folder is neither a result nor a dataset with a day in it.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{Options: o, busy: make(chan struct{}, most), forms: forms{sent: map[string]*outcome{}}}
	if _, err := rand.Read(s.secret[:]); err != nil {
		return nil, err
	}
	var err error
	if s.data, err = openDataset(o.Out); err != nil {
		return nil, err
	}
	s.audit = &audit{path: o.Decisions, workbook: o.Workbook}
	s.pages, err = template.New("").Funcs(pageFuncs).ParseFS(files, "pages/*.html")
	if err != nil {
		return nil, err
	}
	s.handler = s.guarded(s.routes())
	return s, nil
}

// Look says why the newest result is not shown, nil where it is.
func (s *Server) Look(ctx context.Context) error {
	names, err := s.data.names()
	if err != nil || len(names) == 0 {
		return err
	}
	_, err = s.data.known(names[0], names).manifest(ctx)
	return err
}

// routes say which method and path is answered by what; anything else is refused by the mux.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, answer := range map[string]func(*request) error{
		"GET /{$}":                      s.showDays,
		"GET /day/{day}":                s.showDay,
		"GET /day/{day}/report.html":    s.sendReport,
		"GET /day/{day}/breaks":         s.showQueue,
		"GET /day/{day}/breaks/{break}": s.showBreak,
		"POST /day/{day}/confirm":       s.confirm,
		"POST /day/{day}/decide":        s.decide,
		"POST /settings":                s.settings,
		"/":                             func(*request) error { return notFound("there is no such page") },
	} {
		mux.Handle(pattern, s.answering(answer))
	}
	for _, name := range []string{"review.css", "review.js", "icon.svg"} {
		mux.Handle("GET /static/"+name, staticFile(name))
	}
	return mux
}

// staticFile sends a file of the program.
func staticFile(name string) http.Handler {
	text, err := fs.ReadFile(files, "static/"+name)
	if err != nil {
		panic("review: " + err.Error()) // it is compiled in
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
	})
}

// The times after which a request that does not go on is given up.
const (
	headerTime = 5 * time.Second
	readTime   = 20 * time.Second
	writeTime  = 3 * time.Minute // a story of many days is read while its page is sent
	idleTime   = 2 * time.Minute
	stopTime   = 5 * time.Second
)

// Serve answers until ctx ends, and then lets the requests at hand finish. The listener
// must be one of the loopback interface (see Loopback).
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	s.mu.Lock()
	s.host = listener.Addr().String()
	s.mu.Unlock()
	server := &http.Server{Handler: s.handler, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn)}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		//nolint:contextcheck // ctx is over: what is at hand has a time of its own
		end, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		stopped <- errors.Join(server.Shutdown(end), server.Close())
	})
	err := server.Serve(listener)
	if stop() || !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	}
	if err := <-stopped; err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// listensOn is where the page is.
func (s *Server) listensOn() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.host
}

// ErrNotLoopback says that an address can be reached from other machines.
var ErrNotLoopback = errors.New("not an address of this machine alone")

// Loopback checks an address such as 127.0.0.1:8420: whoever can reach it can decide.
func Loopback(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return fmt.Errorf("%q: not an address such as 127.0.0.1:8420", address)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("%q: %w: whoever reaches the page can decide, and it asks for no password (listen on 127.0.0.1, and reach it from elsewhere through ssh -L)", address, ErrNotLoopback)
}
