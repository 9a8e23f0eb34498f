package output

import (
	"os"
	"path/filepath"
	"testing"

	"reconcile/settlement"
)

func BenchmarkWriteStatementLines(b *testing.B) {
	benchmarkWrite(b, "statement_lines", new(settlement.Lines))
}

func BenchmarkWriteCharges(b *testing.B) { benchmarkWrite(b, "charges", new(settlement.Charges)) }

// benchmarkWrite reports the bytes of the batch in memory and the rows a second.
func benchmarkWrite(b *testing.B, name string, batch settlement.Batch) {
	table := tableNamed(b, name)
	invent(table, batch, 250_000, 1)
	rec := settlement.Record(batch)
	path := filepath.Join(b.TempDir(), "part.parquet")
	var size int64
	b.SetBytes(settlement.Bytes(batch))
	b.ReportAllocs()
	for b.Loop() {
		w, err := NewPart(path, table, testFiles)
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Write(rec); err != nil {
			b.Fatal(err)
		}
		info, err := w.Close()
		if err != nil {
			b.Fatal(err)
		}
		size = info.Bytes
		if err := os.Remove(path); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(batch.Len())*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(size)/float64(batch.Len()), "file-B/row")
}

func BenchmarkReadBack(b *testing.B) {
	table := tableNamed(b, "statement_lines")
	batch := invent(table, new(settlement.Lines), 250_000, 1)
	info := writePart(b, table, batch, batch.Len())
	for name, read := range map[string]func() error{
		"one_column":  info.Prove,
		"file_totals": func() error { _, err := FileTotals("statement_lines", []string{info.Path}); return err },
		"compare_all": func() error { _, err := CompareAll(info.Path, table); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(info.Bytes)
			b.ReportAllocs()
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(info.Rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
