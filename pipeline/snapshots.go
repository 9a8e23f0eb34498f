package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"reconcile/ingest"
	"reconcile/output"
	"reconcile/settlement"
)

// What databases answered for a day of a dataset is kept beside it, before it is used:
//
//	.days.snapshots/2024-09-12/orders-<SHA-256 of the text>.csv.zst
//	.days.snapshots/2024-09-12/snapshots.json
//
// A later run of the day reads the snapshot that snapshots.json names, whatever the
// database would say by then. What Refresh replaced stays until the day is pruned.

// Snapshot is one answer that was kept.
type Snapshot struct {
	Kind settlement.StatementKind `json:"kind"`
	File string                   `json:"file"`
	ingest.Answer
	AskedAt string `json:"asked_at"` // in UTC
	path    string
}

// Path is where the snapshot lies.
func (s *Snapshot) Path() string { return s.path }

// ErrSnapshot says that what was kept of a database's answers is damaged.
var ErrSnapshot = errors.New("damaged snapshot")

const (
	snapshotIndex  = "snapshots.json"
	snapshotSuffix = ".csv.zst"
	newMark        = ".new-"
)

// snapshotKinds are what is asked of databases.
var snapshotKinds = []settlement.StatementKind{settlement.OrderExtract, settlement.RefundExtract}

func snapshotsRoot(dataset string) string {
	dataset = filepath.Clean(dataset)
	return filepath.Join(filepath.Dir(dataset), "."+filepath.Base(dataset)+".snapshots")
}

func snapshotFolder(dataset string, day settlement.Day) string {
	return filepath.Join(snapshotsRoot(dataset), day.String())
}

// Snapshots are the answers that a run of the day reads, at most one of each kind.
func Snapshots(dataset string, day settlement.Day) ([]Snapshot, error) {
	dir := snapshotFolder(dataset, day)
	path := filepath.Join(dir, snapshotIndex)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Snapshot
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("%s: %w: %w (%s)", path, ErrSnapshot, err, mendSnapshot(day))
	}
	seen := map[settlement.StatementKind]bool{}
	for i := range list {
		s := &list[i]
		if !slices.Contains(snapshotKinds, s.Kind) || seen[s.Kind] || s.File != snapshotName(s.Kind, s.SHA256) {
			return nil, fmt.Errorf("%s: %w: the entry %d names no answer of its own (%s)", path, ErrSnapshot, i+1, mendSnapshot(day))
		}
		seen[s.Kind] = true
		s.path = filepath.Join(dir, s.File)
	}
	return list, nil
}

func snapshotName(kind settlement.StatementKind, sum string) string {
	return string(kind) + "-" + sum + snapshotSuffix
}

// mendSnapshot is what to do about a damaged snapshot of a day.
func mendSnapshot(day settlement.Day) string {
	return fmt.Sprintf("put it back from a backup, or ask the database again: run --date %s --refresh", day)
}

// Check reads the snapshot to its end and compares it with what is known of it.
func (s *Snapshot) Check(day settlement.Day) error {
	damaged := func(why string) error {
		return fmt.Errorf("%s: %w: %s (%s)", s.path, ErrSnapshot, why, mendSnapshot(day))
	}
	text, err := s.open()
	if errors.Is(err, fs.ErrNotExist) {
		return damaged("it is not there, although the day was read from it")
	}
	if err != nil {
		return err
	}
	defer text.Close()
	h := sha256.New()
	n, err := io.Copy(h, text)
	var fault *fs.PathError
	switch sum := hex.EncodeToString(h.Sum(nil)); {
	case errors.As(err, &fault):
		return err
	case err != nil:
		return damaged(err.Error())
	case sum != s.SHA256 || n != s.Bytes:
		return damaged(fmt.Sprintf("the SHA-256 of its content is %s", sum))
	}
	return nil
}

// snapshotText is the text of a snapshot while it is read.
type snapshotText struct {
	*zstd.Decoder
	file *os.File
}

func (t *snapshotText) Close() error {
	t.Decoder.Close()
	return t.file.Close()
}

func (s *Snapshot) open() (io.ReadCloser, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	d, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &snapshotText{d, f}, nil
}

