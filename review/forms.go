package review

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"maps"
	"sync"
)

// forms is what came of the forms that were sent, by the random name that each page gives
// its form: one that is sent twice is taken once, and both get the same answer.
type forms struct {
	mu   sync.Mutex
	sent map[string]*outcome
}

// outcome is what came of a form.
type outcome struct {
	done  chan struct{} // closed once the rest is known
	count int           // of decisions that were recorded, also where err is what went wrong then
	err   error
	// untold is how many answers pointed to a page that has to tell of it still.
	untold int
}

// mostForms is how many forms are remembered.
const mostForms = 10_000

// send takes a form by calling record, or waits for whoever took it. What recorded nothing
// may be sent again.
func (f *forms) send(ctx context.Context, name string, record func() (int, error)) (int, error) {
	f.mu.Lock()
	o := f.sent[name]
	taken := o != nil
	if !taken {
		o = &outcome{done: make(chan struct{})}
		if len(f.sent) >= mostForms {
			maps.DeleteFunc(f.sent, func(_ string, old *outcome) bool { return old.isKnown() })
		}
		f.sent[name] = o
	}
	f.mu.Unlock()
	if !taken {
		f.take(name, o, record)
	}
	select {
	case <-o.done:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.err == nil {
		o.untold++
	}
	return o.count, o.err
}

// take records what a form says, whatever becomes of it.
func (f *forms) take(name string, o *outcome, record func() (int, error)) {
	o.err = errors.New("it was given up")
	defer func() {
		if o.count == 0 {
			f.mu.Lock()
			delete(f.sent, name)
			f.mu.Unlock()
		}
		close(o.done)
	}()
	o.count, o.err = record()
}

func (o *outcome) isKnown() bool {
	select {
	case <-o.done:
		return true
	default:
		return false
	}
}

// tell returns how many decisions a form recorded, once for each answer that pointed to the
// page which tells it: neither a link nor a page that is loaded again tells it once more.
func (f *forms) tell(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.sent[name]
	if o == nil || o.untold == 0 {
		return 0
	}
	o.untold--
	return o.count
}

// nonce is a random name of a form.
func nonce() (string, error) {
	var raw [12]byte
	_, err := rand.Read(raw[:])
	return base64.RawURLEncoding.EncodeToString(raw[:]), err
}
