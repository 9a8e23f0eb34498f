package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"reconcile/generate"
	"reconcile/ingest/orders"
	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

const doctorHelp = `Checks whether the nightly job can do its work here: the configuration, the
inbox, the databases (it connects and asks them nothing), the folder of the
days and the room on its disk, the lock, the zone and the next wake-up, the
robots of the alerts (it sends nothing), the address of the metrics; and runs
the sample day that the program carries, in a folder of its own. It changes
nothing.`

// examination is what doctor finds.
type examination struct {
	*app
	c      *config
	Checks []finding `json:"checks"`
}

// finding is one thing that was checked.
type finding struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"` // ok, warning, failed
	Detail  string `json:"detail"`
	Do      string `json:"do,omitempty"`
}

const (
	verdictOK      = "ok"
	verdictWarning = "warning"
	verdictFailed  = "failed"
)

// errSick says that something would keep the job from its work.
var errSick = errors.New("something would keep the nightly job from its work: see above")

func (a *app) doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check whether the nightly job can do its work here",
		Long: doctorHelp + exitCodes(`  0    everything fits; warnings do not count
  1    something would keep the job from its work
  2    usage, or a configuration that cannot be read`),
		Example: `  reconcile doctor --config /etc/reconcile/reconcile.yaml
  reconcile doctor --json | jq '.checks[] | select(.verdict != "ok")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := readConfig(a.configFlag)
			if err != nil {
				return err
			}
			e := &examination{app: a, c: c}
			e.examine(cmd.Context())
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			return e.print()
		},
	}
	a.withConfig(cmd)
	a.withOutput(cmd, "print the checks as JSON", "print only what is not well")
	return cmd
}

// add notes a check; nil is well.
func (e *examination) add(name string, err error, do, detail string) {
	f := finding{Name: name, Verdict: verdictOK, Detail: detail}
	if err != nil {
		f.Verdict, f.Detail, f.Do = verdictFailed, err.Error(), do
	}
	e.Checks = append(e.Checks, f)
}

func (e *examination) warn(name, detail, do string) {
	e.Checks = append(e.Checks, finding{name, verdictWarning, detail, do})
}

func (e *examination) examine(ctx context.Context) {
	e.examineConfig()
	e.examineInbox()
	e.examineDatabases(ctx)
	e.examineDataset()
	e.examineAlerts()
	e.examineListen()
	e.add("self-test", selfTest(ctx), e.say("the program or this machine is broken: report it with this text"), e.say("the sample day comes out as it must"))
}

func (e *examination) examineConfig() {
	n := &e.c.nightly
	if e.c.path == "" {
		e.warn("configuration", e.say("there is none in this folder"), e.say("name it with --config, or write one with reconcile init"))
		return
	}
	e.add("configuration", nil, "", e.c.path)
	for _, w := range e.c.fees.warnings {
		e.warn("configuration", w.Error(), "")
	}
	if n.cron == "" {
		e.warn("schedule", e.say("schedule.cron is not set"), e.say("set it, or let cron or systemd run reconcile schedule --once"))
		return
	}
	times, err := n.times()
	if err != nil {
		e.add("schedule", err, e.say("set schedule.cron"), "")
		return
	}
	e.add("schedule", nil, "", e.sayf("next wake-up %s, bills are late from %s", times.Next(time.Now()).In(n.zone).Format(time.RFC3339), clockText(n.deadline)))
	if now := time.Now(); now.Year() < 2024 {
		e.add("clock", fmt.Errorf("it shows %s", now.Format(time.DateTime)), e.say("set the clock of this machine"), "")
	}
}

// clockText prints a time of the clock.
func clockText(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

func (e *examination) examineInbox() {
	inbox := e.c.nightly.inboxFolder()
	if inbox == "" {
		e.warn("inbox", e.say("schedule.inbox is not set"), e.say("set it to the folder in which the bills arrive"))
		return
	}
	files := 0
	err := filepath.WalkDir(inbox, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		files++
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return f.Close()
	})
	e.add("inbox", err, e.say("let the user of the job read everything in the inbox"), e.sayf("%s: %d files, all readable", inbox, files))
}

func (e *examination) examineDatabases(ctx context.Context) {
	for _, q := range []struct {
		name string
		*orders.Query
	}{{"orders.sql", e.c.mappings.OrdersQuery}, {"refunds.sql", e.c.mappings.RefundsQuery}} {
		if q.Query != nil {
			e.add(q.name, q.Reach(ctx), e.say("see that the server is reachable, and its dsn_env or dsn_file"), e.say("the database answers"))
		}
	}
}

// roomFailed and roomWarned are how much room the disk of the days needs at least.
const (
	roomFailed = 256 << 20
	roomWarned = 2 << 30
)

func (e *examination) examineDataset() {
	out := e.c.nightly.out
	if out == "" {
		e.warn("dataset", e.say("schedule.out is not set"), e.say("set it to the folder of the days"))
		return
	}
	beside := filepath.Dir(out)
	if err := writable(beside); err != nil {
		e.add("dataset", err, e.say("let the user of the job write beside the folder of the days: results are built there"), "")
		return
	}
	days, err := pipeline.Days(out)
	newest := ""
	var size int64
	if err == nil && len(days) > 0 {
		dir := pipeline.DayFolder(out, days[len(days)-1])
		newest = days[len(days)-1].String()
		var m *output.Manifest
		if m, err = output.ReadManifest(dir); err == nil {
			size = manifestBytes(m)
		}
	}
	e.add("dataset", err, e.say("run the newest day again"), e.datasetText(out, len(days), newest))
	if newest != "" {
		e.examineSnapshots(out, days[len(days)-1])
	}
	e.examineRoom(beside, size)
	e.examineLock(out)
}

// examineSnapshots reads what databases answered for the newest day, as a run of it would.
func (e *examination) examineSnapshots(out string, newest settlement.Day) {
	kept, err := pipeline.Snapshots(out, newest)
	if err != nil {
		e.add("snapshots", err, "", "")
	}
	for i := range kept {
		s := &kept[i]
		e.add("snapshots", s.Check(newest), "", e.sayf("%s: %s reads %s (asked at %s)", newest, s.Source, s.Path(), s.AskedAt))
	}
}

// manifestBytes is how large the tables and inputs of a run are together: about what a
// run of that size needs for its tables and, at worst, for what it spills.
func manifestBytes(m *output.Manifest) (n int64) {
	for _, t := range m.Tables {
		for _, p := range t.Parts {
			n += p.Bytes
		}
	}
	for _, in := range m.Inputs {
		n += in.Bytes
	}
	return n
}

// examineRoom looks at the disk on which days are built and rows are spilled.
func (e *examination) examineRoom(dir string, newest int64) {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		e.add("disk", err, "", "")
		return
	}
	free := int64(disk.Bavail) * int64(disk.Bsize) //nolint:unconvert // 32 bits wide on some systems
	text := e.sayf("%s MiB free, for days and for what is spilled", groupedCount(free>>20))
	switch {
	case free < max(roomFailed, newest):
		e.add("disk", errors.New(text), e.say("make room: a run needs that of a day's tables and of its decoded files"), "")
	case free < max(roomWarned, 10*newest):
		e.warn("disk", text, e.say("make room, or remove old days with reconcile prune"))
	default:
		e.add("disk", nil, "", text)
	}
}

func (e *examination) examineLock(out string) {
	lock, err := output.Acquire(out)
	switch {
	case errors.Is(err, output.ErrLocked):
		e.warn("lock", err.Error(), e.say("nothing, where a run is meant to be going on"))
	case err != nil:
		e.add("lock", err, "", "")
	default:
		lock.Release()
		e.add("lock", nil, "", e.say("it is free"))
	}
}

// writable says whether files can be made in a folder.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".reconcile-doctor-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("reconcile doctor\n")
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

func (e *examination) examineAlerts() {
	if len(e.c.nightly.alerts) == 0 {
		e.warn("alerts", e.say("nobody is told of anything"), e.say("name a robot under alerts"))
	}
	for _, route := range e.c.nightly.alerts {
		e.add("alerts "+route.Name, route.Ready(os.Getenv), e.say("see url_env or url_file, secret_env or secret_file"), e.sayf("%s, for %s", route.Robot, joined(route.Kinds)))
	}
}

func joined[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}

func (e *examination) examineListen() {
	address := e.c.nightly.listen
	if address == "" || e.c.nightly.cron == "" {
		return
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		e.warn("metrics", err.Error(), e.say("nothing, where the schedule is running; else choose another schedule.listen"))
		return
	}
	listener.Close()
	e.add("metrics", nil, "", address)
	if host, _, err := net.SplitHostPort(address); err == nil {
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			e.warn("metrics", e.sayf("%s is not of this machine alone: account numbers and counts can be read there", address), e.say("listen on 127.0.0.1, or let a firewall say who may ask"))
		}
	}
}

// sampleBreaks is how many breaks the sample day has, by its answer key.
const sampleBreaks = 15

// selfTest runs the sample day in a folder of its own.
func selfTest(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "reconcile-doctor-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	inbox := filepath.Join(dir, "inbox")
	if err := os.Mkdir(inbox, 0o755); err != nil {
		return err
	}
	if _, err := generate.SampleDay(inbox); err != nil {
		return err
	}
	result, err := pipeline.Run(ctx, pipeline.Job{Paths: []string{inbox}, Out: filepath.Join(dir, "result"), Day: settlement.NoDay, Version: version})
	switch {
	case err != nil:
		return err
	case !result.Complete():
		return fmt.Errorf("the sample day was refused: %s", result.Refusals[0].Source)
	case result.Overview.BreakCount() != sampleBreaks:
		return fmt.Errorf("the sample day has %d breaks, it must have %d", result.Overview.BreakCount(), sampleBreaks)
	}
	v := &verification{ctx: ctx, dir: filepath.Join(dir, "result")}
	if err := v.run(); err != nil {
		return err
	}
	if len(v.faults) > 0 {
		return fmt.Errorf("the sample day is not proved: %w", v.faults[0])
	}
	return nil
}

func (e *examination) print() error {
	sick := false
	for _, f := range e.Checks {
		sick = sick || f.Verdict == verdictFailed
	}
	if e.json {
		if err := printJSON(e.out, e); err != nil {
			return err
		}
	} else {
		e.printChecks(e.out)
	}
	if sick {
		return errSick
	}
	return nil
}

func (e *examination) printChecks(w io.Writer) {
	for _, f := range e.Checks {
		if e.quiet && f.Verdict == verdictOK {
			continue
		}
		fmt.Fprintf(w, "%s  %s: %s\n", e.paint(verdictStyles[f.Verdict], e.verdictWord(f.Verdict)), e.checkName(f.Name), f.Detail)
		if f.Do != "" {
			fmt.Fprintf(w, "      (%s)\n", f.Do)
		}
	}
}

// checkNames are the names of checks that are words; others are keys of the
// configuration.
var checkNames = []string{"configuration", "schedule", "clock", "inbox", "dataset", "disk", "lock", "alerts", "metrics", "self-test"}

// checkName is the name of a check for people: of "alerts finance" the word is first.
func (e *examination) checkName(name string) string {
	word, of, _ := strings.Cut(name, " ")
	if slices.Contains(checkNames, word) {
		word = e.say(word)
	}
	return strings.TrimSpace(word + " " + of)
}

var verdictStyles = map[string]style{verdictOK: good, verdictWarning: warning, verdictFailed: bad}

func (e *examination) verdictWord(verdict string) string {
	switch verdict {
	case verdictFailed:
		return e.say("FAILED")
	case verdictWarning:
		return e.say("WARN")
	}
	return e.say("ok")
}

// datasetText says what a dataset holds.
func (e *examination) datasetText(out string, days int, newest string) string {
	if days == 0 {
		return e.sayf("%s: no day yet", out)
	}
	return e.sayf("%s: %d days, the newest %s", out, days, newest)
}
