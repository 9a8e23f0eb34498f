package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"reconcile/generate"
	"reconcile/output"
)

func TestExitCodes(t *testing.T) {
	done, cancel := context.WithCancel(context.Background())
	cancel()
	running := context.Background()
	disk := errors.New("no space left on device")
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		outcome
		want int
	}{
		{"done", running, nil, outcome{}, 0},
		{"breaks", running, nil, outcome{breaks: true}, 3},
		{"refused", running, nil, outcome{refused: true}, 4},
		{"refused outranks breaks", running, nil, outcome{refused: true, breaks: true}, 4},
		{"failure", running, disk, outcome{}, 1},
		{"failure outranks refused", running, disk, outcome{refused: true}, 1},
		{"usage", running, fmt.Errorf("run: %w", usage(disk)), outcome{}, 2},
		{"a foreign folder", running, fmt.Errorf("prepare: %w", output.ErrForeign), outcome{}, 2},
		{"interrupted", done, context.Canceled, outcome{}, 130},
		{"interrupted while failing", done, disk, outcome{}, 130},
		{"interrupted after the end", done, nil, outcome{}, 0},
	} {
		if got := exitCode(c.ctx, c.err, c.outcome); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// call runs one command line in this process.
func call(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = execute(ctx, args, streams{&out, &err}, func(string) string { return "" })
	return code, out.String(), err.String()
}

func TestAnInterruptedRunLeavesNothing(t *testing.T) {
	inbox, place := t.TempDir(), t.TempDir()
	if _, err := generate.SampleDay(inbox); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	code, stdout, stderr := call(ctx, "run", inbox, "--out", filepath.Join(place, "out"))
	if code != exitInterrupted || stdout != "" || stderr != "reconcile: interrupted; nothing was committed\n" {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if left, err := os.ReadDir(place); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestAScheduleThatIsStoppedIsDone(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := call(context.Background(), "init", dir, "-q"); code != exitDone {
		t.Fatal(stderr)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	code, stdout, stderr := call(ctx, "schedule", "--config", filepath.Join(dir, configName))
	if code != exitDone || stdout != "" || !strings.Contains(stderr, "schedule stopped") || !strings.Contains(stderr, "zone=Asia/Shanghai") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// everyCommand are the commands below one, and those below them.
func everyCommand(below *cobra.Command) (all []*cobra.Command) {
	for _, cmd := range below.Commands() {
		all = append(append(all, cmd), everyCommand(cmd)...)
	}
	return all
}

func TestEveryCommandTellsItsUse(t *testing.T) {
	a := &app{}
	root := a.rootCommand()
	for _, cmd := range everyCommand(root) {
		if !strings.Contains(cmd.Long, "\n\nExit codes:\n  0    ") || !strings.Contains(cmd.Long, "\n  2    ") {
			t.Errorf("%s does not tell its exit codes", cmd.Name())
		}
		if !strings.HasPrefix(cmd.Example, "  "+cmd.CommandPath()) {
			t.Errorf("%s has no example", cmd.Name())
		}
		answers := !cmd.HasSubCommands() && cmd.Name() != "schema" // which is JSON itself
		if cmd.Short == "" || answers && cmd.Flags().Lookup("json") == nil {
			t.Errorf("%s lacks a description or --json", cmd.Name())
		}
		for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
			if cells.StringWidth(strings.TrimRight(line, "\n")) > pageWidth {
				t.Errorf("%s: wider than a terminal: %s", cmd.Name(), line)
			}
		}
	}
}

// TestExamplesAreAccepted proves that the flags in the help are real ones.
func TestExamplesAreAccepted(t *testing.T) {
	a := &app{}
	root := a.rootCommand()
	for _, cmd := range everyCommand(root) {
		for line := range strings.Lines(strings.ReplaceAll(cmd.Example, "\\\n", "")) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " | ")
			line, _, _ = strings.Cut(line, " > ")
			checkExample(t, root, strings.Fields(line)[1:])
		}
	}
}

func checkExample(t *testing.T, root *cobra.Command, words []string) {
	t.Helper()
	cmd, _, err := root.Find(words)
	if err != nil || cmd == root {
		t.Errorf("%v: %v", words, err)
		return
	}
	for _, word := range words {
		if name, ok := strings.CutPrefix(word, "--"); ok && cmd.Flags().Lookup(name) == nil && root.PersistentFlags().Lookup(name) == nil {
			t.Errorf("%v: no flag --%s", words, name)
		}
	}
}
