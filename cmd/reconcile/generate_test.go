package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/output"
	"reconcile/settlement"
)

// command runs a command line in-process.
func command(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = execute(ctx, args, streams{&out, &err}, func(string) string { return "" })
	return code, out.String(), err.String()
}

func TestBothFormsOfTheAnswerKeySayTheSame(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "day")
	if code, _, stderr := command(t.Context(), "generate", dir, "--orders", "4000", "--plant", "all=10", "--quiet"); code != exitDone {
		t.Fatal(code, stderr)
	}
	text, err := os.ReadFile(filepath.Join(dir, "key", "answer_key.csv"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(want) != 221 {
		t.Fatalf("%d rows: %v", len(want), err)
	}
	parquet := filepath.Join(dir, "key", "answer_key.parquet")
	got := [][]string{columnNames(settlement.AnswerKeyTable.Columns)}
	err = output.ReadFile(parquet, func(r output.Row) error {
		var row []string
		for i := range r.Columns() {
			row = append(row, r.At(i))
		}
		// Null and money are what they are in other engines, not texts.
		if fen, ok := r.Money("expected_amount"); ok && fen.String() != row[3] || !ok && !r.IsNull("expected_amount") {
			t.Errorf("expected_amount of %v is no money", row)
		}
		if r.IsNull("refund_no") != (row[2] == "") || r.IsNull("actual_amount") != (row[4] == "") {
			t.Errorf("an empty text in place of null: %v", row)
		}
		got = append(got, row)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%d rows of Parquet, %d of CSV, or their values differ", len(got), len(want))
	}
}

// stopAfter is a context that ends when it was asked for its error so many times.
type stopAfter struct {
	context.Context
	asked chan struct{}
}

func (s stopAfter) Err() error {
	select {
	case s.asked <- struct{}{}:
		return nil
	default:
		return context.Canceled
	}
}

func TestInterruptedGenerationLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "days")
	// The first day takes some thirty looks, so that it is the second that stops.
	ctx := stopAfter{t.Context(), make(chan struct{}, 40)}
	code, stdout, stderr := command(ctx, "generate", dir, "--orders", "20000", "--days", "3")
	if code != exitInterrupted || stdout != "" || !strings.Contains(stderr, "interrupted") {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
	if left, err := os.ReadDir(dir); !os.IsNotExist(err) {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFailedGenerationKeepsWhatWasThere(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, _, _ := command(ctx, "generate", dir, "--orders", "20000"); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "notes.txt" {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}
