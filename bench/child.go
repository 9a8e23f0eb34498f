package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cost is what a run of a program took.
type cost struct {
	wall, cpu time.Duration
	memory    int64 // peak resident set in bytes
	size      int64 // of what it wrote
	stdout    []byte
}

// start runs a program to its end. CPU and memory include those of the children it
// waited for. An error holds what the program printed.
//
// The kernel counts the starter's own memory into the peak of what it starts, so this
// process must stay small: data is generated and compared by others.
func start(ctx context.Context, dir string, env []string, args ...string) (cost, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	c := cost{wall: time.Since(began), stdout: stdout.Bytes()}
	if err != nil {
		return c, fmt.Errorf("%s: %w\n%s%s", strings.Join(args, " "), err, stdout.String(), stderr.String())
	}
	c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.memory = usage.Maxrss * 1024 // kilobytes on Linux
	}
	return c, nil
}

// parseBytes reads a size such as 512MiB or 1.25GiB.
func parseBytes(text string) (int64, error) {
	for shift, unit := range map[int]string{20: "MiB", 30: "GiB"} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			if n, err := strconv.ParseFloat(number, 64); err == nil && n > 0 && n < 1<<20 {
				return int64(n * float64(int64(1)<<shift)), nil
			}
		}
	}
	return 0, fmt.Errorf("%q is no size such as 512MiB or 1.25GiB", text)
}
