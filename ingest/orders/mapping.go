package orders

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/settlement"
)

// Mapping adapts a merchant's extract to the plain layout. The zero value reads
// the plain layout as it is.
type Mapping struct {
	// Encoding is "" or "utf-8", or "gb18030" (also "gbk"), which is read only
	// when it is stated here.
	Encoding string
	// Columns gives, for a column name of ours, the header's name for it. A
	// column that is named here must be in the file, also an optional one.
	Columns map[string]string
	// Statuses gives, for a status word of theirs, one of ours: paid, unpaid,
	// closed, cancelled, refunded, or RefundedIfPaid; of refunds success,
	// processing, failed. Our own words need no entry.
	Statuses map[string]string
	// Wallets gives, for a wallet word of theirs, one of ours: alipay, wechat,
	// taobao_aggregated, or "" for a wallet that is not known.
	Wallets map[string]string
	// Defaults gives fixed values in our words: for wallet, home_wallet, account,
	// shop and platform where the column or the cell is empty; for status where
	// there is no such column.
	Defaults map[string]string
	// TotalRows is the stated number of rows, nil where none is stated.
	TotalRows *int64
	// TotalAmount is the stated sum of the column amount over all rows, as the
	// file prints it (refunds too are positive there); nil where none is stated.
	TotalAmount *settlement.Amount
	// Watermark is the instant up to which the extract is complete; 0 or
	// NoInstant where it is not stated, and the latest event's time is taken.
	Watermark settlement.Instant
}

// RefundedIfPaid is a value of Mapping.Statuses: refunded where the row has a
// payment time, else closed. Taobao's 交易关闭 means both.
const RefundedIfPaid = "refunded_if_paid"

// refundedIfPaid is the code of RefundedIfPaid inside this package.
const refundedIfPaid settlement.Status = 255

var (
	orderStatuses  = []settlement.Status{settlement.Paid, settlement.Unpaid, settlement.Closed, settlement.Cancelled, settlement.Refunded}
	refundStatuses = []settlement.Status{settlement.Success, settlement.Processing, settlement.Failed}
	wallets        = []settlement.Wallet{settlement.Alipay, settlement.WeChat, settlement.TaobaoAggregated}
	defaultable    = []string{"wallet", "home_wallet", "account", "shop", "platform", "status"}
)

func statusesOf(kind settlement.StatementKind) []settlement.Status {
	if kind == settlement.RefundExtract {
		return refundStatuses
	}
	return orderStatuses
}

// Fault is one thing wrong with a Mapping; Key is its path in the configuration,
// such as "columns.amount".
type Fault struct{ Key, What, Do string }

func (f Fault) Error() string { return f.Key + ": " + f.What + " (" + f.Do + ")" }

