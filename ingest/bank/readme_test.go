package bank

import (
	"os"
	"regexp"
	"testing"

	"reconcile/settlement"
)

// TestTheExamplesOfTheReadme reads the blocks of README.md: what it shows must be right.
func TestTheExamplesOfTheReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 4 {
		t.Fatalf("%d blocks", len(blocks))
	}
	m := mapped
	m.Columns = map[string]string{}
	for ours, theirs := range mapped.Columns {
		if ours != "type" {
			m.Columns[ours] = theirs
		}
	}
	rows, credit, debit := int64(2), settlement.Amount(100000), settlement.Amount(20050)
	m.TotalRows, m.TotalCredit, m.TotalDebit = &rows, &credit, &debit
	for _, c := range []struct {
		block string
		m     Mapping
		rows  int64
	}{{blocks[0][1], Mapping{}, 2}, {blocks[2][1], m, 2}, {blocks[3][1], Mapping{}, 1}} {
		st, lines := accepted(t, c.block, c.m)
		if st.Rows != c.rows || lines.Category[0] != settlement.FundTransfer || lines.FlowNo.StringAt(0) != "B0912001" || lines.Amount[0] != 100000 {
			t.Errorf("%+v of\n%s", lines, c.block)
		}
	}
}
