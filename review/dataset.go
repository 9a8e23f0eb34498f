package review

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"reconcile/output"
	"reconcile/settlement"
)

// dayMark begins the name of the folder of a day of a dataset.
const dayMark = "dt="

// single is what the day of a result that stands alone is called in addresses.
const single = "result"

// dataset is an output folder: a result, or days. What was read of it is kept until it
// changes.
type dataset struct {
	dir string

	mu     sync.Mutex
	days   map[string]*day
	recent []*day // whose breaks are in memory, the last one used last
}

// keptDays is how many days have their breaks in memory.
const keptDays = 3

func openDataset(dir string) (*dataset, error) {
	d := &dataset{dir: dir, days: map[string]*day{}}
	names, err := d.names()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: %w: it has neither a %s nor the folder of a day, %s2024-09-12 (name the folder of a result, or make one with reconcile run)",
			filepath.Clean(dir), output.ErrNoResult, output.ManifestName, dayMark)
	}
	return d, nil
}

// names are the days, newest first; or the one name of a result that stands alone. Folders
// are looked at inside the dataset: none that leads out of it is a day.
func (d *dataset) names() (names []string, err error) {
	root, err := os.OpenRoot(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: there is no such folder", filepath.Clean(d.dir), output.ErrNoResult)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // it was only read
	if _, err := root.Lstat(output.ManifestName); err == nil {
		return []string{single}, nil
	}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		text, ok := strings.CutPrefix(e.Name(), dayMark)
		if _, err := settlement.ParseDay([]byte(text)); ok && err == nil && e.IsDir() {
			names = append(names, text)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(b, a) })
	return names, nil
}

// day finds a day by its name in an address.
func (d *dataset) day(name string) (*day, error) {
	names, err := d.names()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(names, name) {
		return nil, notFound("There is no such day in this folder.")
	}
	return d.known(name, names), nil
}

// known is what is kept of a day, and whether it is the newest one.
func (d *dataset) known(name string, names []string) *day {
	d.mu.Lock()
	defer d.mu.Unlock()
	one := d.days[name]
	if one == nil {
		one = &day{name: name, dir: d.dir}
		if name != single {
			one.dir = filepath.Join(d.dir, dayMark+name)
		}
		d.days[name] = one
	}
	one.newest.Store(name == names[0])
	return one
}

// use notes that a day's breaks are wanted, and lets go of those that were not for longest.
func (d *dataset) use(one *day) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.recent = append(slices.DeleteFunc(d.recent, func(o *day) bool { return o == one }), one)
	if len(d.recent) > keptDays {
		d.recent[0].forget()
		d.recent = slices.Delete(d.recent, 0, 1)
	}
}

// dirs are the folders of all days that are what their runs wrote, oldest first, as a story is
// read; skipped are the names of the others.
func (d *dataset) dirs(ctx context.Context) (dirs, skipped []string, err error) {
	names, err := d.names()
	if err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Backward(names) {
		one := d.known(name, names)
		_, err := one.manifest(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case err != nil:
			skipped = append(skipped, name)
		default:
			dirs = append(dirs, one.dir)
		}
	}
	return dirs, skipped, nil
}
