// Package report renders what a result says as one page, report.html: offline, in English and
// Chinese, light and dark, for a screen, a phone and A4. It shows what overview read and adds
// nothing up itself.
package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"reconcile/output/overview"
)

// Name is the file of a result that holds its report.
const Name = "report.html"

// How much of large tables a report shows; the rest is in the Parquet, whose place it says.
const (
	MostBreaks      = 1000
	MostWithdrawals = 200
	mostFeeRules    = 300
	mostInputs      = 300
	mostProofs      = 500
	mostTotals      = 40  // control totals of an account
	mostFaults      = 20  // of a refused input
	mostAccounts    = 200 // accounts of a table
	mostText        = 400 // characters of a text out of a file
)

// HistoryDays is how many runs the history shows, of a day each.
const HistoryDays = 30

// Reading is how much of a result a report needs.
func Reading(dataset string) overview.Options {
	return overview.Options{Breaks: MostBreaks, Withdrawals: MostWithdrawals, Dataset: dataset, Days: HistoryDays}
}

// Language is one of the two that a report is in.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh-CN"
)

//go:embed report.css
var styles string

//go:embed report.js
var script string

//go:embed report.html.tmpl
var pageText string

//go:embed sections.html.tmpl
var sectionsText string

// page is the parsed template. It is made of the program's own text: a fault in it is found by
// any test.
var page = template.Must(template.Must(template.New("page").Funcs(functions).Parse(pageText)).Parse(sectionsText))

// Write renders v. The language is the one that shows first; the page holds both.
func Write(w io.Writer, v *overview.Overview, first Language) error {
	p, err := newPage(v, first)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	var text bytes.Buffer
	if err := page.Execute(&text, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = w.Write(dense(text.Bytes()))
	return err
}

// dense leaves out the indentation and the empty lines of the template: a tenth of a page
// of a thousand breaks.
func dense(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			out = append(append(out, line...), '\n')
		}
	}
	return out
}

// policy lets the page run its own style and script, by their hashes, and load nothing at all.
func policy() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return strings.Join([]string{"default-src 'none'", "style-src " + hash(cssText), "script-src " + hash(jsText), "base-uri 'none'", "form-action 'none'"}, "; ")
}

// The style and script as they stand in the page, line by line like everything else.
var (
	cssText = string(dense([]byte(styles)))
	jsText  = string(dense([]byte(script)))
)
