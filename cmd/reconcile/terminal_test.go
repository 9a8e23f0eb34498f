package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// program is this test's binary under the name under which it is the program.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "reconcile")
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// shown is what a command shows in a pseudo-terminal of 80 columns, and its exit code.
func shown(t *testing.T, dir string, env []string, columns uint16, program string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return slices.Contains([]string{"COLUMNS", "NO_COLOR", "CLICOLOR_FORCE", "TERM", "LANG", "LC_ALL"}, name)
	}), append([]string{"TERM=xterm-256color", "LANG=C.UTF-8"}, env...)...)
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: columns})
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	defer terminal.Close()
	var out bytes.Buffer
	_, _ = io.Copy(&out, terminal) // it ends with EIO when the program has ended
	code := 0
	var failed *exec.ExitError
	if err := cmd.Wait(); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), "\r\n", "\n"), code
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;?]*[a-zA-Z]")

// lastDrawn is a line as it stands when all was drawn: what was before a carriage return is
// drawn over, and styles take no room.
func lastDrawn(line string) string {
	line = escapes.ReplaceAllString(line, "")
	return line[strings.LastIndexByte(strings.TrimRight(line, "\r"), '\r')+1:]
}

// tooWide are the lines that are wider than columns and could have been broken.
func tooWide(text string, columns int) (lines []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(lastDrawn(strings.TrimSuffix(line, "\n")), "\r")
		if cells.StringWidth(line) > columns && strings.ContainsRune(strings.TrimSpace(line), ' ') {
			lines = append(lines, line)
		}
	}
	return lines
}

