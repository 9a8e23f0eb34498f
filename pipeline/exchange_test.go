package pipeline

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"reconcile/settlement"
)

type linesExchange = exchange[settlement.Lines, *settlement.Lines]

// partitions is how many the exchanges of most tests have.
const partitions = 256

func exchangeOf(partitions int, limit int64, dir string) *linesExchange {
	return newExchange[settlement.Lines]("lines", partitions, &budget{limit: limit, dir: filepath.Join(dir, "spill"), open: openSpill},
		func(l *settlement.Lines) []uint64 { return l.Key })
}

// linesOf makes a batch of rows with the given keys; number is in source_line and
// in a text of its own length.
func linesOf(keys []uint64, number int64) *settlement.Lines {
	l := &settlement.Lines{}
	for i, key := range keys {
		n := number + int64(i)
		l.ID = append(l.ID, settlement.ID{Hi: key, Lo: uint64(n)})
		l.Wallet = append(l.Wallet, settlement.Alipay)
		l.Kind = append(l.Kind, settlement.Payment)
		for _, text := range []*settlement.Text{&l.Account, &l.SubAccount, &l.OrderNoRaw, &l.RefundNo, &l.ProviderTxnID, &l.ProviderRefundID, &l.RawType} {
			text.AppendString("")
		}
		l.OrderNo.AppendString(fmt.Sprint("S", n*n))
		l.OccurredAt = append(l.OccurredAt, settlement.Instant(n))
		l.TimeBasis = append(l.TimeBasis, settlement.BasisSuccess)
		l.SettledOn = append(l.SettledOn, settlement.NoDay)
		for _, money := range []*[]settlement.Amount{&l.Gross, &l.Settled, &l.Fee, &l.Net, &l.Coupon} {
			*money = append(*money, settlement.Amount(n))
		}
		l.FeeRate = append(l.FeeRate, settlement.NoRate)
		l.Currency = append(l.Currency, settlement.CNY)
		l.MatchState = append(l.MatchState, settlement.NoState)
		l.File = append(l.File, 0)
		l.Line = append(l.Line, n)
		l.Status = append(l.Status, settlement.Success)
		l.Key = append(l.Key, key)
	}
	return l
}

// row prints what tells a row, and that its columns belong together.
func row(l *settlement.Lines, i int) string {
	return fmt.Sprintf("%016x %d %s %s %v", l.Key[i], l.Line[i], l.OrderNo.StringAt(i), l.Gross[i], l.ID[i])
}

func rowsOf(l *settlement.Lines) []string {
	rows := make([]string, l.Len())
	for i := range rows {
		rows[i] = row(l, i)
	}
	return rows
}

// keysOf draws keys of a few partitions, the first and the last among them.
func keysOf(rng *rand.Rand, n int) []uint64 {
	keys := make([]uint64, n)
	for i := range keys {
		keys[i] = []uint64{0, 1, 127, 128, 254, 255}[rng.IntN(6)]<<56 | rng.Uint64()>>8
	}
	return keys
}

// What comes out of a run of partitions is what went in with their keys, spilled or
// not.
func TestAnExchangeKeepsRowsByPartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "exchange")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		limit := rapid.SampledFrom([]int64{0, 1 << 12, 1 << 16, 1 << 40}).Draw(t, "budget")
		partitions := 1 << rapid.IntRange(0, 10).Draw(t, "bits")
		shift := 64 - bits.TrailingZeros(uint(partitions))
		x := exchangeOf(partitions, limit, dir)
		x.budget.together = 1 << rapid.IntRange(0, 5).Draw(t, "together")
		model := make([][]string, partitions)
		number := int64(0)
		for range rapid.IntRange(0, 12).Draw(t, "batches") {
			l := linesOf(keysOf(rng, rapid.IntRange(0, 200).Draw(t, "rows")), number)
			number += int64(l.Len())
			for i, key := range l.Key {
				model[key>>shift] = append(model[key>>shift], row(l, i))
			}
			if err := x.scatter(l); err != nil {
				t.Fatal(err)
			}
			settlement.Reset(l) // the exchange keeps nothing of it
			settlement.AppendAll(l, linesOf(keysOf(rng, 200), -1000))
		}
		if x.rows.Load() != number {
			t.Fatalf("%d rows counted, %d added", x.rows.Load(), number)
		}
		for range 2 { // a bucket may be loaded again
			width := min(1<<rapid.IntRange(0, 10).Draw(t, "width"), partitions)
			for from := 0; from < partitions; from += width {
				l, err := x.load(from, from+width)
				if err != nil {
					t.Fatal(err)
				}
				want := slices.Concat(model[from : from+width]...)
				got := rowsOf(l)
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Fatalf("partitions %d to %d: %d rows, want %d\n%.300q\n%.300q", from, from+width, len(got), len(want), got, want)
				}
			}
		}
		if _, err := os.Stat(x.budget.dir); limit == 1<<40 && err == nil {
			t.Fatal("a large budget spilled")
		}
	})
}

