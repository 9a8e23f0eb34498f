package output

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Why a folder is not shown as a result.
var (
	ErrNoResult = errors.New("no result")
	ErrChanged  = errors.New("not what its run wrote")
)

// Verified reads the run.json of a result that is to be shown, and holds the tables
// against it: every part is there with its bytes and SHA-256, none was added, and the
// run's own proof holds. Nothing of a result that fails may be shown as if it were true.
//
// The error wraps ErrNoResult (there is no run.json), ErrManifest (another version, or
// damaged) or ErrChanged (half written or tampered with), and names the file. Files beside
// the tables are left to CheckFiles: a report is made from the tables, never read.
func Verified(ctx context.Context, dir string) (*Manifest, error) { return verified(ctx, dir, nil) }

// VerifiedTables is Verified for whoever shows no more than some tables: what is in the
// others is not looked at, only that all files are there.
func VerifiedTables(ctx context.Context, dir string, tables ...string) (*Manifest, error) {
	return verified(ctx, dir, func(table string) bool { return slices.Contains(tables, table) })
}

// verified looks into the tables that are read, all where read is nil.
func verified(ctx context.Context, dir string, read func(table string) bool) (*Manifest, error) {
	m, err := ReadManifest(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if parts, _ := filepath.Glob(filepath.Join(dir, "*", "part-*")); len(parts) > 0 {
			return nil, fmt.Errorf("%s: %w: it holds parts of tables and no %s: a run that did not end (run it again)", dir, ErrChanged, ManifestName)
		}
		return nil, fmt.Errorf("%s: %w: there is no %s (name the folder of a result, or make one with reconcile run)", dir, ErrNoResult, ManifestName)
	}
	if err != nil {
		return nil, err
	}
	if err := m.upright(dir); err != nil {
		return nil, err
	}
	checks, err := checkFiles(ctx, dir, m, read)
	if err != nil {
		return nil, err
	}
	for _, c := range checks {
		if c.Fault != "" && !c.Beside {
			return nil, fmt.Errorf("%s: %w: %s (run reconcile verify for all that is wrong, then run the day again)", filepath.Join(dir, filepath.FromSlash(c.Path)), ErrChanged, c.Fault)
		}
	}
	return m, nil
}

