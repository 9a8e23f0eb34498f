package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Remove takes a result away: from one moment to the next it is not there, and no
// reader sees a part of it. A folder that holds anything that no run wrote is refused
// (ErrForeign), and so is one that is not there or is a link.
func Remove(out string) error {
	stat, err := os.Lstat(out)
	if err != nil {
		return err
	}
	if !stat.IsDir() {
		return fmt.Errorf("%s: %w: it is no folder", out, ErrForeign)
	}
	if _, err := os.Stat(filepath.Join(out, ManifestName)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w: it has no %s", out, ErrForeign, ManifestName)
	}
	// A staging folder is locked and is cleared away if this process dies.
	s, err := Stage(out)
	if err != nil {
		return err
	}
	err = os.Rename(s.out, s.Path("removed"))
	if err == nil {
		err = errors.Join(syncFolder(filepath.Dir(s.out)), syncFolder(s.dir))
	}
	if err = errors.Join(err, s.Abort()); err != nil {
		return fmt.Errorf("remove %s: %w", out, err)
	}
	return nil
}
