//go:build unix

package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// BenchmarkRows reads the rows of one workbook with this package and, beside it, with
// excelize's own row reader: 20,000 rows of 8 cells, texts shared as Excel writes them.
func BenchmarkRows(b *testing.B) {
	const rows = 20_000
	content := benchWorkbook(b, rows)
	for _, reader := range []struct {
		name string
		read func([]byte) (int, error)
	}{{"reconcile", ownRows}, {"excelize", excelizeRows}} {
		b.Run(reader.name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			began := processorTime(b)
			for b.Loop() {
				if n, err := reader.read(content); n != rows || err != nil {
					b.Fatal(n, err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/(processorTime(b)-began).Seconds(), "rows/cpu-s")
		})
	}
}

// processorTime is what this process has taken of the processor, which other programs on
// the machine change less than the clock.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func benchWorkbook(b *testing.B, rows int) []byte {
	f := excelize.NewFile()
	defer f.Close()
	for i := range rows {
		row := []any{fmt.Sprintf("2024-09-12 %02d:%02d:%02d", i/3600%24, i/60%60, i%60), fmt.Sprintf("71%010d", i), fmt.Sprintf("31%017d", i),
			"交易收款", fmt.Sprintf("%d.%02d", 1+i%900, i%100), i % 1000, "0010001|交易收款-交易收款", "备注"}
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			b.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

func ownRows(content []byte) (n int, err error) {
	r, err := Open(bytes.NewReader(content))
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for ; ; n++ {
		if _, _, _, err := r.Next(); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}

func excelizeRows(content []byte) (n int, err error) {
	f, err := excelize.OpenReader(bytes.NewReader(content))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	rows, err := f.Rows("Sheet1")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for ; rows.Next(); n++ {
		if _, err := rows.Columns(); err != nil {
			return n, err
		}
	}
	return n, rows.Error()
}
