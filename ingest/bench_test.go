package ingest_test

import (
	"testing"
)

// benchRows is about how many rows the files of the benchmark have.
const benchRows = 20_000

// BenchmarkFormats reads a file of each kind from its bytes to its batches, on one
// worker: the whole way that a run takes, with recognition, hashing and control totals.
func BenchmarkFormats(b *testing.B) {
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) {
			content := k.file(b, benchRows)
			rows := int64(0)
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				s, _, err := readBytes(content)
				if err != nil {
					b.Fatal(err)
				}
				rows += s.Rows
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(len(content))/(float64(rows)/float64(b.N)), "B/row")
		})
	}
}
