package pipeline_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"reconcile/output"
	"reconcile/pipeline"
)

// What a stage works on is known of each, and how much memory the run had had by its end.
func TestEveryStageSaysWhatItTook(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	show := func(dir string, _ *output.Manifest) ([]string, error) {
		return []string{"page.html"}, os.WriteFile(filepath.Join(dir, "page.html"), []byte("page"), 0o644)
	}
	result, err := pipeline.Run(context.Background(), pipeline.Job{Paths: plantedDay(t, nil).all(), Out: out, Show: show})
	if err != nil {
		t.Fatal(err)
	}
	m := result.Manifest
	var written, bytes int64
	for _, table := range m.Tables {
		for _, part := range table.Parts {
			written, bytes = written+part.Rows, bytes+part.Bytes
		}
	}
	seen := map[string]output.StageCost{}
	var peak int64
	for _, s := range m.Stages {
		seen[s.Stage] = s
		if s.Bytes == 0 || s.BytesPerSecond == 0 || s.PeakBytes == 0 && runtime.GOOS == "linux" || s.Stage != "report" && (s.Rows == 0 || s.RowsPerSecond == 0) {
			t.Errorf("%+v", s)
		}
		peak = max(peak, s.PeakBytes)
	}
	if len(seen) != 7 {
		t.Errorf("%d stages: %v", len(seen), seen)
	}
	if s := seen["prove"]; s.Rows != written || s.Bytes != bytes {
		t.Errorf("%d rows, %d bytes are proved of %d and %d", s.Rows, s.Bytes, written, bytes)
	}
	if s := seen["report"]; s.Bytes != int64(len("page")) || s.PeakBytes != peak {
		t.Errorf("%+v; the peak is %d", s, peak)
	}
	if load, match, compute := seen["load"], seen["match"], seen["compute"]; load.Rows != match.Rows || load.Bytes != match.Bytes || compute.Rows != load.Rows {
		t.Errorf("%+v\n%+v\n%+v", load, match, compute)
	}
}
