package settlement

import (
	"slices"
	"strings"
)

// SchemaVersion is the version of the tables below. Within a version columns are
// only appended, and what is appended is nullable; anything else raises it.
const SchemaVersion = 1

// ColumnType is what a column of a table holds; it decides the batch column it
// is written from and its type in Parquet and in every other engine.
type ColumnType uint8

const (
	_           ColumnType = iota
	TypeID                 // 16 characters from an ID; STRING
	TypeText               // STRING
	TypeWord               // an enumeration's English word; STRING
	TypeFile               // a statement of the run by its source name; STRING
	TypeMoney              // fen shown as yuan; DECIMAL(18,2) over INT64
	TypeRate               // millionths shown as a fraction; DECIMAL(9,6) over INT32
	TypeInstant            // TIMESTAMP(MICROS), adjusted to UTC
	TypeDay                // DATE
	TypeCount              // INT64
	TypeFlag               // BOOLEAN
)

// typeNames are what the documentation calls the types.
var typeNames = []string{"", "id", "text", "word", "file", "money", "rate", "instant", "day", "count", "flag"}

// String returns the documentation's name of t.
func (t ColumnType) String() string { return word(typeNames, uint8(t)) }

// TableColumn describes one column of a table.
type TableColumn struct {
	Name string
	Type ColumnType
	// Nullable: the column may hold null. In a batch null is the empty text, the
	// zero ID, word 0, a negative file, or the sentinel of the type (NoAmount,
	// NoRate, NoInstant, NoDay, NoCount). In a column that is not nullable the
	// empty text is a value and every other of these is an error.
	Nullable bool
	// Words is the dictionary of a TypeWord column, code 0 first.
	Words []string
	// Repeats: a text column of few distinct values, worth a dictionary.
	Repeats bool

	Unit string // of the value as an engine shows it, "" where it has none
	Sign string // what a positive value means, "" where there is no sign
	Doc  string // one or more sentences: meaning, Chinese term, when null
}

// Meaning is what people and engines are told of c: its Doc, words, unit and sign.
func (c TableColumn) Meaning() string {
	out := c.Doc
	if words := c.Values(); len(words) > 0 {
		out += " Words: `" + strings.Join(words, "`, `") + "`."
	}
	if c.Unit != "" {
		out += " Unit: " + c.Unit + "."
	}
	if c.Sign != "" {
		out += " Sign: " + c.Sign + "."
	}
	return out
}

// Values are the words that the column can have; codes without a word are null.
func (c TableColumn) Values() []string {
	return slices.DeleteFunc(slices.Clone(c.Words), func(word string) bool { return word == "" })
}

// Table describes one table of a run's output.
type Table struct {
	Name     string
	Grain    string   // what one row is
	Key      []string // columns that identify a row
	SortedBy []string // order of the rows inside one part; ties keep the batch's order
	Doc      string
	// Dated tables are those of a day of a dataset; a result of its own has none.
	Dated   bool
	Columns []TableColumn
}

// Column returns the column of that name.
func (t Table) Column(name string) (TableColumn, bool) {
	for _, c := range t.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return TableColumn{}, false
}

// Tables is the one registry of the tables a run writes. The Parquet schema, the
// documentation and the checks of written files come from it, so a table is
// changed here and nowhere else.
var Tables = []Table{
	statementLines, fundLines, unsettled, orderEvents, matches, breaks, openItems, charges, withdrawals, payouts, quotas, proceeds, crossWallet, balances, controlTotals, summary,
	carriedLines, carriedEvents, carriedTransfers, paymentKeys, paymentNumbers,
}

// TableNamed returns the table of that name.
func TableNamed(name string) (Table, bool) {
	for _, t := range Tables {
		if t.Name == name {
			return t, true
		}
	}
	return Table{}, false
}

// Units and signs that many columns share.
const (
	unitYuan     = "yuan (CNY), two decimals"
	unitFraction = "fraction (0.006000 is 0.60 %)"
	unitUTC      = "UTC; the wallets print Asia/Shanghai (UTC+8)"
	unitDay      = "civil day in Asia/Shanghai"
	unitRows     = "rows"

	signMerchant   = "towards the merchant: a payment is +, a refund −"
	signFee        = "towards the merchant: a fee taken is −, a fee given back +"
	signCost       = "a cost: a fee taken is +, a fee given back −"
	signDifference = "actual − expected: negative hurts the merchant"
	signVariance   = "expected − charged: negative hurts the merchant"
)
