package bank

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// read reads content by what recognises it and returns a copy of its lines.
func read(content []byte, m Mapping) (*settlement.Statement, *settlement.FundLines, error) {
	var lines settlement.FundLines
	emit := func(rec arrow.Record) error {
		var batch settlement.FundLines
		if err := settlement.View(rec, &batch); err != nil {
			return err
		}
		for i := range batch.Len() {
			settlement.AppendRows(&lines, &batch, []int32{int32(i)})
		}
		return nil
	}
	in := delimited.Input{File: "bank.csv", Stream: bytes.NewReader(content), Index: 7, Workers: 1, Day: settlement.NoDay}
	reader := Read
	if RecogniseCAMT(content) {
		in.File, reader = "bank.xml", ReadCAMT
	}
	st, err := reader(context.Background(), in, m, emit)
	return st, &lines, err
}

// accepted reads content that must be good.
func accepted(t *testing.T, content string, m Mapping) (*settlement.Statement, *settlement.FundLines) {
	t.Helper()
	st, lines, err := read([]byte(content), m)
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, st, lines)
	return st, lines
}

// checkSums proves what a statement says from its lines.
func checkSums(t *testing.T, st *settlement.Statement, lines *settlement.FundLines) {
	t.Helper()
	var sums [6]settlement.KindSum
	for i := range lines.Len() {
		sums[lines.Direction[i]].Rows++
		sums[lines.Direction[i]].Gross += lines.Amount[i]
		if lines.File[i] != 7 || lines.Wallet[i] != settlement.Bank || lines.State[i] != settlement.Booked || lines.Currency[i] != settlement.CNY {
			t.Errorf("line %d: %+v", i, lines)
		}
		if len(lines.FlowNo.At(i)) == 0 || lines.Category[i] == settlement.NoCategory || lines.SettledOn[i] < st.From || lines.SettledOn[i] >= st.Until {
			t.Errorf("line %d: number %q, %s, on %s", i, lines.FlowNo.At(i), lines.Category[i], lines.SettledOn[i])
		}
	}
	if sums != st.KindSums || st.Rows != int64(lines.Len()) {
		t.Errorf("%d rows with %+v, the lines give %+v", st.Rows, st.KindSums, sums)
	}
	for _, total := range st.Totals {
		var again int64
		for kind, sum := range sums {
			if total.Measure.Has(settlement.Kind(kind)) {
				if total.Measure.Column == "rows" {
					again += sum.Rows
				} else {
					again += int64(sum.Gross)
				}
			}
		}
		if total.Measure.Negate {
			again = -again
		}
		if !total.Ties() || total.Computed != again {
			t.Errorf("%s: stated %s, computed %s, the lines give %d", total.Name, total.StatedText(), total.ComputedText(), again)
		}
	}
	if st.Kind != settlement.BankStatement || st.Wallet != settlement.Bank || len(st.SHA256) != 64 || st.Bytes == 0 {
		t.Errorf("%+v", st)
	}
}

// refused reads content that must be refused with all of wants, in their order.
func refused(t *testing.T, content string, m Mapping, wants ...string) *settlement.Refusal {
	t.Helper()
	_, _, err := read([]byte(content), m)
	var refusal *settlement.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want %q", err, wants)
	}
	if len(refusal.Errors) != len(wants) {
		t.Fatalf("got\n%v\nwant %q", err, wants)
	}
	for i, want := range wants {
		if got := refusal.Errors[i].Error(); !strings.HasPrefix(got, want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	return refusal
}

func gb(t testing.TB, text string) string {
	t.Helper()
	encoded, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func hasNote(st *settlement.Statement, part string) bool {
	for _, n := range st.Notes {
		if strings.Contains(n, part) {
			return true
		}
	}
	return false
}
