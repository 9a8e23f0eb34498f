package output

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"reconcile/settlement"
)

// ManifestName is the file of a result that says what is in it.
const ManifestName = "run.json"

// ErrManifest marks a run.json that cannot be used.
var ErrManifest = errors.New("not a usable run.json")

// Manifest is run.json: what went into a run, what came out of it, and the proof
// that nothing was lost between. Money is text in yuan with two decimals.
type Manifest struct {
	Program       string            `json:"program"` // always "reconcile"
	SchemaVersion int               `json:"schema_version"`
	Complete      bool              `json:"complete"` // no input was refused and the whole proof holds
	Versions      map[string]string `json:"versions"` // of the program and of what decides the bytes it writes
	StartedAt     string            `json:"started_at,omitempty"`
	FinishedAt    string            `json:"finished_at,omitempty"`
	// ConfigurationSHA256 is of the configuration as it was applied; "" without one.
	ConfigurationSHA256 string           `json:"configuration_sha256,omitempty"`
	Buckets             int              `json:"buckets"` // parts a table may have, a power of two
	Inputs              []Input          `json:"inputs"`
	Refused             []RefusedInput   `json:"refused,omitempty"`
	Tables              []TableOutput    `json:"tables"`
	Files               []FileOutput     `json:"files,omitempty"` // of the result beside the tables, such as report.html
	Totals              []Total          `json:"totals"`
	Counts              map[string]int64 `json:"counts"`
	Proof               []Check          `json:"proof"`
	Notes               []string         `json:"notes,omitempty"`
	Figures             *Figures         `json:"figures,omitempty"`       // what the run adds up; a result of former versions has none
	Day                 *DayState        `json:"day,omitempty"`           // of a day of a dataset
	Stages              []StageCost      `json:"stages,omitempty"`        // what the run took
	SpilledBytes        int64            `json:"spilled_bytes,omitempty"` // of rows that did not fit into memory, as they took there
}

// DayState is what a day of a dataset hands on beside its carried tables, and on what
// it was built.
type DayState struct {
	Day      string `json:"day"`
	Previous string `json:"previous,omitempty"` // the committed day before it, "" for the first
	// PreviousDigest is that day's TablesDigest when this day was run: where it is
	// another now, this day is stale.
	PreviousDigest string `json:"previous_digest,omitempty"`
	// OpeningSHA256 is of the opening file, "" without one. It is the state before the
	// first day, of which it is the PreviousDigest.
	OpeningSHA256 string `json:"opening_sha256,omitempty"`
	// InputsDigest identifies the day's files as the inbox had them; "" where the run
	// was given files.
	InputsDigest string `json:"inputs_digest,omitempty"`
	// Restatement counts the changes to a closed month; this day was the last of them,
	// for the reason RestatedFor.
	Restatement int    `json:"restatement,omitempty"`
	RestatedFor string `json:"restated_for,omitempty"`
	// Up to when orders and refunds speak, in Asia/Shanghai; the latest of all days.
	Watermark       string `json:"watermark,omitempty"`
	RefundWatermark string `json:"refund_watermark,omitempty"`
	RefundsListed   bool   `json:"refunds_listed"`
	// Coverage is which days which accounts have delivered up to this day.
	Coverage []CoverageSpan `json:"coverage,omitempty"`
	// FundFlows is the same of the fund flows that show payments.
	FundFlows     []CoverageSpan `json:"fund_flows,omitempty"`
	CarriedLines  int64          `json:"carried_lines"`  // rows taken over from the day before
	CarriedEvents int64          `json:"carried_events"` // the same of order events
}

// CoverageSpan is days [from, until) of which an account's payments or refunds were
// delivered.
type CoverageSpan struct {
	Wallet  string `json:"wallet"`
	Account string `json:"account,omitempty"`
	Refunds bool   `json:"refunds,omitempty"`
	From    string `json:"from"`
	Until   string `json:"until"`
}

