//go:build unix

package container

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWhatIsNoFileInAFolderIsAnErrorAndTheOtherFilesGoOn(t *testing.T) {
	root := folder(t, map[string]string{"a.csv": "a", "circle.csv@": "circle.csv"})
	if err := syscall.Mkfifo(filepath.Join(root, "pipe.csv"), 0o600); err != nil {
		t.Skip(err)
	}
	members, err := Open(root, Limits{})
	if len(members) != 1 || filepath.Base(members[0].File) != "a.csv" {
		t.Errorf("got %+v", members)
	}
	for _, want := range []string{"circle.csv: a link that leads nowhere", "pipe.csv: a pipe or device cannot be read twice"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
