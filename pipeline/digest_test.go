package pipeline_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/output"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// digests is, for each table of a result, how many rows it has and a hash of them
// in sorted order, over all columns but those named.
func digests(t testing.TB, out string, without ...string) map[string]string {
	t.Helper()
	return digestsOf(t, out, func(string, string) bool { return true }, without...)
}

// digestsOf is digests of the rows of a kind that counts.
func digestsOf(t testing.TB, out string, counts func(table, kind string) bool, without ...string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, table := range settlement.Tables {
		if table.Dated {
			continue
		}
		var rows []string
		err := output.ReadTable(out, table.Name, func(r output.Row) error {
			if !counts(table.Name, r.Text("kind")) {
				return nil
			}
			var row strings.Builder
			for _, column := range r.Columns() {
				switch {
				case slices.Contains(without, column):
				case r.IsNull(column):
					row.WriteString(column + " is null\x1f")
				default:
					row.WriteString(column + " " + r.Text(column) + "\x1f")
				}
			}
			rows = append(rows, row.String())
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 && table.Name != "quotas" && counts(table.Name, "") { // no account of these days has any
			t.Fatalf("%s has no rows: its digest would prove nothing", table.Name)
		}
		slices.Sort(rows)
		sum := sha256.Sum256([]byte(strings.Join(rows, "\n")))
		all[table.Name] = hex.EncodeToString(sum[:])
	}
	return all
}

func sameDigests(t testing.TB, got, want map[string]string) {
	t.Helper()
	for table, digest := range want {
		if got[table] != digest {
			t.Errorf("%s has other rows", table)
		}
	}
}

func TestTheDigestOfEachTableIsTheSameForAnyNumberOfBuckets(t *testing.T) {
	key, err := generate.Day(t.TempDir(), withFunds(manyCases(4_500)))
	if err != nil {
		t.Fatal(err)
	}
	run := func(bucketBytes, memory int64) (*pipeline.Result, map[string]string) {
		out := filepath.Join(t.TempDir(), "out")
		job := pipeline.Job{Paths: key.Files, Out: out, Memory: memory}.With(bucketBytes, nil)
		result, err := pipeline.Run(context.Background(), job)
		if err != nil {
			t.Fatal(err)
		}
		return result, digests(t, out, "source_file", "source_line")
	}
	one, want := run(0, 0)
	if one.Manifest.Buckets != 1 {
		t.Fatalf("%d buckets", one.Manifest.Buckets)
	}
	for _, c := range []struct {
		name                string
		bucketBytes, memory int64
		buckets             int
	}{
		{"2 buckets", 2 << 20, 0, 2},
		{"8 buckets", 1 << 19, 0, 8},
		{"64 buckets", 1 << 16, 0, 64},
		{"8 buckets from the disk", 1 << 19, 1 << 20, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			result, got := run(c.bucketBytes, c.memory)
			if result.Manifest.Buckets != c.buckets {
				t.Errorf("%d buckets", result.Manifest.Buckets)
			}
			sameDigests(t, got, want)
		})
	}
}

// A file of other rows has another SHA-256, which control_totals shows. The rows of an
// account stand in the order in which its balance moved: where they are in another one,
// its balance does not follow, and all else is the same.
func TestTheDigestOfEachTableIsTheSameForAnyOrderOfRows(t *testing.T) {
	key, err := generate.Day(t.TempDir(), withFunds(manyCases(3_000)))
	if err != nil {
		t.Fatal(err)
	}
	without := []string{"source_file", "source_line", "sha256", "chain_break_file"}
	_, out := ran(t, key.Files...)
	want := digests(t, out, without...)
	moves := func(path string) bool {
		return strings.Contains(path, "fundflow") || strings.Contains(path, "账务明细")
	}
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 0))
		folder := t.TempDir()
		for _, path := range key.Files {
			to := filepath.Join(folder, filepath.Base(path))
			if moves(path) {
				copyFile(t, path, to)
			} else {
				shuffleFile(t, rng, path, to)
			}
		}
		result, again := ran(t, folder)
		complete(t, result, again)
		sameDigests(t, digests(t, again, without...), want)
	}
	unordered := func(table, kind string) bool { return table != "balances" && kind != settlement.BalanceGap.String() }
	without = append(without, "breaks")
	want = digestsOf(t, out, unordered, without...)
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 1))
		folder := t.TempDir()
		for _, path := range key.Files {
			shuffleFile(t, rng, path, filepath.Join(folder, filepath.Base(path)))
		}
		result, again := ran(t, folder)
		complete(t, result, again)
		sameDigests(t, digestsOf(t, again, unordered, without...), want)
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// withFunds adds the fund flows of the day.
func withFunds(o generate.Options) generate.Options {
	o.FundFlow = true
	for c := generate.FeeRowMissing; c <= generate.BalanceOff; c++ {
		o.Cases[c] = generate.Count(10)
	}
	return o
}

// manyCases is a day with every kind of break, refunds, and all of WeChat Pay's
// bills, which show each line twice.
func manyCases(orders int) generate.Options {
	o := generate.Defaults()
	o.Orders = orders
	o.WeChat.Bills = []generate.BillType{generate.BillAll, generate.BillSuccess, generate.BillRefund}
	for _, c := range generate.Askable() {
		if c.PlantsBreak() && c.IsPossible(o) {
			o.Cases[c] = generate.Count(10)
		}
	}
	return o
}

// shuffleFile copies an input with its rows in another order.
func shuffleFile(t testing.TB, rng *rand.Rand, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(from, ".zip") {
		content = shuffled(t, rng, content)
	} else if content, err = shuffledArchive(t, rng, content); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// shuffledArchive shuffles the rows of the first member, the bill.
func shuffledArchive(t testing.TB, rng *rand.Rand, content []byte) ([]byte, error) {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for n, member := range archive.File {
		in, err := member.Open()
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			text = shuffled(t, rng, text)
		}
		to, err := w.CreateHeader(&zip.FileHeader{Name: member.Name, NonUTF8: member.NonUTF8, Method: zip.Deflate})
		if err != nil {
			return nil, err
		}
		if _, err := to.Write(text); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return out.Bytes(), err
}

// shuffled shuffles the rows between the names of the columns and the totals.
func shuffled(t testing.TB, rng *rand.Rand, text []byte) []byte {
	t.Helper()
	lines := bytes.SplitAfter(text, []byte("\n"))
	from := slices.IndexFunc(lines, func(line []byte) bool { return line[0] != '#' }) + 1
	until := from
	for until < len(lines) && len(lines[until]) > 0 && lines[until][0] != '#' && !bytes.HasPrefix(lines[until], []byte("总交易单数")) && !bytes.HasPrefix(lines[until], []byte("资金流水总笔数")) {
		until++
	}
	if until-from < 10 {
		t.Fatalf("only %d rows between %q and the totals", until-from, lines[from-1])
	}
	rng.Shuffle(until-from, func(i, j int) { lines[from+i], lines[from+j] = lines[from+j], lines[from+i] })
	return bytes.Join(lines, nil)
}
