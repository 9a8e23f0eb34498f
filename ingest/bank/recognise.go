package bank

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

var (
	markUTF8    = []byte{0xEF, 0xBB, 0xBF}
	markGB18030 = []byte{0x84, 0x31, 0x95, 0x33}
)

// Recognise says whether head, the first bytes of a decoded stream, is a bank's CSV, by
// its header names after m.Columns. It is lenient where Read is strict, so that Read can
// say what is wrong.
func Recognise(head []byte, m Mapping) bool {
	head = bytes.TrimPrefix(bytes.TrimPrefix(head, markUTF8), markGB18030)
	for range min(m.Preamble, MaxPreamble) + 1 {
		line, rest, more := bytes.Cut(head, []byte{'\n'})
		if utf8.Valid(line) && isHeader(headerNames(string(line)), m) {
			return true
		}
		if decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(line); err == nil && isHeader(headerNames(string(decoded)), m) {
			return true
		}
		if !more {
			break
		}
		head = rest
	}
	return false
}

// isHeader says that names are those of a bank's CSV: a day, an amount and one more, or
// three others beside one of both.
func isHeader(names []string, m Mapping) bool {
	if slices.Contains(names, "order_no") {
		return false // an extract of orders or refunds
	}
	has := func(columns ...column) (n int) {
		for _, c := range columns {
			if slices.Contains(names, m.headerName(c)) {
				n++
			}
		}
		return n
	}
	day := min(has(colBookedAt, colDate), 1)
	amount := min(has(colAmount, colCredit, colDebit), 1)
	others := has(colBalance, colReference, colCounterparty, colPurpose, colAccount)
	return day+amount == 2 && others+has(colType, colCurrency, colTime, colDirection, colDebit) >= 1 || day+amount == 1 && others >= 3
}

// headerNames splits a header. Names are trimmed of every kind of blank.
func headerNames(line string) []string {
	record, _ := splitRecord(strings.TrimRight(line, "\r\n"), nil)
	names := make([]string, len(record))
	for i := range record {
		names[i] = strings.TrimSpace(record[i].text)
	}
	return names
}

const camtSpace = "urn:iso:std:iso:20022:tech:xsd:camt."

// RecogniseCAMT says whether head is a camt.053 statement of any version.
func RecogniseCAMT(head []byte) bool { return messageOf(head) == "053" }

// messageOf is the number of the camt message that head begins, "" where it is none.
func messageOf(head []byte) string {
	start := bytes.TrimLeft(bytes.TrimPrefix(head, markUTF8), " \t\r\n")
	if len(start) == 0 || start[0] != '<' {
		return ""
	}
	_, after, ok := bytes.Cut(start, []byte(camtSpace))
	if !ok || len(after) < 4 || after[3] != '.' {
		return ""
	}
	return string(after[:3])
}

// Foreign recognises relatives of a bank's statement that are not read, and says what to
// deliver instead.
func Foreign(head []byte) (what, do string, ok bool) {
	const deliver = "deliver the statement of booked lines: camt.053, or CSV with bank.columns"
	switch messageOf(head) {
	case "052":
		return "a bank's report within a day (camt.052), whose lines may still change", deliver, true
	case "054":
		return "a bank's notification of single bookings (camt.054), which is no statement", deliver, true
	}
	start := bytes.TrimLeft(bytes.TrimPrefix(head, markUTF8), " \t\r\n")
	if bytes.HasPrefix(start, []byte("{1:F01")) || bytes.HasPrefix(start, []byte(":20:")) && bytes.Contains(start, []byte("\n:25:")) {
		return "a SWIFT MT940 or MT942 statement", deliver, true
	}
	if bytes.HasPrefix(start, []byte("OFXHEADER")) || bytes.HasPrefix(start, []byte("<OFX>")) {
		return "a statement in OFX", deliver, true
	}
	if bytes.HasPrefix(start, []byte("%PDF-")) {
		return "a PDF", "deliver the file as data: of a bank camt.053, or CSV with bank.columns; of a wallet its CSV", true
	}
	return "", "", false
}
