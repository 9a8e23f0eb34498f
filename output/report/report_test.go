package report

import (
	"os"
	"testing"

	"reconcile/output"
	"reconcile/output/overview"
)

func TestTry(t *testing.T) {
	dir := os.Getenv("DIR")
	m, err := output.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	v, err := overview.Read(dir, m, Reading(""))
	if err != nil {
		t.Fatal(err)
	}
	f, _ := os.Create(os.Getenv("OUT"))
	if err := Write(f, v, English); err != nil {
		t.Fatal(err)
	}
	f.Close()
}