// upright says whether run.json agrees with itself.
func (m *Manifest) upright(dir string) error {
	path := filepath.Join(dir, ManifestName)
	if m.Complete != (len(m.Refused) == 0) {
		return fmt.Errorf("%s: %w: it calls the run complete: %t, and lists %d refused inputs", path, ErrChanged, m.Complete, len(m.Refused))
	}
	if told := m.Counts["breaks"]; m.Figures != nil && m.Figures.BreakCount() != told {
		return fmt.Errorf("%s: %w: figures: open breaks of all wallets: expected %d, found %d by wallet and kind", path, ErrChanged, told, m.Figures.BreakCount())
	}
	_, err := os.Stat(filepath.Join(dir, SuccessName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if m.Complete != (err == nil) {
		return fmt.Errorf("%s: %w: it calls the run complete: %t, but %s is there: %t", path, ErrChanged, m.Complete, SuccessName, err == nil)
	}
	if len(m.Proof) == 0 {
		return fmt.Errorf("%s: %w: it has no proof", path, ErrChanged)
	}
	for _, c := range m.Proof {
		if !c.Holds || c.Expected != c.Actual {
			return fmt.Errorf("%s: %w: its proof does not hold: %s: expected %s, found %s", path, ErrChanged, c.Name, c.Expected, c.Actual)
		}
	}
	return nil
}

// FileCheck is one statement about a file of a result.
type FileCheck struct {
	Path             string // inside the result, with slashes
	Name             string // what is compared: bytes, SHA-256; "" of a file that is missing or was added
	Expected, Actual string
	Fault            string // what is wrong; "" where it holds
	Beside           bool   // the file is none of a table
}

// CheckFiles ties what lies in the folder of a result with what its run.json lists: nothing
// missing, nothing added, every file with its bytes and SHA-256. Where a file is missing or
// was added, that alone is said.
func CheckFiles(ctx context.Context, dir string, m *Manifest) ([]FileCheck, error) {
	return checkFiles(ctx, dir, m, nil)
}

// checkFiles is CheckFiles; where read is set, only files of its tables are hashed.
func checkFiles(ctx context.Context, dir string, m *Manifest, read func(table string) bool) ([]FileCheck, error) {
	listed := map[string]bool{ManifestName: true, SuccessName: m.Complete}
	var checks []FileCheck
	tables := map[string]bool{}
	fault := func(path, what string) {
		folder, _, deep := strings.Cut(path, "/")
		checks = append(checks, FileCheck{Path: path, Fault: what, Beside: !deep || !tables[folder]})
	}
	var files []FileOutput
	for _, t := range m.Tables {
		tables[t.Name] = true
		for _, p := range t.Parts {
			files = append(files, FileOutput{p.Path, p.Bytes, p.SHA256})
		}
	}
	ofTables := len(files)
	files = append(files, m.Files...)
	for _, f := range files {
		if listed[f.Path] {
			fault(f.Path, ManifestName+" lists it twice")
		}
		listed[f.Path] = true
	}
	present, odd, err := filesIn(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range odd {
		fault(name, "it is no regular file, as all files of a result are")
	}
	for _, name := range present {
		if !listed[name] {
			fault(name, "the run did not write it: run.json does not list it")
		}
	}
	for _, f := range append([]FileOutput{{Path: ManifestName}, {Path: SuccessName}}, files...) {
		if listed[f.Path] && !slices.Contains(present, f.Path) {
			fault(f.Path, isMissing)
		}
	}
	if len(checks) > 0 {
		return checks, nil
	}
	if read != nil {
		files = slices.DeleteFunc(files, func(f FileOutput) bool {
			table, _, deep := strings.Cut(f.Path, "/")
			return !deep || !read(table)
		})
		ofTables = len(files)
	}
	checks = make([]FileCheck, 2*len(files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range files {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			sha, size, err := HashFile(filepath.Join(dir, filepath.FromSlash(f.Path)))
			checks[2*i] = fileCheck(f.Path, "bytes", fmt.Sprint(f.Bytes), fmt.Sprint(size), i >= ofTables)
			checks[2*i+1] = fileCheck(f.Path, "SHA-256", f.SHA256, sha, i >= ofTables)
			return err
		})
	}
	return checks, group.Wait()
}

// isMissing is what is wrong with a file that is not there.
const isMissing = "it is missing: run.json lists it"

func fileCheck(path, name, expected, actual string, beside bool) FileCheck {
	c := FileCheck{Path: path, Name: name, Expected: expected, Actual: actual, Beside: beside}
	if expected != actual {
		c.Fault = fmt.Sprintf("%s: expected %s, found %s", name, expected, actual)
	}
	return c
}

// filesIn lists the files below a folder, as slash paths, and those that are no regular
// files.
func filesIn(dir string) (names, odd []string, err error) {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, nil, err
	}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil || e.IsDir() {
			return err
		}
		if name = filepath.ToSlash(name); !e.Type().IsRegular() {
			odd = append(odd, name)
		}
		names = append(names, name)
		return nil
	})
	return names, odd, err
}

// AddFile records a file of the result beside its tables; it lies in dir under its name.
func (m *Manifest) AddFile(dir, name string) error {
	sha, size, err := HashFile(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	m.Files = append(m.Files, FileOutput{Path: name, Bytes: size, SHA256: sha})
	return nil
}

// ErrNotListed says that a run wrote no such file beside its tables.
var ErrNotListed = errors.New("run.json does not list it")

// ReadBeside reads a file beside the tables of at most so many bytes, once it is what the run
// wrote; else the error wraps ErrChanged. The file is opened inside the folder: nothing that
// leads out of it is followed.
func (m *Manifest) ReadBeside(dir, name string, most int64) ([]byte, error) {
	i := slices.IndexFunc(m.Files, func(f FileOutput) bool { return f.Path == name })
	if i < 0 {
		return nil, fmt.Errorf("%s: %w", name, ErrNotListed)
	}
	listed := m.Files[i]
	if listed.Bytes > most {
		return nil, fmt.Errorf("%s has %d bytes, more than are shown here: open it in its folder", name, listed.Bytes)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // it was only read
	text, err := root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: %s", name, ErrChanged, isMissing)
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	if c := fileCheck(name, "SHA-256", listed.SHA256, hex.EncodeToString(sum[:]), true); c.Fault != "" {
		return nil, fmt.Errorf("%s: %w: %s", name, ErrChanged, c.Fault)
	}
	return text, nil
}
