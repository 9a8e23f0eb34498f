package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest"
	"reconcile/output"
	"reconcile/settlement"
)

// Catalogue is which days the files of an inbox belong to. A file is read whole once,
// when it is new or has changed; what it was found to be is kept beside the dataset.
type Catalogue struct {
	Files map[string]*CataloguedFile `json:"files"` // by path

	path string
	// unlisted is what lies in the inbox and is no file to read, such as a link that leads
	// out of it. It is looked up each time, and belongs to every day.
	unlisted []*settlement.Refusal
}

// CataloguedFile is a file as it was when it was read.
type CataloguedFile struct {
	Size    int64              `json:"size"`
	ModTime time.Time          `json:"mod_time"`
	Members []CataloguedMember `json:"members"`
}

// CataloguedMember is one statement or extract in a file. Days are [From, Until); both
// are "" where nothing tells them.
type CataloguedMember struct {
	Source  string `json:"source"`
	Kind    string `json:"kind"`
	Wallet  string `json:"wallet,omitempty"`
	Account string `json:"account,omitempty"`
	From    string `json:"from,omitempty"`
	Until   string `json:"until,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
	// Watermark is up to when an extract speaks.
	Watermark string `json:"watermark,omitempty"`
	// Refused says why the file cannot be used, "" where it can.
	Refused string `json:"refused,omitempty"`
}

// cataloguePath is beside the dataset: readers of the dataset never see it.
func cataloguePath(dataset string) string {
	return filepath.Join(filepath.Dir(filepath.Clean(dataset)), "."+filepath.Base(filepath.Clean(dataset))+".catalogue.json")
}

// OpenCatalogue brings the catalogue of a dataset's inbox up to date. Paths of the job
// are the inbox; nothing is matched and nothing is written to the dataset.
func OpenCatalogue(ctx context.Context, job Job) (*Catalogue, error) {
	c, changed, err := lookUp(ctx, job)
	if err != nil || !changed {
		return c, err
	}
	return c, c.save()
}

// LookAtCatalogue is OpenCatalogue for those who may only look: nothing is written.
func LookAtCatalogue(ctx context.Context, job Job) (*Catalogue, error) {
	c, _, err := lookUp(ctx, job)
	return c, err
}

// lookUp is the catalogue as the inbox is now, and whether the one that is kept differs.
func lookUp(ctx context.Context, job Job) (*Catalogue, bool, error) {
	c := &Catalogue{path: cataloguePath(job.Dataset)}
	if raw, err := os.ReadFile(c.path); err == nil {
		// A damaged catalogue is made again.
		_ = json.Unmarshal(raw, c)
	}
	found, refused, err := filesIn(job.Paths)
	c.unlisted = refused
	if err != nil {
		return nil, false, err
	}
	kept, changed := map[string]*CataloguedFile{}, []string{}
	for _, path := range slices.Sorted(mapKeys(found)) {
		info := found[path]
		if known := c.Files[path]; known != nil && known.Size == info.Size() && known.ModTime.Equal(info.ModTime()) {
			kept[path] = known
			continue
		}
		kept[path] = &CataloguedFile{Size: info.Size(), ModTime: info.ModTime().UTC()}
		changed = append(changed, path)
	}
	same := len(changed) == 0 && len(kept) == len(c.Files)
	c.Files = kept
	if same {
		return c, false, nil
	}
	for _, path := range changed {
		if c.Files[path].Members, err = membersOf(ctx, job, path); err != nil {
			return nil, false, err
		}
	}
	return c, true, nil
}

func mapKeys[V any](m map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// filesIn lists the files of the inbox as a run of it would.
func filesIn(paths []string) (map[string]fs.FileInfo, []*settlement.Refusal, error) {
	paths, refused, err := ingest.Files(paths)
	if err != nil {
		return nil, nil, err
	}
	found := map[string]fs.FileInfo{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was taken away meanwhile
		}
		if err != nil {
			return nil, nil, err
		}
		found[path] = info
	}
	return found, refused, nil
}

// membersOf reads one file and says what is in it.
func membersOf(ctx context.Context, job Job, path string) ([]CataloguedMember, error) {
	job = job.orDefaults()
	deliveries, refused, err := ingest.Open([]string{path})
	if err != nil {
		return nil, err
	}
	r := &run{job: job}
	seen := make([]eventSpan, len(deliveries))
	drop := func(arrow.Record) error { return nil }
	note := func(rec arrow.Record) error {
		var events settlement.Events
		if err := settlement.View(rec, &events); err != nil || events.Len() == 0 {
			return err
		}
		seen[events.File[0]].add(&events)
		return nil
	}
	if err := r.ingest(ctx, deliveries, refused, nil, ingest.Emits{Lines: drop, Events: note, Funds: drop}); err != nil {
		return nil, err
	}
	var members []CataloguedMember
	for i, s := range r.intake.Statements {
		if s == nil {
			continue
		}
		m := CataloguedMember{Source: s.Source(), Kind: string(s.Kind), Wallet: s.Wallet.String(), Account: s.Account,
			From: s.From.String(), Until: s.Until.String(), SHA256: s.SHA256}
		if s.IsExtract() {
			m.From, m.Until = seen[i].days()
			m.Watermark = s.Watermark.String()
		}
		members = append(members, m)
	}
	for _, refusal := range r.intake.Refusals {
		m := CataloguedMember{Source: refusal.Source, Refused: "it cannot be used"}
		if len(refusal.Errors) > 0 {
			m.Refused = refusal.Errors[0].Error()
		}
		if s := refusal.Statement; s != nil {
			m.Kind, m.Wallet, m.Account, m.From, m.Until = string(s.Kind), s.Wallet.String(), s.Account, s.From.String(), s.Until.String()
		}
		members = append(members, m)
	}
	return members, nil
}

// eventSpan is the first and the last day of an extract's rows.
type eventSpan struct {
	mu          sync.Mutex
	first, last settlement.Day
	any         bool
}

func (s *eventSpan) add(e *settlement.Events) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range e.Len() {
		for _, at := range [...]settlement.Instant{e.PaidAt[i], e.SucceededAt[i], e.ConfirmedAt[i]} {
			if at == settlement.NoInstant {
				continue
			}
			day := settlement.DayOf(at)
			if !s.any {
				s.first, s.last, s.any = day, day, true
			}
			s.first, s.last = min(s.first, day), max(s.last, day)
		}
	}
}

func (s *eventSpan) days() (from, until string) {
	if !s.any {
		return "", ""
	}
	return s.first.String(), (s.last + 1).String()
}

// save writes the catalogue beside the dataset, in one step.
func (c *Catalogue) save() error { return writeBeside(c.path, c) }

// DayFiles is what an inbox has of one day.
type DayFiles struct {
	Day   settlement.Day
	Paths []string
	// Refused is what lies in the inbox and cannot be opened, whatever the day.
	Refused []*settlement.Refusal
	// Bills are the wallets and accounts of which a trade bill of the day is there.
	Bills []string
	// Digest identifies the contents: another digest means that a file came, went or
	// changed.
	Digest string
}

// Of returns the files that belong to a day: statements whose period has it, extracts
// with a row of it, and files that cannot be used and do not say of which day they are.
func (c *Catalogue) Of(day settlement.Day) DayFiles {
	d, h := DayFiles{Day: day, Refused: c.unlisted}, sha256.New()
	var contents []string
	for _, refusal := range c.unlisted {
		contents = append(contents, refusal.Error())
	}
	for _, path := range slices.Sorted(mapKeys(c.Files)) {
		belongs := false
		for _, m := range c.Files[path].Members {
			anyDay := m.From == "" && m.Refused != ""
			if !anyDay && (m.From == "" || day.String() < m.From || day.String() >= m.Until) {
				continue
			}
			belongs = true
			contents = append(contents, m.Kind+" "+m.SHA256+" "+m.Refused)
			if m.Refused == "" && settlement.StatementKind(m.Kind).ShowsTrades() {
				d.Bills = append(d.Bills, strings.TrimSpace(m.Wallet+" "+m.Account))
			}
		}
		if belongs {
			d.Paths = append(d.Paths, path)
		}
	}
	slices.Sort(contents)
	for _, content := range slices.Compact(contents) {
		fmt.Fprintln(h, content)
	}
	slices.Sort(d.Bills)
	d.Bills = slices.Compact(d.Bills)
	d.Digest = hex.EncodeToString(h.Sum(nil))
	return d
}

// Days returns, in order, the days of which a wallet's trade bill is there.
func (c *Catalogue) Days() []settlement.Day {
	days := map[settlement.Day]bool{}
	for _, file := range c.Files {
		for _, m := range file.Members {
			from, errFrom := settlement.ParseDay([]byte(m.From))
			until, errUntil := settlement.ParseDay([]byte(m.Until))
			if errFrom != nil || errUntil != nil || !settlement.StatementKind(m.Kind).ShowsTrades() {
				continue
			}
			for day := from; day < until; day++ {
				days[day] = true
			}
		}
	}
	var list []settlement.Day
	for day := range days {
		list = append(list, day)
	}
	slices.Sort(list)
	return list
}

// OrderDays are the days with which order extracts in the inbox end.
func (c *Catalogue) OrderDays() (ends []settlement.Day) {
	for _, file := range c.Files {
		for _, m := range file.Members {
			if m.Refused == "" && m.Kind == string(settlement.OrderExtract) {
				ends = appendEnd(ends, m.Watermark)
			}
		}
	}
	return ends
}

// OrderDaysOf are the days with which the order extracts of a committed day end.
func OrderDaysOf(m *output.Manifest) (ends []settlement.Day) {
	for _, in := range m.Inputs {
		if in.Kind == string(settlement.OrderExtract) {
			ends = appendEnd(ends, in.Watermark)
		}
	}
	return ends
}

// nightHours is how far into the next day an extract of a day may reach.
const nightHours = settlement.Instant(6 * time.Hour / time.Microsecond)

// appendEnd adds the day with which an extract ends that speaks up to an instant.
func appendEnd(ends []settlement.Day, watermark string) []settlement.Day {
	at, err := settlement.ParseInstant([]byte(watermark))
	if err != nil {
		return ends // it has no rows
	}
	return append(ends, settlement.DayOf(at-nightHours))
}

// Undated are the members that can be used and do not say of which day they are.
func (c *Catalogue) Undated() (list []string) {
	for _, file := range c.Files {
		for _, m := range file.Members {
			if m.From == "" && m.Refused == "" {
				list = append(list, m.Source)
			}
		}
	}
	slices.Sort(list)
	return list
}