func TestSpilledRowsAreTheRowsThatWereNot(t *testing.T) {
	load := func(limit int64) (loaded []string, spilled int64) {
		x := exchangeOf(partitions, limit, t.TempDir())
		rng := rand.New(rand.NewPCG(7, 7))
		for n := range int64(40) {
			if err := x.scatter(linesOf(keysOf(rng, 500), n*500)); err != nil {
				t.Fatal(err)
			}
		}
		// All are loaded before one is looked at: what was read from disk must not lie in
		// memory that the next load uses.
		batches := make([]*settlement.Lines, partitions)
		for p := range batches {
			var err error
			if batches[p], err = x.load(p, p+1); err != nil {
				t.Fatal(err)
			}
		}
		for _, l := range batches {
			loaded = append(loaded, rowsOf(l)...)
		}
		return loaded, x.budget.spilled
	}
	kept, none := load(1 << 40)
	some, bytes := load(1 << 20)
	all, more := load(0)
	if none != 0 || bytes == 0 || more <= bytes {
		t.Errorf("spilled %d, %d and %d bytes", none, bytes, more)
	}
	if len(kept) != 20_000 || !slices.Equal(kept, some) || !slices.Equal(kept, all) {
		t.Errorf("%d rows from memory, %d in part from disk, %d from disk: not the same, or not in the same order", len(kept), len(some), len(all))
	}
}

// What goes to disk without LZ4 are numbers that hold little that repeats, and no column of
// which most are blank; of a small group not more is left so than of a large one.
func TestColumnsThatLZ4MakesLittleSmallerGoToDiskAsTheyAre(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for _, rows := range []int{1, 20, 5000} {
		l := linesOf(keysOf(rng, rows), 0)
		l.OrderNo, l.RefundNo = settlement.Text{}, settlement.Text{}
		for i := range rows {
			l.OrderNo.AppendString(fmt.Sprintf("%016x", rng.Uint64()))
			refund := ""
			if i%20 == 0 {
				refund = fmt.Sprintf("%016x", rng.Uint64())
			}
			l.RefundNo.AppendString(refund)
		}
		var plain []string
		for i, is := range incompressible(settlement.Record(l)) {
			if is {
				plain = append(plain, l.Columns()[i].Name)
			}
		}
		if rows == 5000 && !slices.Equal(plain, []string{"line_id", "order_no", "key"}) {
			t.Errorf("%d rows: %q are left as they are", rows, plain)
		}
		if rows == 20 && slices.Contains(plain, "gross_amount") {
			t.Errorf("%d rows: %q are left as they are", rows, plain)
		}
	}
}

// The columns are judged again where a group has many more rows than those before it.
func TestASmallGroupDoesNotDecideForTheOthers(t *testing.T) {
	written := func(small bool) int64 {
		x := exchangeOf(2, 1<<40, t.TempDir())
		x.budget.jobs, x.budget.together = 1, 1
		keys := keysOf(rand.New(rand.NewPCG(7, 7)), 20_000)
		for i := range keys {
			keys[i] |= 1 << 63
		}
		if small {
			keys[0] = 1
		}
		if err := x.scatter(linesOf(keys, 0)); err != nil {
			t.Fatal(err)
		}
		if err := x.spill(); err != nil {
			t.Fatal(err)
		}
		return x.runs[0].files[0].extents[1].end - x.runs[0].files[0].extents[1].start
	}
	if alone, behind := written(false), written(true); behind > alone+alone/100 {
		t.Errorf("%d bytes, behind a group of one row %d", alone, behind)
	}
}

// Of a stream that ends too soon, be it between the two of a group, nothing is used.
func TestSpilledRowsThatWereCutAreAnError(t *testing.T) {
	x := exchangeOf(1, 0, t.TempDir())
	if err := x.scatter(linesOf(keysOf(rand.New(rand.NewPCG(7, 7)), 300), 0)); err != nil {
		t.Fatal(err)
	}
	whole := x.runs[0].files[0].extents[0]
	if l, err := x.load(0, 1); err != nil || l.Len() != 300 {
		t.Fatalf("%d rows, %v", l.Len(), err)
	}
	for cut := whole.start + 1; cut < whole.end; cut++ {
		x.runs[0].files[0].extents[0].end = cut
		// The mark behind the last record says nothing that the rows do not.
		if l, err := x.load(0, 1); err == nil && (cut < whole.end-16 || l.Len() != 300) {
			t.Fatalf("cut at byte %d of %d: %d rows and no error", cut, whole.end, l.Len())
		}
	}
}

