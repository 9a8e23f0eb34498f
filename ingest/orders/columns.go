package orders

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// column is a column that this package knows, whatever the file calls it.
type column uint8

const (
	colOrderNo column = iota
	colRefundNo
	colAmount
	colStatus
	colPaidAt
	colRefundedAt // when the wallet accepted the refund
	colSucceededAt
	colWallet
	colShop
	colPlatform
	colAccount
	colPaymentNo
	colProviderTxnID
	colConfirmedAt // 确认收货时间
	colPayout      // 打款商家金额
	colHomeWallet
	colCurrency
	columnCount
)

// columnNames are the names of the plain layout.
var columnNames = [columnCount]string{"order_no", "refund_no", "amount", "status", "paid_at",
	"refunded_at", "succeeded_at", "wallet", "shop", "platform", "account", "payment_no",
	"provider_txn_id", "confirmed_at", "payout_amount", "home_wallet", "currency"}

// The columns of each kind of extract. Of a refund's two times one is enough.
var (
	orderRequired  = []column{colOrderNo, colAmount, colPaidAt, colStatus}
	orderOptional  = []column{colWallet, colShop, colPlatform, colAccount, colPaymentNo, colProviderTxnID, colConfirmedAt, colPayout, colHomeWallet, colCurrency}
	refundRequired = []column{colOrderNo, colRefundNo, colAmount, colStatus}
	refundOptional = []column{colRefundedAt, colSucceededAt, colWallet, colShop, colPlatform, colAccount, colPaymentNo, colProviderTxnID, colCurrency}
)

func columnsOf(kind settlement.StatementKind) (required, optional []column) {
	if kind == settlement.RefundExtract {
		return refundRequired, refundOptional
	}
	return orderRequired, orderOptional
}

func columnNamed(name string) (column, bool) {
	i := slices.Index(columnNames[:], name)
	return column(max(i, 0)), i >= 0
}

// layout says where in a file's rows each known column stands.
type layout struct {
	at     [columnCount]int    // field number from 0, -1 where the file lacks the column
	names  [columnCount]string // the header's own wording, for messages
	fields int                 // in every row
	extra  []string            // header names that are not used
	// walletText are fields whose free text tells the paying wallet.
	walletText []int
}

// has says that the file has column c.
func (l *layout) has(c column) bool { return l.at[c] >= 0 }

// headerFault is one thing wrong with a header.
type headerFault struct {
	field          int // from 0, -1 for the whole line
	name, what, do string
}

// layOut finds the columns of kind in header and lists everything that is wrong.
// known is the layout that m was adapted to, nil where there is none.
func layOut(header []string, kind settlement.StatementKind, m Mapping, known *knownLayout) (layout, []headerFault) {
	l := layout{fields: len(header)}
	for c := range l.at {
		l.at[c] = -1
	}
	var faults []headerFault
	places := make(map[string]int, len(header))
	for i, name := range header {
		if _, twice := places[name]; twice && name != "" {
			faults = append(faults, headerFault{i, name, "the header has this name twice", "give each column a name of its own"})
			continue
		}
		places[name] = i
	}
	required, optional := columnsOf(kind)
	used := make([]bool, len(header))
	for _, c := range slices.Concat(required, optional) {
		theirs, mapped := m.headerName(c)
		l.names[c] = theirs
		i, found := places[theirs]
		switch {
		case found:
			l.at[c], used[i] = i, true
		case mapped && known != nil && slices.Contains(known.columns[c], theirs):
			faults = append(faults, headerFault{-1, theirs, "this column is missing, which gives " + columnNames[c], foundInstead(theirs, header) + "; export it with this column"})
		case mapped:
			faults = append(faults, headerFault{-1, theirs, fmt.Sprintf("no such column, which %s.columns gives for %s", kind, columnNames[c]), foundInstead(theirs, header)})
		case slices.Contains(required, c) && !(c == colStatus && m.Defaults["status"] != ""):
			faults = append(faults, missing(c, header, kind))
		}
	}
	if fixed := m.Defaults["status"]; fixed != "" && !l.has(colStatus) {
		if _, ok := parseStatus(fixed, statusesOf(kind)); !ok {
			faults = append(faults, headerFault{-1, l.names[colStatus], fmt.Sprintf("%s.defaults gives %q, which is no status of %s", kind, fixed, kind), "known: " + statusList(kind)})
		}
	}
	if kind == settlement.RefundExtract && !l.has(colRefundedAt) && !l.has(colSucceededAt) {
		faults = append(faults, missing(colRefundedAt, header, kind))
	}
	for i, name := range header {
		if !used[i] {
			l.extra = append(l.extra, name)
		}
	}
	if known != nil {
		known.complete(&l, header)
	}
	return l, faults
}

func missing(c column, header []string, kind settlement.StatementKind) headerFault {
	name := columnNames[c]
	what := "this column is missing"
	if c == colRefundedAt {
		what = "this column is missing, and succeeded_at too; one of them is needed"
	}
	do := fmt.Sprintf("%s; the known layout is %s; another name is given with %s.columns", foundInstead(name, header), plainLayout(kind), kind)
	return headerFault{-1, name, what, do}
}

// plainLayout lists the columns of kind, the optional ones in brackets.
func plainLayout(kind settlement.StatementKind) string {
	required, optional := columnsOf(kind)
	var names []string
	for _, c := range required {
		names = append(names, columnNames[c])
	}
	out := strings.Join(names, ",")
	for _, c := range optional {
		out += "[," + columnNames[c] + "]"
	}
	return out
}

// foundInstead names what the header has in place of name.
func foundInstead(name string, header []string) string {
	if len(header) == 1 && strings.ContainsAny(header[0], ";\t|") {
		return fmt.Sprintf("the header has no comma: %q; export it again with commas between the fields", delimited.Heading(header[0]))
	}
	if near := closest(name, header); near != "" {
		return fmt.Sprintf("found %q instead", delimited.Short(near))
	}
	return fmt.Sprintf("found %s", delimited.Listed(header, 12))
}

// closest returns the candidate that is most like name, "" where none is.
func closest(name string, candidates []string) string {
	best, least := "", len([]rune(name))/3+1
	for _, candidate := range candidates {
		if d := delimited.Edits(delimited.Letters(name), delimited.Letters(candidate)); candidate != "" && d < least {
			best, least = candidate, d
		}
	}
	return best
}