// Validate lists everything that is wrong with m, sorted by key.
func (m Mapping) Validate() []Fault {
	var faults []Fault
	add := func(key, do, format string, args ...any) {
		faults = append(faults, Fault{key, fmt.Sprintf(format, args...), do})
	}
	if _, ok := m.gb18030(); !ok {
		add("encoding", "utf-8 and gb18030 are read", "%q is no known encoding", m.Encoding)
	}
	for ours, theirs := range m.Columns {
		if _, ok := columnNamed(ours); !ok {
			do := "known: " + strings.Join(columnNames[:], ", ")
			if near := closest(ours, columnNames[:]); near != "" {
				do = fmt.Sprintf("%q is meant?", near)
			}
			add("columns."+ours, do, "no column of this name")
		}
		if strings.TrimSpace(theirs) == "" {
			add("columns."+ours, "give the header's name for it, or leave the entry out", "the name is empty")
		}
	}
	for theirs, ours := range m.Statuses {
		if _, ok := parseStatus(ours, orderStatuses); ok || ours == RefundedIfPaid {
			continue
		}
		if _, ok := parseStatus(ours, refundStatuses); !ok {
			add("statuses."+theirs, statusAdvice(), "%q is no status", ours)
		}
	}
	for theirs, ours := range m.Wallets {
		if _, ok := parseWallet(ours); !ok && ours != "" {
			add("wallets."+theirs, walletAdvice+`, or "" where it is not known`, "%q is no wallet of orders", ours)
		}
	}
	m.validateDefaults(add)
	if m.TotalRows != nil && *m.TotalRows < 0 {
		add("total_rows", "state the number of rows", "%d is negative", *m.TotalRows)
	}
	if m.TotalAmount != nil && *m.TotalAmount < 0 {
		add("total_amount", "state the sum as the file prints it: refunds too are positive there", "%s is negative", *m.TotalAmount)
	}
	if m.statesWatermark() && !inTables(m.Watermark) {
		add("watermark", "give a time of the years 2000 to 2099", "%s is out of range", m.Watermark)
	}
	slices.SortFunc(faults, func(a, b Fault) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

func (m Mapping) validateDefaults(add func(key, do, format string, args ...any)) {
	for ours, value := range m.Defaults {
		key := "defaults." + ours
		switch ours {
		case "wallet", "home_wallet":
			if _, ok := parseWallet(value); !ok {
				add(key, walletAdvice, "%q is no wallet of orders", value)
			}
		case "status":
			_, order := parseStatus(value, orderStatuses)
			_, refund := parseStatus(value, refundStatuses)
			if !order && !refund {
				add(key, statusAdvice(), "%q is no status", value)
			}
		case "account", "shop", "platform":
			if value == "" || value != strings.TrimSpace(value) {
				add(key, "give the value, or leave the entry out", "%q is empty or has blanks around it", value)
			}
		default:
			add(key, "known: "+strings.Join(defaultable, ", "), "this column takes no fixed value")
		}
	}
}

// faultsError is Validate as one error, nil where there is no fault.
func (m Mapping) faultsError() error {
	var all []error
	for _, f := range m.Validate() {
		all = append(all, f)
	}
	return errors.Join(all...)
}

// gb18030 says whether the file is stated to be GB18030; ok is false where the
// stated encoding is not known.
func (m Mapping) gb18030() (stated, ok bool) {
	switch strings.ToLower(m.Encoding) {
	case "", "utf-8", "utf8":
		return false, true
	case "gb18030", "gbk":
		return true, true
	}
	return false, false
}

func (m Mapping) statesWatermark() bool {
	return m.Watermark != 0 && m.Watermark != settlement.NoInstant
}

// headerName is the file's name for column c; mapped says that it is stated.
func (m Mapping) headerName(c column) (name string, mapped bool) {
	if theirs, ok := m.Columns[columnNames[c]]; ok {
		return strings.TrimSpace(theirs), true
	}
	return columnNames[c], false
}

// statusWords are the words of kind: ours, then theirs, which may override.
func (m Mapping) statusWords(kind settlement.StatementKind) map[string]settlement.Status {
	words := make(map[string]settlement.Status)
	for _, s := range statusesOf(kind) {
		words[s.String()] = s
	}
	for theirs, ours := range m.Statuses {
		if s, ok := parseStatus(ours, statusesOf(kind)); ok {
			words[strings.TrimSpace(theirs)] = s
		} else if ours == RefundedIfPaid && kind == settlement.OrderExtract {
			words[strings.TrimSpace(theirs)] = refundedIfPaid
		}
	}
	return words
}

// walletWords are the wallets' words: ours, then theirs, which may override. A
// code of NoWallet means that the word is known to say nothing.
func (m Mapping) walletWords() map[string]settlement.Wallet {
	words := make(map[string]settlement.Wallet)
	for _, w := range wallets {
		words[w.String()] = w
	}
	for theirs, ours := range m.Wallets {
		words[strings.TrimSpace(theirs)], _ = parseWallet(ours)
	}
	return words
}

func parseStatus(text string, known []settlement.Status) (settlement.Status, bool) {
	for _, s := range known {
		if s.String() == text {
			return s, true
		}
	}
	return settlement.NoStatus, false
}

func parseWallet(text string) (settlement.Wallet, bool) {
	w, ok := settlement.ParseWallet(text)
	if !ok || !slices.Contains(wallets, w) {
		return settlement.NoWallet, false
	}
	return w, true
}

const walletAdvice = "known: alipay, wechat, taobao_aggregated"

func statusAdvice() string {
	return fmt.Sprintf("of orders %s or %s, of refunds %s", statusList(settlement.OrderExtract), RefundedIfPaid, statusList(settlement.RefundExtract))
}

func statusList(kind settlement.StatementKind) string {
	var words []string
	for _, s := range statusesOf(kind) {
		words = append(words, s.String())
	}
	return strings.Join(words, ", ")
}

// sortedKeys returns the keys of words in order.
func sortedKeys[V any](words map[string]V) []string {
	return slices.Sorted(maps.Keys(words))
}
