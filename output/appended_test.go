package output

import (
	"slices"
	"testing"

	"reconcile/settlement"
)

// A day that was written before a column was appended to the schema has null in it.
func TestAColumnThatAnOlderPartLacksIsNull(t *testing.T) {
	table, _ := settlement.TableNamed("withdrawals")
	older := table
	older.Columns = slices.DeleteFunc(slices.Clone(table.Columns), func(c settlement.TableColumn) bool {
		return slices.Contains([]string{"due_on", "arrival", "bank_account", "bank_line_id"}, c.Name)
	})
	written := &settlement.Withdrawals{}
	if err := settlement.View(anyRecord(table, written, 9, 9), written); err != nil {
		t.Fatal(err)
	}
	in, err := OpenBatches(writePart(t, older, written, 9).Path, "withdrawals")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	read := &settlement.Withdrawals{}
	for rows, ok := in.Next(); ok; rows, ok = in.Next() {
		if err := in.Append(read, []int32{0, int32(rows - 1)}, func(string) int32 { return 0 }); err != nil {
			t.Fatal(err)
		}
	}
	if read.Len() != 2 || read.Amount[1] != written.Amount[8] {
		t.Fatalf("%d rows, amounts %v", read.Len(), read.Amount)
	}
	for i := range read.Len() {
		if read.DueOn[i] != settlement.NoDay || read.Arrival[i] != settlement.NoArrival || read.BankAccount.StringAt(i) != "" || read.BankLine[i] != (settlement.ID{}) {
			t.Errorf("row %d: %v %v %q %v", i, read.DueOn[i], read.Arrival[i], read.BankAccount.StringAt(i), read.BankLine[i])
		}
	}
}