// TablesDigest is one hash over the hashes of all tables' parts, and over what the day
// hands on in run.json: equal digests are equal days.
func (m *Manifest) TablesDigest() string {
	h := sha256.New()
	for _, t := range m.Tables {
		for _, p := range t.Parts {
			fmt.Fprintln(h, p.Path, p.SHA256)
		}
	}
	if m.Day != nil {
		fmt.Fprintln(h, m.Day.Watermark, m.Day.RefundWatermark, m.Day.RefundsListed, m.Day.Coverage, m.Day.FundFlows)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Input is a statement or extract that was used.
type Input struct {
	Name        string       `json:"name"`
	Member      string       `json:"member,omitempty"` // inside an archive
	Bytes       int64        `json:"bytes"`            // of the decoded content
	SHA256      string       `json:"sha256"`           // of the decoded content
	Kind        string       `json:"kind"`
	Wallet      string       `json:"wallet,omitempty"`
	Account     string       `json:"account,omitempty"`
	SubAccount  string       `json:"sub_account,omitempty"` // which of the account's purses, of a fund-flow bill
	Currency    string       `json:"currency,omitempty"`
	From        string       `json:"from,omitempty"`  // first day
	Until       string       `json:"until,omitempty"` // the day after the last
	Part        int          `json:"part,omitempty"`  // of a bill delivered in parts
	Layout      string       `json:"layout,omitempty"`
	Rows        int64        `json:"rows"`
	Watermark   string       `json:"watermark,omitempty"` // of an extract, in Asia/Shanghai
	Totals      []InputTotal `json:"totals,omitempty"`
	DuplicateOf string       `json:"duplicate_of,omitempty"`  // the input with the same content, which was counted
	Superseded  string       `json:"superseded_by,omitempty"` // the input that was named to take its place; nothing of this one was used
	Copies      *InputCopies `json:"copies,omitempty"`        // of another account's lines, which move nothing here
	Notes       []string     `json:"notes,omitempty"`
	Drift       []InputDrift `json:"drift,omitempty"` // how its header differs from the layout known
}

// InputCopies counts the lines of an input that are a second view of another account's
// (聚合结算渠道): tied ones have their original in another input.
type InputCopies struct {
	Tied         int64 `json:"tied"`
	TiedAmount   Money `json:"tied_amount"`
	Untied       int64 `json:"untied"`
	UntiedAmount Money `json:"untied_amount"`
}

// InputDrift is a column that differs from the layout known of a kind of file.
type InputDrift struct {
	Change  string `json:"change"` // new, renamed, moved, missing
	Column  string `json:"column"` // as the header has it; of a missing one its known name
	Known   string `json:"known,omitempty"`
	At      int    `json:"at,omitempty"`       // in the header, from 1
	KnownAt int    `json:"known_at,omitempty"` // in the layout, from 1
	Refused bool   `json:"refused,omitempty"`  // the file cannot be used because of it
	Meaning string `json:"meaning"`
}

// InputTotal is a control total of an input: counts as integers, sums in yuan.
type InputTotal struct {
	Name       string `json:"name"`
	Stated     string `json:"stated"`
	Computed   string `json:"computed"`
	Difference string `json:"difference"` // computed − stated
}

// RefusedInput is an input of which nothing was used, and why.
type RefusedInput struct {
	Source  string       `json:"source"`
	Kind    string       `json:"kind,omitempty"` // "" where the file was not recognised
	Wallet  string       `json:"wallet,omitempty"`
	Account string       `json:"account,omitempty"`
	Errors  []InputFault `json:"errors"`
	More    int64        `json:"more_errors,omitempty"` // beyond those listed
	Totals  []InputTotal `json:"totals,omitempty"`      // where they did not tie
	Drift   []InputDrift `json:"drift,omitempty"`
}

// InputFault is one thing wrong with an input.
type InputFault struct {
	File       string `json:"file"`
	Member     string `json:"member,omitempty"`
	Line       int64  `json:"line,omitempty"`   // from 1
	Column     int64  `json:"column,omitempty"` // in decoded characters, from 1
	ColumnName string `json:"column_name,omitempty"`
	What       string `json:"what"`
	Do         string `json:"do,omitempty"`
}

// TableOutput is a table of the result.
type TableOutput struct {
	Name  string       `json:"name"`
	Rows  int64        `json:"rows"`
	Parts []PartOutput `json:"parts"`
}

// PartOutput is a file of a table.
type PartOutput struct {
	Path   string `json:"path"` // inside the result, with slashes
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// FileOutput is a file of the result beside its tables.
type FileOutput struct {
	Path   string `json:"path"` // inside the result, with slashes
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Total is a sum of the run in yuan.
type Total struct {
	Name     string `json:"name"`
	Wallet   string `json:"wallet,omitempty"`
	Account  string `json:"account,omitempty"`
	Currency string `json:"currency,omitempty"`
	Amount   Money  `json:"amount"`
}

// Check is one statement of the proof: two numbers that must be equal.
type Check struct {
	Name     string `json:"name"`
	Expected string `json:"expected"`
	Actual   string `json:"actual"`
	Holds    bool   `json:"holds"`
	Note     string `json:"note,omitempty"`
}

// StageCost is what a stage of a run took. The costs of workers are parts of the
// stage before them, summed over all workers.
type StageCost struct {
	Stage          string `json:"stage"`
	Workers        bool   `json:"workers,omitempty"`
	MS             int64  `json:"ms"`
	Rows           int64  `json:"rows,omitempty"` // of the files; of write and prove, of all tables; none of report
	RowsPerSecond  int64  `json:"rows_per_second,omitempty"`
	Bytes          int64  `json:"bytes,omitempty"` // ingest: decoded input; match, load, compute: rows in memory; write, prove, report: files
	BytesPerSecond int64  `json:"bytes_per_second,omitempty"`
	PeakBytes      int64  `json:"peak_bytes,omitempty"` // resident, the most until the stage ended
}

// Money is an amount that JSON holds as text in yuan ("-12.30"), since a JSON
// number may pass through a float.
type Money settlement.Amount

// MarshalJSON implements json.Marshaler.
func (m Money) MarshalJSON() ([]byte, error) { return settlement.Amount(m).MarshalJSON() }

// UnmarshalJSON implements json.Unmarshaler. It accepts text alone.
func (m *Money) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return errors.New("an amount that is not text")
	}
	return (*settlement.Amount)(m).UnmarshalJSON(raw)
}

// InputOf describes an accepted statement.
func InputOf(s *settlement.Statement) Input {
	return Input{
		Name: s.File, Member: s.Member, Bytes: s.Bytes, SHA256: s.SHA256,
		Kind: string(s.Kind), Wallet: s.Wallet.String(), Account: s.Account, SubAccount: s.SubAccount, Currency: s.Currency,
		From: s.From.String(), Until: s.Until.String(), Part: s.Part, Layout: s.Layout, Rows: s.Rows,
		Watermark: watermarkText(s), Totals: inputTotals(s.Totals), Notes: s.Notes,
		Drift: inputDrift(s.Drift),
	}
}

func inputDrift(drift []settlement.Drift) (out []InputDrift) {
	for _, d := range drift {
		out = append(out, InputDrift{string(d.Change), d.Column, d.Known, d.At, d.KnownAt, d.Refused, d.Meaning})
	}
	return out
}

func watermarkText(s *settlement.Statement) string {
	if !s.IsExtract() {
		return ""
	}
	return s.Watermark.String()
}

// RefusedOf describes a refused input.
func RefusedOf(r *settlement.Refusal) RefusedInput {
	out := RefusedInput{Source: r.Source, More: r.More, Totals: inputTotals(r.Totals), Errors: []InputFault{}}
	if s := r.Statement; s != nil {
		out.Kind, out.Wallet, out.Account = string(s.Kind), s.Wallet.String(), s.Account
		out.Drift = inputDrift(s.Drift)
	}
	for _, e := range r.Errors {
		out.Errors = append(out.Errors, InputFault{
			File: e.File, Member: e.Member, Line: e.Line, Column: e.Column, ColumnName: e.ColumnName, What: e.What, Do: e.Do,
		})
	}
	return out
}

func inputTotals(totals []settlement.ControlTotal) (out []InputTotal) {
	for _, t := range totals {
		out = append(out, InputTotal{t.Name, t.StatedText(), t.ComputedText(), t.DifferenceText()})
	}
	return out
}

// AddPart records a written part under its final name.
func (m *Manifest) AddPart(p PartInfo) {
	path := p.Table + "/" + finalName(filepath.Base(p.Path))
	part := PartOutput{Path: path, Rows: p.Rows, Bytes: p.Bytes, SHA256: p.SHA256}
	for i := range m.Tables {
		if m.Tables[i].Name == p.Table {
			m.Tables[i].Rows += p.Rows
			m.Tables[i].Parts = append(m.Tables[i].Parts, part)
			return
		}
	}
	m.Tables = append(m.Tables, TableOutput{p.Table, p.Rows, []PartOutput{part}})
}

// Write writes m as dir/run.json, with the program's name and the schema version.
func (m Manifest) Write(dir string) error {
	m.Program, m.SchemaVersion = producer, settlement.SchemaVersion
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(m); err != nil {
		return fmt.Errorf("write %s: %w", ManifestName, err)
	}
	return os.WriteFile(filepath.Join(dir, ManifestName), text.Bytes(), 0o644)
}

// ReadManifest reads dir/run.json. An unknown schema version, an unknown field or
// a malformed one is an error that wraps ErrManifest; a missing file wraps
// os.ErrNotExist.
func ReadManifest(dir string) (*Manifest, error) {
	path := filepath.Join(dir, ManifestName)
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var head struct {
		Program       string `json:"program"`
		SchemaVersion int    `json:"schema_version"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrManifest, err)
	}
	if head.Program != producer {
		return nil, fmt.Errorf("%s: %w: no result of %s", path, ErrManifest, producer)
	}
	if head.SchemaVersion != settlement.SchemaVersion {
		return nil, fmt.Errorf("%s: %w: schema version %d, this program knows %d (read it with the version of %s that wrote it)",
			path, ErrManifest, head.SchemaVersion, settlement.SchemaVersion, producer)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	m := new(Manifest)
	if err := decoder.Decode(m); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrManifest, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w: something follows the object", path, ErrManifest)
	}
	return m, nil
}

// ownFiles returns the files that a result's run.json lists, itself included, as
// slash paths inside dir. It reads results of every schema version.
func ownFiles(dir string) (map[string]bool, error) {
	raw, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if err != nil {
		return nil, err
	}
	var m struct {
		Program string `json:"program"`
		Files   []struct {
			Path string `json:"path"`
		} `json:"files"`
		Tables []struct {
			Parts []struct {
				Path string `json:"path"`
			} `json:"parts"`
		} `json:"tables"`
	}
	if err := json.Unmarshal(raw, &m); err != nil || m.Program != producer {
		return nil, ErrManifest
	}
	own := map[string]bool{ManifestName: true, SuccessName: true}
	for _, f := range m.Files {
		own[f.Path] = true
	}
	for _, t := range m.Tables {
		for _, p := range t.Parts {
			own[p.Path] = true
		}
	}
	return own, nil
}
