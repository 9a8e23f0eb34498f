package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// hardLimit is what the kernel lets a run have of memory.
type hardLimit struct {
	bytes int64  // 0: as much as it wants
	group string // the folder of the cgroup that holds the limit, "" without one
}

// cgroup is where a group with a limit of memory is made, and its file that takes it.
type cgroup struct{ root, limit string }

// cgroups are those of version 2 and of version 1.
var cgroups = []cgroup{
	{"/sys/fs/cgroup", "memory.max"},
	{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
}

// newLimit makes a cgroup with the limit, which needs root and counts what is resident and
// the pages of the files that were touched, until they are given back. Without rights the
// limit is on the memory that the process may map for data (RLIMIT_DATA), which is stricter:
// what a Go program mapped and gave back counts.
func newLimit(bytes int64) hardLimit {
	l := hardLimit{bytes: bytes}
	if bytes <= 0 {
		return l
	}
	for _, kind := range cgroups {
		dir := filepath.Join(kind.root, "reconcile-bench-"+strconv.Itoa(os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		// The file is the kernel's: where it is not there, the group has no limits of memory.
		if f, err := os.OpenFile(filepath.Join(dir, kind.limit), os.O_WRONLY, 0); err == nil {
			_, err = f.WriteString(strconv.FormatInt(bytes, 10))
			if errors.Join(err, f.Close()) == nil {
				l.group = dir
				return l
			}
		}
		_ = os.Remove(dir)
	}
	return l
}

// remove removes the group.
func (l hardLimit) remove() error {
	if l.group == "" {
		return nil
	}
	return os.Remove(l.group)
}

// command is a command under the limit.
func (l hardLimit) command(args []string) []string {
	switch {
	case l.bytes <= 0:
		return args
	case l.group != "":
		return append([]string{"sh", "-c", fmt.Sprintf(`echo $$ > %s/cgroup.procs && exec "$0" "$@"`, l.group)}, args...)
	}
	return append([]string{"sh", "-c", fmt.Sprintf(`ulimit -d %d && exec "$0" "$@"`, l.bytes>>10)}, args...)
}

// broke says that a run failed since it needed more.
func (l hardLimit) broke(err error) bool {
	switch {
	case err == nil || l.bytes <= 0:
		return false
	case l.group != "":
		return strings.Contains(err.Error(), "signal: killed")
	}
	return strings.Contains(err.Error(), "out of memory")
}

// text says in the report what the limit is.
func (l hardLimit) text(asked string) string {
	if l.group != "" {
		return fmt.Sprintf("Under a hard limit of %s, a cgroup's: on resident memory, with the pages of files that the run reads and writes. A run that needs more is killed.", asked)
	}
	return fmt.Sprintf("Under a hard limit of %s on the memory that the process may map for data (`RLIMIT_DATA`): beyond it the kernel gives none, and the run would have failed.", asked)
}
