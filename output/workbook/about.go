package workbook

import (
	"fmt"
	"strings"

	"reconcile/output"
	"reconcile/settlement"
)

// The sheet 说明: what the sheets show, how to decide, what the figures mean, and which
// files they were made of.

const (
	howToDecide = "Fill in the yellow columns and save the file outside the result, which the next run replaces; name it as decided_workbook in the configuration, and that run reads it."
	totalListed = "Total of the rows listed"
	cutShort    = "The first %d of %d rows; all of them stand in %s/*.parquet of the result."
)

// explained are the two columns of an explanation.
func (r *report) explained(title string, lines ...[2]string) *table {
	var rows []record
	for _, line := range lines {
		rows = append(rows, record{texts: map[string]string{"what": r.say(line[0]), "text": r.say(line[1])}})
	}
	return &table{title: r.say(title), rows: listed(rows),
		columns: []column{{name: "What", of: "what", width: 40, kind: asProse}, {name: "Meaning", of: "text", width: 104, kind: asProse}}}
}

func (r *report) about() error {
	tables := []*table{
		r.explained("Sheets",
			[2]string{sheetSummary, "the verdict, the figures of each account, open breaks by kind and age, what waits"},
			[2]string{sheetDaily, "a row a day, wallet, account and shop"},
			[2]string{sheetBreaks, "every break of the result, what is open first, the oldest before others; the yellow columns are to be filled in"},
			[2]string{sheetFees, "what fees should have been and what they were, by rule and by account; the breaks about fees"},
			[2]string{sheetPayouts, "withdrawals to the bank with their fees and arrival; what orders cost that were paid with another wallet than usual"},
			[2]string{sheetWaiting, "what is only late: it waits for its counterpart and is no break"},
			[2]string{sheetBalances, "how the balance of each account moved, day by day"}),
		r.explained("How to decide of a break",
			[2]string{"Decision", "accept: it is as it should be; write off: the difference is borne, up to the configured limit; explain: why it is so; assign: somebody looks after it; note: a remark; reopen: what was accepted or written off counts again"},
			[2]string{"Who, When", "who decided, and when: a day with a time, such as 2024-09-13 09:05:00"},
			[2]string{"Note, Assignee", "a note is needed to explain and to note, an assignee to assign"},
			[2]string{"Then", howToDecide}),
		r.explained("What the figures mean",
			[2]string{"Totals", "Totals are formulas over the rows; those above a list follow its filter. Their values were computed in whole fen before the file was written."},
			[2]string{"Amounts", "Amounts are yuan, towards the merchant: a payment is positive, a refund negative. Fees are costs: what was taken is positive."},
			[2]string{"Difference", "actual − expected: negative is money that is missing (short), positive is too much (over)"},
			[2]string{"Large amounts", "A spreadsheet holds 15 digits. An amount of 10,000,000,000,000.00 or more stands as text, exactly, and its total too."},
			[2]string{"Numbers", "Order, refund and transaction numbers are text, so that no program rounds them."}),
		r.explained("Kinds of breaks", kindMeanings()...),
		r.inputs(),
		r.notes(),
	}
	return r.sheet(sheetAbout, r.titled("About this workbook"), nil, tables...)
}

// kindMeanings are the kinds of breaks, in the order of the table's words.
func kindMeanings() (lines [][2]string) {
	for _, kind := range settlement.BreakWords[1:] {
		lines = append(lines, [2]string{kind, meanings[kind]})
	}
	return lines
}

// meanings says what a kind of break is.
var meanings = map[string]string{
	"missing_in_statement":        "an order was paid, the wallet's bill does not show it",
	"missing_in_orders":           "the wallet received money that no order explains",
	"amount_mismatch":             "both sides have it, with different amounts",
	"status_mismatch":             "money for an order that is closed, cancelled or unpaid",
	"wallet_mismatch":             "the money is in the other wallet than the order says",
	"duplicate_payment":           "more was paid than the order asks",
	"refund_missing_in_statement": "a refund was made, the wallet's bill does not show it",
	"refund_missing_in_orders":    "the wallet paid back money that no refund explains",
	"refund_exceeds_payment":      "more was refunded than paid",
	"fee_variance":                "the fee is not what its row, the contract or the fund flow says",
	"settlement_mismatch":         "the trade bill and the account's fund flow differ",
	"balance_gap":                 "an account's balance does not follow from the row before",
	"payout_missing":              "a withdrawal did not arrive at the bank in time",
	"payout_mismatch":             "a withdrawal arrived in another amount",
}

// inputs are the files that were used, and those that were refused.
func (r *report) inputs() *table {
	var rows []record
	for _, in := range r.Manifest.Inputs {
		state := "used"
		switch {
		case in.DuplicateOf != "":
			state = "a copy, counted once"
		case in.Superseded != "":
			state = "superseded"
		}
		name := settlement.Position{File: in.Name, Member: in.Member}.String()
		days := output.DaysText(in.Days())
		text := []string{r.say(in.Kind), r.say(in.Wallet), in.Account, days, fmt.Sprintf(r.say("%d rows"), in.Rows), fmt.Sprintf(r.say("%d control totals tie"), len(in.Totals)), r.say(state)}
		rows = append(rows, record{texts: map[string]string{"what": name, "text": strings.Join(notEmpty(text), " · ")}})
	}
	for _, refused := range r.Manifest.Refused {
		rows = append(rows, record{texts: map[string]string{"what": refused.Source, "text": r.say("REFUSED")}})
	}
	return &table{title: r.say("Files"), rows: listed(rows),
		columns: []column{{name: "File", of: "what", width: 40, kind: asProse}, {name: "What it is", of: "text", width: 104, kind: asProse}}}
}

// notes is what the run says of itself.
func (r *report) notes() *table {
	m := r.Manifest
	var lines []record
	line := func(what, text string) {
		lines = append(lines, record{texts: map[string]string{"what": r.say(what), "text": text}})
	}
	held := 0
	for _, c := range m.Proof {
		if c.Holds {
			held++
		}
	}
	line("Proof", fmt.Sprintf(r.say("%d of %d checks hold; every table was read back by a second Parquet reader"), held, len(m.Proof)))
	line("Program", "reconcile "+m.Versions["reconcile"])
	if m.ConfigurationSHA256 != "" {
		line("Configuration", "SHA-256 "+m.ConfigurationSHA256)
	}
	for _, note := range m.Notes {
		line("Note of the run", note)
	}
	return &table{title: r.say("The run"), rows: listed(lines),
		columns: []column{{name: "What", of: "what", width: 40, kind: asProse}, {name: "Meaning", of: "text", width: 104, kind: asProse}}}
}

func notEmpty(texts []string) (kept []string) {
	for _, text := range texts {
		if text != "" {
			kept = append(kept, text)
		}
	}
	return kept
}
