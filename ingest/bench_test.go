//go:build unix

package ingest_test

import (
	"syscall"
	"testing"
	"time"
)

// benchRows is about how many rows the files of the benchmark have.
const benchRows = 20_000

// BenchmarkFormats reads a file of each kind from its bytes to its batches, on one
// worker: the whole way that a run takes, with recognition, hashing and control totals.
// Beside the clock's figures it tells those of the processor's time, which other
// programs on the machine change less.
func BenchmarkFormats(b *testing.B) {
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) {
			content := k.file(b, benchRows)
			rows := int64(0)
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			began := processorTime(b)
			for b.Loop() {
				s, _, err := readBytes(content)
				if err != nil {
					b.Fatal(err)
				}
				rows += s.Rows
			}
			took := (processorTime(b) - began).Seconds()
			b.ReportMetric(float64(rows)/took, "rows/cpu-s")
			b.ReportMetric(float64(len(content))*float64(b.N)/took/1e6, "MB/cpu-s")
			b.ReportMetric(float64(len(content))*float64(b.N)/float64(rows), "B/row")
		})
	}
}

// processorTime is what this process has taken of the processor.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
