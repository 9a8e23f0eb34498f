package pipeline_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"reconcile/pipeline"
	"reconcile/settlement"
)

// replayInstead names the dataset of a replay that the test program does in place of
// the tests; its argument is the folder of the days' files.
const replayInstead = "RECONCILE_TEST_REPLAY"

var replayed = []string{d1, d2, d3}

// replay runs three days in order. A step such as "2024-09-13 match 1" kills it.
func replay(dataset, files string) int {
	for _, day := range replayed {
		on, err := settlement.ParseDay([]byte(day))
		if err != nil {
			panic(err)
		}
		job := pipeline.Job{Dataset: dataset, Day: on, Paths: []string{filepath.Join(files, day)},
			Progress: func(stage pipeline.Stage, done, _ int64) {
				if os.Getenv(killAt) == fmt.Sprint(day, " ", stage, " ", done) {
					killSelf()
				}
			}}
		if _, err := pipeline.Run(context.Background(), job); err != nil {
			fmt.Fprintln(os.Stderr, day, err)
			return 1
		}
	}
	return 0
}

// replayFiles writes three days in which rows go from day to day: payments at midnight,
// late lines and orders, refunds of earlier payments.
func replayFiles(t testing.TB) string {
	t.Helper()
	dir, random := t.TempDir(), rand.New(rand.NewPCG(7, 7))
	var before []string
	for n, day := range replayed {
		var trades []trade
		var orders, refunds []string
		for i := range 60 {
			order, amount := fmt.Sprintf("S%s%04d", strings.ReplaceAll(day, "-", ""), i), settlement.Amount(100+random.Int64N(90_000))
			at := fmt.Sprintf("%02d:%02d:%02d", random.IntN(24), random.IntN(60), random.IntN(60))
			if random.IntN(10) > 0 {
				orders = append(orders, paid(order, amount, day+" "+at))
			}
			if random.IntN(10) > 0 {
				trades = append(trades, trade{order: order, amount: amount, at: at})
			}
			if n > 0 && random.IntN(5) == 0 {
				of := before[random.IntN(len(before))]
				trades = append(trades, trade{order: of, refund: "R" + order, amount: 50, at: at, paidOn: replayed[n-1]})
				refunds = append(refunds, fmt.Sprintf("%s,R%s,0.50,%s %s,success", of, order, day, at))
			}
			before = append(before, order)
		}
		folder := filepath.Join(dir, day)
		wechatBill(t, folder, day, trades...)
		extract(t, folder, day, orders...)
		refundList(t, folder, day, refunds...)
	}
	return dir
}

// startReplay runs the replay as a process of its own and says whether it came to its
// end; kill may end it before.
func startReplay(t testing.TB, dataset, files, step string, kill func(*os.Process)) (ended bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], files)
	cmd.Env = append(os.Environ(), replayInstead+"="+dataset, killAt+"="+step)
	var text strings.Builder
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if kill != nil {
		kill(cmd.Process)
	}
	err := cmd.Wait()
	if err != nil && cmd.ProcessState.Exited() {
		t.Fatalf("%v: %s", err, text.String())
	}
	return err == nil
}

// datasetIs compares a dataset with the tables of an undisturbed one.
func datasetIs(t testing.TB, dataset string, want map[string]string) {
	t.Helper()
	sameFiles(t, tree(t, dataset), want)
	if left := beside(t, dataset); len(left) > 0 {
		t.Errorf("left beside the dataset: %v", left)
	}
}

// A replay that is killed at any instant, and then done again by the same command, ends
// in the tables of an undisturbed one, byte by byte. RECONCILE_KILLS says how
// often (12 where it is not set); a replay that ends before its instant does not count.
func TestAReplayKilledAtAnyInstantEndsInTheSameTables(t *testing.T) {
	files := replayFiles(t)
	undisturbed := filepath.Join(t.TempDir(), "days")
	began := time.Now()
	if !startReplay(t, undisturbed, files, "", nil) {
		t.Fatal("the undisturbed replay did not end")
	}
	took := time.Since(began)
	want := tree(t, undisturbed)
	if len(want) < 40 {
		t.Fatalf("only %d files: this would prove little", len(want))
	}
	kills, err := strconv.Atoi(os.Getenv("RECONCILE_KILLS"))
	if err != nil {
		kills = 12
	}
	random, killed, replays := rand.New(rand.NewPCG(uint64(kills), 1)), 0, 0
	for ; killed < kills; replays++ {
		if replays > 4*kills {
			t.Fatalf("only %d of %d replays were killed: this proves too little", killed, replays)
		}
		dataset := filepath.Join(t.TempDir(), "days")
		after := time.Duration(random.Int64N(int64(took)))
		if !startReplay(t, dataset, files, "", func(p *os.Process) { time.Sleep(after); _ = p.Kill() }) {
			killed++
		}
		began = time.Now()
		if !startReplay(t, dataset, files, "", nil) {
			t.Fatal("the second replay did not end")
		}
		took = time.Since(began) // now: other programs may have come or gone
		datasetIs(t, dataset, want)
		if t.Failed() {
			t.Fatalf("killed after %v", after)
		}
	}
	t.Logf("%d of %d replays were killed before their end; each was byte-identical when done again", killed, replays)
}

// The same at every step that a run names.
func TestAReplayKilledAtEveryStepEndsInTheSameTables(t *testing.T) {
	files := replayFiles(t)
	undisturbed := filepath.Join(t.TempDir(), "days")
	startReplay(t, undisturbed, files, "", nil)
	want := tree(t, undisturbed)
	for _, day := range replayed {
		for _, step := range []string{"ingest 0", "ingest 1", "ingest 3", "match 1", "commit 0", "commit 1"} {
			t.Run(day+" "+step, func(t *testing.T) {
				dataset := filepath.Join(t.TempDir(), "days")
				if startReplay(t, dataset, files, day+" "+step, nil) {
					t.Fatal("it was not killed: it never came so far")
				}
				if !startReplay(t, dataset, files, "", nil) {
					t.Fatal("the second replay did not end")
				}
				datasetIs(t, dataset, want)
			})
		}
	}
}

// What a day is does not depend on cores, on where the machine is, or on its language.
func TestAReplayIsTheSameOnAnyMachine(t *testing.T) {
	files := replayFiles(t)
	var want map[string]string
	for _, jobs := range []int{1, 2, 8} {
		for _, zone := range []string{"Asia/Shanghai", "America/New_York", "UTC"} {
			for _, locale := range []string{"zh_CN.UTF-8", "C"} {
				t.Setenv("GOMAXPROCS", strconv.Itoa(jobs))
				t.Setenv("TZ", zone)
				t.Setenv("LANG", locale)
				dataset := filepath.Join(t.TempDir(), "days")
				if !startReplay(t, dataset, files, "", nil) {
					t.Fatal("the replay did not end")
				}
				if want == nil {
					want = tree(t, dataset)
				}
				sameFiles(t, tree(t, dataset), want)
			}
		}
	}
}
