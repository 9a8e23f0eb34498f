package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"reconcile/output"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"reconcile": func() { os.Exit(reconcile()) }})
}

// TestScripts runs the command line as its users do. A script is one story; what
// the custom commands do is said at each.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "../../testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"damage": damage,
			"cut":    cut,
			"json":   jsonValue,
			"hold":   hold,
		},
		RequireExplicitExec: true,
	})
}

// exits CODE PROGRAM ARG… runs a program that must exit with the code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program arg…")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		code = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// hold PLACE keeps the lock of a result or dataset until the script ends.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold place")
	}
	lock, err := output.Acquire(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(lock.Release)
}

// damage FILE OLD NEW replaces the first occurrence of OLD in a file.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: damage file old new")
	}
	path := ts.MkAbs(args[0])
	content, err := os.ReadFile(path)
	ts.Check(err)
	if !bytes.Contains(content, []byte(args[1])) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, bytes.Replace(content, []byte(args[1]), []byte(args[2]), 1), 0o644))
}

// cut FILE N takes the last N bytes off a file.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cut file bytes")
	}
	path := ts.MkAbs(args[0])
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	info, err := os.Stat(path)
	ts.Check(err)
	ts.Check(os.Truncate(path, info.Size()-n))
}

// json FILE PATH VALUE says that a file (or stdout) is one JSON value, and that the
// value at a path such as inputs.0.rows prints as VALUE; len is a length.
func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: json file path value")
	}
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	decoder.UseNumber()
	var value any
	ts.Check(decoder.Decode(&value))
	if decoder.More() {
		ts.Fatalf("%s holds more than one JSON value", args[0])
	}
	for _, key := range strings.Split(args[1], ".") {
		value = step(ts, value, key)
	}
	text, ok := value.(string)
	if !ok {
		raw, err := json.Marshal(value)
		ts.Check(err)
		text = string(raw)
	}
	if text != args[2] {
		ts.Fatalf("%s is %s, want %s", args[1], text, args[2])
	}
}

func step(ts *testscript.TestScript, value any, key string) any {
	switch v := value.(type) {
	case map[string]any:
		if key == "len" {
			return len(v)
		}
		next, ok := v[key]
		if !ok {
			ts.Fatalf("no key %q", key)
		}
		return next
	case []any:
		if key == "len" {
			return len(v)
		}
		i, err := strconv.Atoi(key)
		ts.Check(err)
		if i >= len(v) {
			ts.Fatalf("no element %d of %d", i, len(v))
		}
		return v[i]
	}
	ts.Fatalf("nothing below %v at %q", value, key)
	return nil
}
