package output

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/settlement"
)

func exampleManifest() Manifest {
	day, _ := settlement.ParseDay([]byte("2024-09-12"))
	statement := &settlement.Statement{
		File: "0912.zip", Member: "明细.csv", SHA256: "ab", Bytes: 10, Layout: "current, 27 columns",
		Kind: settlement.TradeBill, Wallet: settlement.WeChat, Account: "1900000101", Currency: "CNY",
		From: day, Until: day + 1, Rows: 2, Watermark: settlement.NoInstant, Notes: []string{"a note <&>"},
		Totals: []settlement.ControlTotal{
			{Name: "总交易单数", Stated: 2, Computed: 2, Measure: settlement.Measure{Column: "rows"}},
			{Name: "手续费总金额", Stated: 4, Computed: 3, Measure: settlement.Measure{Column: "fee_amount"}},
		},
	}
	refusal := settlement.Refuse(&settlement.InputError{
		Position: settlement.Position{File: "x.csv", Line: 7, Column: 3}, ColumnName: "订单金额", What: "not a number", Do: "ask again",
	})
	refusal.Statement = statement
	m := Manifest{
		Complete: true, Versions: map[string]string{"reconcile": "0.1.0"}, ConfigurationSHA256: "cd", Buckets: 4,
		Inputs: []Input{InputOf(statement)}, Refused: []RefusedInput{RefusedOf(refusal)},
		Totals: []Total{{Name: "net", Wallet: "wechat", Amount: -1230}},
		Counts: map[string]int64{"breaks": 3}, Proof: []Check{{Name: "rows", Expected: "2", Actual: "2", Holds: true}},
		Stages: []StageCost{{Stage: "ingest", MS: 12, Rows: 3}},
	}
	m.AddPart(PartInfo{Path: "/s/matches/part-00000.parquet.staged", Table: "matches", Rows: 3, Bytes: 9, SHA256: "ef"})
	m.AddPart(PartInfo{Path: "/s/matches/part-00001.parquet.staged", Table: "matches", Rows: 4, Bytes: 9, SHA256: "01"})
	return m
}

func TestManifestReadsBackAsWritten(t *testing.T) {
	dir := t.TempDir()
	m := exampleManifest()
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	m.Program, m.SchemaVersion = "reconcile", settlement.SchemaVersion
	if diff := cmp.Diff(&m, got); diff != "" {
		t.Error(diff)
	}
	if got.Tables[0].Rows != 7 || got.Tables[0].Parts[1].Path != "matches/part-00001.parquet" {
		t.Errorf("%+v", got.Tables)
	}
}

func TestManifestHoldsMoneyAsTextAndCountsAsNumbers(t *testing.T) {
	dir := t.TempDir()
	if err := exampleManifest().Write(dir); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"amount": "-12.30"`, `"stated": "0.04"`, `"difference": "-0.01"`, `"stated": "2"`, `"breaks": 3`,
		`"from": "2024-09-12"`, `"until": "2024-09-13"`, `"a note <&>"`, `"column_name": "订单金额"`,
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s is not in run.json", want)
		}
	}
}

func TestReadManifestIsStrict(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"an_unknown_schema_version":  {`{"program":"reconcile","schema_version":99}`, "schema version 99, this program knows 1"},
		"another_program":            {`{"program":"other","schema_version":1}`, "no result of reconcile"},
		"an_unknown_field":           {`{"program":"reconcile","schema_version":1,"surprise":1}`, "surprise"},
		"an_amount_as_a_number":      {`{"program":"reconcile","schema_version":1,"totals":[{"name":"net","amount":1.5}]}`, "an amount that is not text"},
		"an_amount_that_is_none":     {`{"program":"reconcile","schema_version":1,"totals":[{"name":"net","amount":"1,000.00"}]}`, "thousands"},
		"no_JSON":                    {`program: reconcile`, "run.json"},
		"something_after_the_object": {`{"program":"reconcile","schema_version":1} {}`, "after"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, ManifestName), c.text)
			_, err := ReadManifest(dir)
			if !errors.Is(err, ErrManifest) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := ReadManifest(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no run.json: %v", err)
	}
}
