package pipeline_test

import (
	"os"
	"path/filepath"
	"testing"

	"reconcile/pipeline"
)

func TestLookingAtTheCatalogueWritesNothing(t *testing.T) {
	inbox, beside := t.TempDir(), t.TempDir()
	wechatBill(t, inbox, d1, trade{order: "A1", amount: 1000, at: "10:00:00"})
	if err := os.Chmod(beside, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(beside, 0o700) })
	c, err := pipeline.LookAtCatalogue(t.Context(), pipeline.Job{Paths: []string{inbox}, Dataset: filepath.Join(beside, "days")})
	if err != nil || len(c.Days()) != 1 || c.Days()[0].String() != d1 {
		t.Fatalf("%v %v", c, err)
	}
	// root may write everywhere: what counts is that nothing was.
	if left, err := os.ReadDir(beside); err != nil || len(left) != 0 {
		t.Errorf("%v %v", left, err)
	}
}
