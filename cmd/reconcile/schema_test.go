package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"reconcile/fees"
)

// compiled is a schema as config schema prints it.
func compiled(t *testing.T, of string) *jsonschema.Schema {
	t.Helper()
	var out, errs bytes.Buffer
	if code := execute(t.Context(), []string{"config", "schema", "--of", of}, streams{&out, &errs}, func(string) string { return "" }); code != exitDone {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	doc, err := jsonschema.UnmarshalJSON(&out)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// validate says whether a schema accepts a YAML text.
func validate(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}

func TestTheSchemaAcceptsWhatTheReaderAccepts(t *testing.T) {
	schema := compiled(t, "configuration")
	for name, text := range map[string]string{"the sample": string(sampleConfig), "its examples": uncommentedSample()} {
		if err := validate(t, schema, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	contract := compiled(t, "contract")
	for _, name := range fees.PresetFiles {
		text, err := os.ReadFile("../../fees/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, contract, string(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	plan := compiled(t, "plan")
	for _, id := range []string{"P01", "P03", "P04", "P05"} {
		text, err := os.ReadFile("../../fees/testdata/plans/" + id + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, plan, string(text)); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// TestTheSchemaRefusesWhatTheReaderRefuses: faults of form are refused by both.
func TestTheSchemaRefusesWhatTheReaderRefuses(t *testing.T) {
	schema := compiled(t, "configuration")
	for _, text := range []string{
		"ordres: {}",
		"accounts: [{wallet: paypal, account: \"1\"}]",
		"accounts: [{wallet: wechat}]",
		"accounts: [{wallet: wechat, account: \"1\", type: firm}]",
		"accounts: {wallet: wechat}",
		"accounts: [{wallet: wechat, account: \"1\", withdrawal: {single_limit: \"-5\"}}]",
		"accounts: [{wallet: wechat, account: \"1\", withdrawal: {daily_count: 0}}]",
		"fees: {rules: [{rule_id: a}]}",
		"fees: {rules: [{rule_id: a, version: \"1\", event: payment, kind: percent, rate: 0.6, source: s, mark: X}]}",
		"fees: {rules: [{rule_id: a, version: \"1\", event: payment, kind: percent, rate_ppm: 0.6, source: s, mark: O}]}",
		"fees: {rules: [{rule_id: a, version: \"1\", event: payment, kind: percent, rate_ppm: 2000000, source: s, mark: O}]}",
		"fees: {rules: [{rule_id: a, version: \"1\", event: payment, kind: percent, from: October, source: s, mark: O}]}",
		"fees: {gaps: maybe}",
		"home_wallets: [{platform: jd}]",
		"quotas: {since: yesterday}",
		"quotas: {opening: [{wallet: wechat, identity: a, rule_id: r, period: year, used: \"1\"}]}",
	} {
		if err := validate(t, schema, text); err == nil {
			t.Errorf("%s: the schema accepts it", text)
		}
		if _, err := parseConfig("c.yaml", []byte(text)); err == nil {
			t.Errorf("%s: the reader accepts it", text)
		}
	}
}

func TestTheSchemaKnowsEveryKey(t *testing.T) {
	var out, errs bytes.Buffer
	execute(t.Context(), []string{"config", "schema"}, streams{&out, &errs}, func(string) string { return "" })
	var schema struct {
		Properties map[string]struct{ Properties map[string]any }
	}
	if err := json.Unmarshal(out.Bytes(), &schema); err != nil {
		t.Fatal(err)
	}
	for section, keys := range map[string]string{"orders": "sql columns watermark", "bank": "preamble thousands", "schedule": "cron zone", "fees": "files rules gaps"} {
		for key := range strings.FieldsSeq(keys) {
			if _, ok := schema.Properties[section].Properties[key]; !ok {
				t.Errorf("%s.%s is not in the schema", section, key)
			}
		}
	}
}