// invented are the days that are shown: the sample, a week with fund flows and banks, and a
// month.
func invented(t *testing.T, program string) string {
	t.Helper()
	dir := t.TempDir()
	must := func(codes []int, args ...string) {
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil && !slices.Contains(codes, cmd.ProcessState.ExitCode()) {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	must(nil, "init", "demo", "--quiet")
	must(nil, "run", "demo/inbox", "--config", "demo/reconcile.yaml", "--out", "demo/out", "--breaks-ok", "--quiet")
	must(nil, "generate", "week/files", "--days", "7", "--orders", "300", "--fund-flow", "--bank", "--plant", "all=1", "--quiet")
	must(nil, "generate", "month/files", "--days", "30", "--day", "2024-09-01", "--orders", "40", "--plant", "all=0,amount_mismatch=1", "--quiet")
	for name, to := range map[string]string{"week": "2024-09-18", "month": "2024-09-30"} {
		gather(t, filepath.Join(dir, name))
		from := map[string]string{"week": "2024-09-12", "month": "2024-09-01"}[name]
		must([]int{4}, "run", "--from", from, "--to", to, "--config", name+"/reconcile.yaml", "--breaks-ok", "--quiet")
	}
	if err := os.WriteFile(filepath.Join(dir, "friday.yaml"), []byte(fridayPlan), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.csv"), []byte("order_no,wallet,amount,paid_at,status\nS1,alipay,1e2,2024-09-12 08:00:00,paid\nS2,alipay,一百元整人民币,2024-09-12 08:00:00,已付定金等待发货\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// gather puts the files of generated days into one inbox, with a configuration.
func gather(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "files", "*", "inbox", "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	if err := os.MkdirAll(filepath.Join(dir, "inbox"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name == "orders.csv" || name == "refunds.csv" {
			name = strings.TrimSuffix(name, ".csv") + "-" + filepath.Base(filepath.Dir(filepath.Dir(file))) + ".csv"
		}
		if err := os.Rename(file, filepath.Join(dir, "inbox", name)); err != nil {
			t.Fatal(err)
		}
	}
	config := "schedule:\n  cron: \"30 9 * * *\"\n  inbox: inbox\n  out: days\n"
	if err := os.WriteFile(filepath.Join(dir, "reconcile.yaml"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestEverythingFitsATerminal runs every command that shows something, in a pseudo-terminal
// of 80 columns and in both languages: no line is wider, but for numbers and paths that
// stand alone.
func TestEverythingFitsATerminal(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("it replays a month, and asks one program after the other: make test runs it")
	}
	program := program(t)
	dir := invented(t, program)
	order := anOrder(t, dir, program)
	commands := [][]string{
		{"run", "demo/inbox", "--config", "demo/reconcile.yaml", "--out", "demo/again", "--breaks-ok"},
		{"run", "week/inbox", "--out", "week/adhoc", "--breaks-ok"},
		{"run", "demo/inbox", "broken.csv", "--out", "broken"},
		{"run", "--date", "2024-09-14", "--config", "week/reconcile.yaml", "--dry-run"},
		{"check", "demo/inbox"}, {"check", "week/inbox", "broken.csv"},
		{"explain", order, "--out", "demo/out"}, {"explain", "no-such-number", "--out", "month/days"},
		{"balances", "--out", "week/days"}, {"position", "--out", "week/days"}, {"position", "--out", "demo/out"},
		{"fees", "week/days", "--month", "2024-09"}, {"fees", "month/days"},
		{"status", "--config", "week/reconcile.yaml", "--now", "2024-09-30T10:00"},
		{"status", "--config", "month/reconcile.yaml", "--now", "2024-10-02T10:00"},
		{"diff", "week/days/dt=2024-09-12", "week/days/dt=2024-09-13"}, {"diff", "demo/out", "demo/out"},
		{"verify", "demo/out"}, {"verify", "week/days"}, {"doctor", "--config", "week/reconcile.yaml"},
		{"quote", "payment", "--wallet", "wechat", "--amount", "100.00", "--refund", "30.00"},
		{"quote", "withdrawal", "--wallet", "wechat", "--account-type", "personal", "--amount", "2000.00", "--quota", "1000.00"},
		{"plan", "friday.yaml"}, {"config", "check", "--config", "demo/reconcile.yaml"},
		{"worklist", "LIST.xlsx", "--out", "demo/out"},
		{"generate", "more-LANG", "--days", "2", "--orders", "50"}, {"init", "again-LANG"},
		{"show", "no_such_table"}, {"run", "no-such-file"},
	}
	for _, table := range tableNames() {
		commands = append(commands, []string{"show", table, "--out", "week/days", "-n", "5"}, []string{"show", table, "--out", "demo/out", "--columns", "all", "-n", "2"})
	}
	root := (&app{}).rootCommand()
	commands = append(commands, []string{"--help"})
	for _, c := range root.Commands() {
		commands = append(commands, []string{c.Name(), "--help"})
	}
	for _, language := range []string{"en", "zh"} {
		for _, args := range commands {
			args = slices.Clone(args)
			for i := range args {
				args[i] = strings.ReplaceAll(strings.ReplaceAll(args[i], "LANG", language), "LIST", "list-"+language)
			}
			text, code := shown(t, dir, []string{"LANG=" + map[string]string{"en": "en_US.UTF-8", "zh": "zh_CN.UTF-8"}[language]}, 80, program, args...)
			if strings.TrimSpace(text) == "" || code == exitFailed && args[0] != "doctor" {
				t.Errorf("%s %v: exit code %d, shown %q", language, args, code, text)
			}
			for _, line := range tooWide(text, 80) {
				t.Errorf("%s %v: %d cells: %s", language, args, cells.StringWidth(line), line)
			}
		}
	}
}

// anOrder is one with a break, of the sample day.
func anOrder(t *testing.T, dir, program string) string {
	t.Helper()
	cmd := exec.Command(program, "show", "breaks", "--out", "demo/out", "--where", "kind = duplicate_payment", "--columns", "order_no", "--csv")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))[1]
}

// TestColoursAreShownWhereTheyAreWanted: on terminals, unless NO_COLOR or a dumb terminal
// says otherwise; --color outranks both.
func TestColoursAreShownWhereTheyAreWanted(t *testing.T) {
	program := program(t)
	dir := t.TempDir()
	if out, err := exec.Command(program, "init", filepath.Join(dir, "demo"), "--quiet").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	args := []string{"run", "demo/inbox", "--out", "out", "--breaks-ok"}
	for _, c := range []struct {
		name string
		env  []string
		args []string
		want bool
	}{
		{"a terminal", nil, nil, true},
		{"NO_COLOR", []string{"NO_COLOR=1"}, nil, false},
		{"NO_COLOR that is empty", []string{"NO_COLOR="}, nil, true},
		{"a dumb terminal", []string{"TERM=dumb"}, nil, false},
		{"never", nil, []string{"--color", "never"}, false},
		{"always outranks NO_COLOR", []string{"NO_COLOR=1"}, []string{"--color=always"}, true},
	} {
		text, _ := shown(t, dir, c.env, 80, program, append(args, c.args...)...)
		if got := strings.Contains(text, "\x1b[1;31m"); got != c.want {
			t.Errorf("%s: colours %v\n%q", c.name, got, text[:min(len(text), 300)])
		}
	}
	for _, c := range []struct {
		name string
		env  []string
		args []string
		want bool
	}{{"a pipe", nil, nil, false}, {"a pipe that is forced", []string{"CLICOLOR_FORCE=1"}, nil, true}, {"a pipe, always", nil, []string{"--color=always"}, true},
		{"CLICOLOR_FORCE=0", []string{"CLICOLOR_FORCE=0"}, nil, false}} {
		cmd := exec.Command(program, append(args, c.args...)...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), c.env...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if got := bytes.Contains(out, []byte("\x1b[")); got != c.want {
			t.Errorf("%s: colours %v", c.name, got)
		}
		if !c.want && !strings.Contains(string(out), "BREAKS: 15") {
			t.Errorf("%s: the verdict is told by its colour alone:\n%s", c.name, out)
		}
	}
	if text, code := shown(t, dir, nil, 80, program, "status", "--color", "blue"); code != exitUsage || !strings.Contains(text, "auto, always and never are known") {
		t.Errorf("code %d: %s", code, text)
	}
}

// TestTheWidthIsThatOfTheTerminal: COLUMNS outranks what the terminal says, a pipe gets
// rows whole.
func TestTheWidthIsThatOfTheTerminal(t *testing.T) {
	program := program(t)
	dir := t.TempDir()
	for _, args := range [][]string{{"init", "demo", "--quiet"}, {"run", "demo/inbox", "--out", "out", "--breaks-ok", "--quiet"}} {
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	widest := func(text string) (widest int) {
		for line := range strings.Lines(text) {
			widest = max(widest, cells.StringWidth(lastDrawn(strings.TrimSuffix(line, "\n"))))
		}
		return widest
	}
	show := []string{"show", "statement_lines", "--out", "out"} // 138 cells in a pipe
	for _, c := range []struct {
		env     []string
		columns uint16
		args    []string
		from    int
		to      int
	}{
		{nil, 80, nil, 60, 80},
		{nil, 110, nil, 81, 110},
		{nil, 200, nil, 111, 200},
		{[]string{"COLUMNS=100"}, 200, nil, 70, 100},
		{[]string{"COLUMNS=nonsense"}, 80, nil, 60, 80},
		{nil, 80, []string{"--wide"}, 111, 200},
		{nil, 20, nil, 20, 42},
	} {
		text, _ := shown(t, dir, c.env, c.columns, program, append(show, c.args...)...)
		if got := widest(text); got < c.from || got > c.to {
			t.Errorf("%v at %d columns, %v: %d cells wide\n%s", c.env, c.columns, c.args, got, text[:min(len(text), 600)])
		}
	}
	cmd := exec.Command(program, show...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil || widest(string(out)) < 111 {
		t.Errorf("%v: in a pipe %d cells", err, widest(string(out)))
	}
	if text, _ := shown(t, dir, nil, 80, program, append(show, "--json")...); !strings.Contains(text, `"settled_on": "2024-09-12", "gross_amount"`) {
		t.Error("JSON is folded on a terminal")
	}
}

func TestLongLinesAreFoldedBetweenWords(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"  short", "  short"},
		{"  one two three four five six seven eight", "  one two three four five six\n    seven eight"},
		{"    at inbox/a_long_name/业务明细(汇总).csv:34 and more", "    at\n      inbox/a_long_name/业务明细(汇总).csv:34\n      and more"},
		{"  at inbox/bill_20240912.csv.zip!bill_20240912_业务明细.csv:34", "  at\n    inbox/bill_20240912.csv.zip\n    !bill_20240912_业务明细.csv:34"},
		{"  结果由第二种实现回读，各表均相符，无遗漏，也没有多出来的行。", "  结果由第二种实现回读，各表均\n    相符，无遗漏，也没有多出来\n    的行。"},
		{"  2200012457981263222420000112233445566", "  2200012457981263222420000112233445566"},
		{"\x1b[1mone two\x1b[0m three four five six sev", "\x1b[1mone two\x1b[0m three four five six\n  sev"},
	} {
		if got := folded(c.line, 30); got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
		}
	}
}

// fridayPlan is a task of plan.
const fridayPlan = `need: 500.00
from: 2024-09-12
by: 2024-09-20
accounts:
  - wallet: wechat
    account: "1230000109"
    type: personal
    identity: owner
    balance: 1000.00
    quota: 300.00
    lots: [{amount: 800.00, expires: 2024-09-13}]
    income: [{on: 2024-09-13, amount: 200.00}]
    reserve: 50.00
`
