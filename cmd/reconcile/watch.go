package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"reconcile/schedule"
	"reconcile/schedule/metrics"
)

// watch is what others may ask of a schedule that runs.
type watch struct {
	pulse   *schedule.Pulse
	metrics *metrics.Metrics
	places  []string        // that must be there
	stop    context.Context // done when the schedule is told to stop
	now     func() time.Time
	broken  atomic.Bool // the last wake-up failed
}

func (w *watch) failed(error) { w.broken.Store(true) }
func (w *watch) succeeded()   { w.broken.Store(false) }

// lifeless is after how long without a beat a schedule is taken for dead: it beats once
// a minute.
const lifeless = 3 * time.Minute

// serve answers on address until close is called. "" listens nowhere.
func (w *watch) serve(address string, log *slog.Logger) (close func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	log.Info("listening", "address", listener.Addr().String(), "paths", "/healthz /readyz /metrics")
	server := &http.Server{Handler: w.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	ended := make(chan struct{})
	go func() {
		defer func() { ended <- struct{}{} }()
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the metrics are served no more", "error", err)
		}
	}()
	return func() {
		server.Close() //nolint:errcheck // who still asks is not waited for
		<-ended
	}, nil
}

// handler answers: /healthz, whether the schedule lives; /readyz, whether it can do its
// work; /metrics.
func (w *watch) handler() http.Handler {
	answer := func(what func() error) http.HandlerFunc {
		return func(to http.ResponseWriter, _ *http.Request) {
			to.Header().Set("Content-Type", "text/plain; charset=utf-8")
			if err := what(); err != nil {
				to.WriteHeader(http.StatusServiceUnavailable)
				fmt.Fprintln(to, err)
				return
			}
			fmt.Fprintln(to, "ok")
		}
	}
	shown := promhttp.HandlerFor(w.metrics.Gatherer(), promhttp.HandlerOpts{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", answer(w.healthy))
	mux.HandleFunc("GET /readyz", answer(w.ready))
	mux.HandleFunc("GET /metrics", func(to http.ResponseWriter, request *http.Request) {
		w.metrics.SetNext(w.pulse.Next())
		shown.ServeHTTP(to, request)
	})
	return mux
}

func (w *watch) healthy() error {
	if beat := w.pulse.Beat(); !beat.IsZero() && w.now().Sub(beat) > lifeless {
		return fmt.Errorf("no sign of life since %s", beat.Format(time.RFC3339))
	}
	return nil
}

func (w *watch) ready() error {
	switch {
	case w.stop.Err() != nil:
		return errors.New("stopping")
	case w.broken.Load():
		return errors.New("the last wake-up failed: see the log")
	}
	for _, place := range w.places {
		if _, err := os.Stat(place); err != nil {
			return errors.New("a configured folder is not there: see reconcile doctor")
		}
	}
	return w.healthy()
}
