// Package orders reads the merchant's own side from CSV, spreadsheets, Parquet and
// Arrow IPC: orders, of which money is expected, and refunds. Header names decide,
// after a column map; the rows become settlement.Events.
//
// A quoted field may contain newlines, and the stream is cut into blocks at
// newlines, so a block may begin or end inside a record. seam.go joins those:
//
//	block ──seam.pass──► [ the record that an earlier block began ] ─┐
//	                     [ whole records ] ──────────────────────────┴► split ► row ► Events
//	                     [ a record that a later block ends ] ──► kept for that block
package orders
