// Package taobao reads the exports of a shop's aggregated settlement account
// (聚合结算账户), where the money of Taobao orders arrives that buyers pay with WeChat
// Pay: the list of movements 收支明细 and the longer 动账, as workbooks or CSV.
//
// The account has no trade bill: every row is a fund line, and those of 交易收款 and
// 交易退款 are statement lines too, to be held against orders.
//
//	recognise.go  which files these are
//	columns.go    the header's names
//	source.go     rows of a spreadsheet or of CSV
//	text.go       records of CSV: lines, encodings, quotes
//	row.go        one row: times, amounts, numbers
//	category.go   what a row is about
//	occurrences.go  lines of the same identity
//	read.go       the file: rows, sums, period, account
package taobao
