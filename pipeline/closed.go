package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"reconcile/output"
	"reconcile/settlement"
)

// ErrClosed says that a day belongs to a month that is closed.
var ErrClosed = errors.New("the month is closed")

// Closed is the months of a dataset that are closed (关账), and what was changed in them
// since. It is kept beside the dataset.
type Closed struct {
	Months []ClosedMonth `json:"months"`

	path string
}

// ClosedMonth is a month whose days are final.
type ClosedMonth struct {
	Month        string        `json:"month"` // 2024-09
	ClosedAt     string        `json:"closed_at"`
	Days         []ClosedDay   `json:"days"`
	Restatements []Restatement `json:"restatements,omitempty"`
}

// ClosedDay is a day as it was when its month was closed.
type ClosedDay struct {
	Day    string `json:"day"`
	Digest string `json:"digest"`
}

// Restatement is a change to a closed month.
type Restatement struct {
	Number int    `json:"number"` // counts up within the month
	Reason string `json:"reason"`
	Day    string `json:"day"`
	At     string `json:"at"`
	Before string `json:"digest_before,omitempty"`
	After  string `json:"digest_after"`
}

func closedPath(dataset string) string {
	return filepath.Join(filepath.Dir(filepath.Clean(dataset)), "."+filepath.Base(filepath.Clean(dataset))+".closed.json")
}

// OpenClosed reads which months of a dataset are closed.
func OpenClosed(dataset string) (*Closed, error) {
	c := &Closed{path: closedPath(dataset)}
	raw, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w); bring it back from a backup: it says which months are closed", c.path, err)
	}
	return c, nil
}

// Of returns the closed month that a day belongs to, nil where it is open.
func (c *Closed) Of(day settlement.Day) *ClosedMonth {
	month := day.String()[:len("2024-09")]
	at := slices.IndexFunc(c.Months, func(m ClosedMonth) bool { return m.Month == month })
	if at < 0 {
		return nil
	}
	return &c.Months[at]
}

var monthForm = regexp.MustCompile(`^20[0-9]{2}-(0[1-9]|1[0-2])$`)

// CloseMonth closes a month: every day of it must be committed whole.
func CloseMonth(dataset, month string) (*ClosedMonth, error) {
	if !monthForm.MatchString(month) {
		return nil, fmt.Errorf("%q is no month such as 2024-09", month)
	}
	c, err := OpenClosed(dataset)
	if err != nil {
		return nil, err
	}
	first, err := settlement.ParseDay([]byte(month + "-01"))
	if err != nil {
		return nil, err
	}
	if c.Of(first) != nil {
		return nil, fmt.Errorf("%s is closed already", month)
	}
	closed := ClosedMonth{Month: month, ClosedAt: time.Now().In(settlement.Shanghai).Format(time.RFC3339)}
	var faults []error
	for day := first; day.String()[:len(month)] == month; day++ {
		m, err := output.ReadManifest(DayFolder(dataset, day))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			faults = append(faults, fmt.Errorf("%s was never run", day))
		case err != nil:
			faults = append(faults, err)
		case !m.Complete:
			faults = append(faults, fmt.Errorf("%s is incomplete: an input was refused", day))
		default:
			closed.Days = append(closed.Days, ClosedDay{day.String(), m.TablesDigest()})
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("%s cannot be closed: %w", month, err)
	}
	c.Months = append(c.Months, closed)
	slices.SortFunc(c.Months, func(a, b ClosedMonth) int {
		if a.Month < b.Month {
			return -1
		}
		return 1
	})
	return c.Of(first), c.save()
}

func (c *Closed) save() error { return writeBeside(c.path, c) }

// writeBeside writes a file of the program's own beside a dataset, in one step.
func writeBeside(path string, value any) error {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-")
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}

// restatement says what running a day of a closed month again comes to; nil where the
// month is open. Without a reason it is refused.
func (j *Job) restatement() (*Restatement, error) {
	if j.Dataset == "" {
		return nil, nil
	}
	c, err := OpenClosed(j.Dataset)
	if err != nil {
		return nil, err
	}
	month := c.Of(j.Day)
	if month == nil {
		return nil, nil
	}
	if j.Restate == "" {
		return nil, fmt.Errorf("%s: %w: say why it changes with --restate REASON", j.Day, ErrClosed)
	}
	r := &Restatement{Number: len(month.Restatements) + 1, Reason: j.Restate, Day: j.Day.String()}
	if before, err := output.ReadManifest(DayFolder(j.Dataset, j.Day)); err == nil {
		r.Before = before.TablesDigest()
	}
	return r, nil
}

// noteRestatement records a restatement that was committed.
func (j *Job) noteRestatement(r *Restatement, after *output.Manifest) error {
	if r == nil || after == nil {
		return nil
	}
	c, err := OpenClosed(j.Dataset)
	if err != nil {
		return err
	}
	month := c.Of(j.Day)
	r.At, r.After = time.Now().In(settlement.Shanghai).Format(time.RFC3339), after.TablesDigest()
	month.Restatements = append(month.Restatements, *r)
	return c.save()
}
