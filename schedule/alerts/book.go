package alerts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Kind is what a finding is about, by which it finds its route.
type Kind string

// The kinds of findings.
const (
	Late       Kind = "late"       // a bill that should be there is not
	Failed     Kind = "failed"     // a run failed; nothing was committed
	Incomplete Kind = "incomplete" // an input was refused
	Difference Kind = "difference" // a day's breaks exceed the route's threshold
)

// Kinds are the names of the kinds.
var Kinds = []string{string(Late), string(Failed), string(Incomplete), string(Difference)}

// AtOnce says that a finding of the kind does not wait for the day's digest: somebody
// can still do something about it.
func (k Kind) AtOnce() bool { return k != Difference }

// Finding is one thing to tell.
type Finding struct {
	Kind Kind `json:"kind"`
	// Cause is what the finding is about, the same however often it is found.
	Cause string `json:"cause"`
	// Text is one line for people, without personal data.
	Text string `json:"text"`
	// Fen is how much a difference is, without a sign: for the route's threshold.
	Fen int64 `json:"fen,omitempty"`
}

// bookPage is what is remembered of a route.
type bookPage struct {
	// Told are the causes that were told, with the time.
	Told map[string]time.Time `json:"told,omitempty"`
	// Waiting are the findings that were not told yet.
	Waiting []Finding `json:"waiting,omitempty"`
	// Digest is the day of the last digest, as 2024-09-12.
	Digest string `json:"digest,omitempty"`
}

// Book remembers what was told. It stands beside the dataset.
type Book struct {
	path  string
	Pages map[string]*bookPage `json:"routes"`
}

// kept is how long a cause is remembered. Days older than that are not looked at.
const kept = 400 * 24 * time.Hour

// OpenBook reads the book at path, or begins one.
func OpenBook(path string) (*Book, error) {
	b := &Book{path: path, Pages: map[string]*bookPage{}}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, b); err != nil {
		return nil, fmt.Errorf("%s: not a book of alerts: %w (move it away: what was told already may then be told again)", path, err)
	}
	return b, nil
}

func (b *Book) page(route string) *bookPage {
	if b.Pages == nil {
		b.Pages = map[string]*bookPage{}
	}
	p := b.Pages[route]
	if p == nil {
		p = &bookPage{}
		b.Pages[route] = p
	}
	if p.Told == nil {
		p.Told = map[string]time.Time{}
	}
	return p
}

// add notes a finding that is to be told, once a cause. The latest text counts.
func (p *bookPage) add(f Finding) {
	if _, told := p.Told[f.Cause]; told {
		return
	}
	for i := range p.Waiting {
		if p.Waiting[i].Cause == f.Cause {
			p.Waiting[i] = f
			return
		}
	}
	p.Waiting = append(p.Waiting, f)
}

// Solved forgets causes that are over: if they come again, they are told again.
func (b *Book) Solved(over func(cause string) bool) {
	for _, p := range b.Pages {
		for cause := range p.Told {
			if over(cause) {
				delete(p.Told, cause)
			}
		}
		var waiting []Finding
		for _, f := range p.Waiting {
			if !over(f.Cause) {
				waiting = append(waiting, f)
			}
		}
		p.Waiting = waiting
	}
}

// Save writes the book in one step: whole on the disk before it takes its place.
func (b *Book) Save(now time.Time) error {
	for _, p := range b.Pages {
		for cause, at := range p.Told {
			if now.Sub(at) > kept {
				delete(p.Told, cause)
			}
		}
	}
	raw, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(b.path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(b.path), filepath.Base(b.path)+".new-*")
	if err != nil {
		return fmt.Errorf("keep the book of alerts: %w", err)
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), b.path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("keep the book of alerts: %w", err)
	}
	return nil
}

// Hold keeps other processes from the book at path until the file is closed: two that
// tell at the same time would tell the same. A file system that has no locks gives one to
// everybody.
func Hold(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
	if err != nil && !errors.Is(err, unix.ENOLCK) && !errors.Is(err, unix.ENOTSUP) && !errors.Is(err, unix.ENOSYS) {
		f.Close()
		return nil, err
	}
	return f, nil
}
