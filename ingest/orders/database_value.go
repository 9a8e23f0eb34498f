package orders

import (
	"bytes"
	"fmt"

	"reconcile/ingest/delimited"
)

// valueClass is what a type of a database can hold exactly.
type valueClass uint8

const (
	otherValue   valueClass = iota // intervals, documents, shapes
	textValue                      // also enumerations and truth values
	exactValue                     // decimals
	integerValue                   // also decimals declared without decimals
	floatValue
	zonedTime // an instant
	plainTime // a time without a zone
	dateValue
	binaryValue
)

// columnRole is what a column of ours needs.
type columnRole uint8

const (
	wordRole columnRole = iota // statuses, wallets, names
	idRole
	amountRole
	timeRole
)

func roleOf(c column) columnRole {
	switch c {
	case colAmount, colPayout:
		return amountRole
	case colPaidAt, colRefundedAt, colSucceededAt, colConfirmedAt:
		return timeRole
	case colOrderNo, colRefundNo, colPaymentNo, colProviderTxnID, colAccount:
		return idRole
	}
	return wordRole
}

// cell is how values of the answer's column from are written for our column c;
// what says why they cannot be, and do what helps, with <kind> and <name> in it.
func (q *Query) cell(c column, from answerColumn) (cell func(to, value []byte) []byte, what, do string) {
	isA := "a column of type " + from.typeName
	switch from.class {
	case binaryValue:
		return nil, isA + ", whose characters are not known", "convert it to text in the query"
	case otherValue:
		return nil, isA + ", which is not read", "convert it to text in the query"
	case floatValue:
		if roleOf(c) == amountRole {
			return nil, isA + ": floating-point numbers do not hold amounts exactly",
				"store it as a decimal; or, where you know that it is whole fen, round it in the query with " + databases[q.Driver].cast
		}
		return nil, isA + ", which loses digits", "store it as text or as an integer"
	}
	switch roleOf(c) {
	case amountRole:
		return q.amountCell(c, from, isA)
	case timeRole:
		switch from.class {
		case zonedTime, plainTime:
			return appendTime, "", ""
		case textValue:
			return appendField, "", ""
		case dateValue:
			return nil, isA + ": a day is no instant, and payments around midnight fall into another day's bill", "select the column with the time of day"
		}
		return nil, isA + ", which is no time", "convert it in the query, as to_timestamp or FROM_UNIXTIME do"
	case idRole:
		if from.class != textValue && from.class != integerValue && from.class != exactValue {
			return nil, isA + ", which is no number of an order or account", "is the right column mapped?"
		}
	}
	return appendField, "", ""
}

func (q *Query) amountCell(c column, from answerColumn, isA string) (cell func(to, value []byte) []byte, what, do string) {
	fen := q.Units[columnNames[c]] == UnitFen
	switch {
	case from.class == integerValue && !fen:
		return nil, isA + ", of which nothing says whether it is fen or yuan",
			fmt.Sprintf("where it is fen, set <kind>.sql.units.%s: fen; where it is yuan, write %s in the query", columnNames[c], databases[q.Driver].cast)
	case from.class != exactValue && from.class != integerValue && from.class != textValue:
		return nil, isA + ", which is no amount", "is the right column mapped?"
	case fen:
		return appendFen, "", ""
	case from.class == exactValue:
		return appendYuan, "", ""
	}
	return appendField, "", ""
}

// appendYuan takes zeros off the end of a decimal with more than two decimals.
// Other digits there stay: they are refused, with the row.
func appendYuan(to, value []byte) []byte {
	if point := bytes.IndexByte(value, '.'); point >= 0 {
		for len(value) > point+3 && value[len(value)-1] == '0' {
			value = value[:len(value)-1]
		}
	}
	return appendField(to, value)
}

// appendFen writes whole fen as yuan. What is not whole fen is written in a form
// that is refused, with the row.
func appendFen(to, value []byte) []byte {
	if len(value) == 0 {
		return to
	}
	digits, sign := value, false
	if digits[0] == '-' {
		digits, sign = digits[1:], true
	}
	if point := bytes.IndexByte(digits, '.'); point >= 0 && len(bytes.Trim(digits[point+1:], "0")) == 0 {
		digits = digits[:point]
	}
	if len(digits) == 0 || !delimited.IsDigits(digits) {
		return appendField(to, append(bytes.Clone(value), " fen"...))
	}
	if sign {
		to = append(to, '-')
	}
	for len(digits) > 3 && digits[0] == '0' {
		digits = digits[1:]
	}
	switch len(digits) {
	case 1:
		return append(append(to, "0.0"...), digits...)
	case 2:
		return append(append(to, "0."...), digits...)
	}
	to = append(to, digits[:len(digits)-2]...)
	to = append(to, '.')
	return append(to, digits[len(digits)-2:]...)
}

// appendTime takes off what the session's zone makes superfluous, and a fraction of
// zeros.
func appendTime(to, value []byte) []byte {
	value = bytes.TrimSuffix(value, []byte("+08"))
	if point := bytes.IndexByte(value, '.'); point >= 0 {
		value = bytes.TrimRight(value, "0")
		value = bytes.TrimSuffix(value, []byte{'.'})
	}
	return appendField(to, value)
}