// answers are the deliveries of the job that come from databases: those of a day from
// snapshots, which are taken here where there are none. An answer that is refused is
// not kept.
func (j *Job) answers(ctx context.Context) (deliveries []*ingest.Delivery, refused []*settlement.Refusal, err error) {
	if j.Dataset == "" {
		return ingest.Queries(j.Mappings), nil, nil
	}
	kept, err := Snapshots(j.Dataset, j.Day)
	if err != nil && !(j.Refresh && errors.Is(err, ErrSnapshot)) {
		return nil, nil, err
	}
	for _, kind := range snapshotKinds {
		at := slices.IndexFunc(kept, func(s Snapshot) bool { return s.Kind == kind })
		asked := ingest.QueryOf(j.Mappings, kind)
		if asked != nil && (at < 0 || j.Refresh) {
			taken, err := j.takeSnapshot(ctx, kind, asked, kept)
			var refusal *settlement.Refusal
			if errors.As(err, &refusal) {
				refused = append(refused, refusal)
				continue
			}
			if err != nil {
				return nil, nil, err
			}
			kept = taken
			at = slices.IndexFunc(kept, func(s Snapshot) bool { return s.Kind == kind })
		}
		if at < 0 {
			continue
		}
		s := kept[at]
		if err := s.Check(j.Day); err != nil {
			return nil, nil, err
		}
		deliveries = append(deliveries, ingest.KeptAnswer(j.Mappings, kind, s.Answer, s.open))
	}
	return deliveries, refused, nil
}

// takeSnapshot asks a query and keeps its answer beside the others of the day.
func (j *Job) takeSnapshot(ctx context.Context, kind settlement.StatementKind, asked *ingest.Delivery, kept []Snapshot) (all []Snapshot, err error) {
	dir := snapshotFolder(j.Dataset, j.Day)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, string(kind)+newMark)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_, _ = f.Close(), os.Remove(f.Name())
			_, _ = os.Remove(dir), os.Remove(filepath.Dir(dir)) // where nothing else lies there
		}
	}()
	z, err := zstd.NewWriter(f, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	s := Snapshot{Kind: kind, AskedAt: time.Now().UTC().Format(time.RFC3339)}
	s.Answer, err = asked.Ask(ctx, z)
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, err
	}
	s.File = snapshotName(kind, s.SHA256)
	s.path = filepath.Join(dir, s.File)
	if err := errors.Join(f.Chmod(0o644), f.Sync()); err != nil {
		return nil, err
	}
	if err := os.Rename(f.Name(), s.path); err != nil {
		return nil, err
	}
	all = append(slices.DeleteFunc(slices.Clone(kept), func(s Snapshot) bool { return s.Kind == kind }), s)
	return all, errors.Join(f.Close(), writeBeside(filepath.Join(dir, snapshotIndex), all), syncFolder(dir), syncFolder(filepath.Dir(dir)))
}

// SnapshotsUsed says whether a committed day was made from the answers that a run of it
// would read now: a run that was cut short may have asked for others.
func SnapshotsUsed(dataset string, day settlement.Day, m *output.Manifest) (bool, error) {
	kept, err := Snapshots(dataset, day)
	if errors.Is(err, fs.ErrPermission) {
		return true, nil // who may only look cannot tell
	}
	for _, s := range kept {
		used := slices.ContainsFunc(m.Inputs, func(in output.Input) bool { return in.SHA256 == s.SHA256 }) ||
			slices.ContainsFunc(m.Refused, func(r output.RefusedInput) bool { return r.Source == s.Source })
		if !used {
			return false, err
		}
	}
	return true, err
}

// RemoveSnapshots removes what was kept of days before from. What no run wrote is not
// touched, and is an error.
func RemoveSnapshots(dataset string, from settlement.Day) error {
	root := snapshotsRoot(dataset)
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		day, bad := settlement.ParseDay([]byte(e.Name()))
		if bad != nil || !e.IsDir() || day >= from {
			continue
		}
		err = errors.Join(err, removeSnapshotFolder(filepath.Join(root, e.Name())))
	}
	return err
}

func removeSnapshotFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if ours := strings.HasPrefix(name, snapshotIndex) || strings.HasSuffix(name, snapshotSuffix) || strings.Contains(name, newMark); !ours {
			return fmt.Errorf("%s holds %s, which no run wrote (move it away and try again)", dir, name)
		}
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return os.Remove(dir)
}

// syncFolder makes what was renamed in a folder last.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