// Whoever takes one partition after the other would read a stream on disk again for each.
func TestPartitionsOnDiskAreLoadedByTheirGroups(t *testing.T) {
	opened := map[int64]int{} // by the limit: how often files were opened to be read
	for _, limit := range [...]int64{1 << 40, 0} {
		x := exchangeOf(partitions, limit, t.TempDir())
		x.budget.together = 16
		if err := x.scatter(linesOf(keysOf(rand.New(rand.NewPCG(7, 7)), 5000), 0)); err != nil {
			t.Fatal(err)
		}
		x.budget.open = func(path string) (spillSink, error) {
			opened[limit]++
			return openSpill(path)
		}
		rows, step := 0, x.step()
		for p := 0; p < partitions; p += step {
			l, err := x.load(p, p+step)
			if err != nil {
				t.Fatal(err)
			}
			rows += l.Len()
		}
		if rows != 5000 {
			t.Errorf("%d rows of 5000", rows)
		}
	}
	if opened[1<<40] != 0 || opened[0] != partitions/16 {
		t.Errorf("opened %v times to load %d groups", opened, partitions/16)
	}
}

func TestReleaseGivesMemoryBackAndRemovesTheFiles(t *testing.T) {
	for _, limit := range []int64{0, 1 << 14, 1 << 40} {
		x := exchangeOf(partitions, limit, t.TempDir())
		rng := rand.New(rand.NewPCG(9, 9))
		for n := range int64(10) {
			if err := x.scatter(linesOf(keysOf(rng, 500), n*500)); err != nil {
				t.Fatal(err)
			}
		}
		before, _ := os.ReadDir(x.budget.dir)
		if (len(before) > 0) != (limit < 1<<40) {
			t.Errorf("budget %d: %d files", limit, len(before))
		}
		x.release(0, 128)
		left, err := x.load(128, partitions)
		if err != nil {
			t.Fatal(err)
		}
		if left.Len() == 0 {
			t.Error("nothing is left of the other partitions")
		}
		x.release(128, partitions)
		if files, _ := os.ReadDir(x.budget.dir); len(files) != 0 || x.budget.used.Load() != 0 {
			t.Errorf("budget %d: %d files and %d bytes are left", limit, len(files), x.budget.used.Load())
		}
	}
}

func TestRowsArriveFromManyGoroutines(t *testing.T) {
	x := exchangeOf(partitions, 1<<18, t.TempDir())
	const workers, batches, rows = 8, 20, 100
	var group sync.WaitGroup
	failures := make([]error, workers)
	for worker := range workers {
		group.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(worker), 0))
			for n := range batches {
				if err := x.scatter(linesOf(keysOf(rng, rows), int64((worker*batches+n)*rows))); err != nil {
					failures[worker] = err
				}
			}
		})
	}
	group.Wait()
	for _, err := range failures {
		if err != nil {
			t.Fatal(err)
		}
	}
	all, err := x.load(0, partitions)
	if err != nil {
		t.Fatal(err)
	}
	numbers := slices.Clone(all.Line)
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != int64(i) {
			t.Fatalf("row %d is missing or there twice", i)
		}
	}
	if len(numbers) != workers*batches*rows {
		t.Errorf("%d rows", len(numbers))
	}
}

func TestASpillThatCannotBeWrittenIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	x := exchangeOf(partitions, 0, file)
	if err := x.scatter(linesOf([]uint64{1}, 0)); err == nil {
		t.Error("rows were lost without an error")
	}
}

func TestKeepRows(t *testing.T) {
	l := linesOf([]uint64{1, 2, 3, 4, 5}, 0)
	if same := keepRows(l, func(int) bool { return true }); same != l {
		t.Error("a batch of which all rows stay is copied")
	}
	rapid.Check(t, func(t *rapid.T) {
		var keep [5]bool
		var want []string
		for i := range keep {
			if keep[i] = rapid.Bool().Draw(t, "keep"); keep[i] {
				want = append(want, row(l, i))
			}
		}
		if got := rowsOf(keepRows(l, func(i int) bool { return keep[i] })); !slices.Equal(got, want) {
			t.Fatalf("kept %q, want %q", got, want)
		}
	})
}

func TestTheNumberOfBucketsFollowsFromTheInput(t *testing.T) {
	for decoded, want := range map[int64]int{0: 1, 1: 1, bucketBytes: 1, bucketBytes + 1: 2, 2*bucketBytes + 1: 4, 5 * bucketBytes: 8, 1 << 50: 256} {
		if got := bucketCount(decoded, bucketBytes, 256); got != want {
			t.Errorf("%d bytes: %d buckets, want %d", decoded, got, want)
		}
	}
}

func TestABucketIsAWholeNumberOfPartitions(t *testing.T) {
	for _, decoded := range []int64{0, bucketBytes, 100 * bucketBytes, 1 << 40, 1 << 60} {
		partitions := partitionCount(decoded)
		r := &run{partitions: partitions, buckets: bucketCount(decoded, bucketBytes, partitions)}
		next := 0
		for b := range r.buckets {
			from, until := r.bucketParts(b)
			if from != next || until <= from {
				t.Fatalf("%d bytes: bucket %d is partitions %d to %d, the one before ended at %d", decoded, b, from, until, next)
			}
			next = until
		}
		if next != partitions {
			t.Errorf("%d bytes: the buckets end at partition %d of %d", decoded, next, partitions)
		}
	}
}
