// Package output writes what a run found and proves that it was written: the
// Parquet parts of each table, the manifest run.json, and the one step in which a
// finished result takes the place of the former one.
//
//	Stage ─► NewPart · Write · Close (a part of each table and bucket)
//	      ─► FileTotals · ReadBack   (what is on disk equals what was meant)
//	      ─► WriteManifest ─► Commit
//
// Two Parquet implementations meet here and share no code of ours: arrow-go
// writes the files (its schema, footer and statistics; the pages are laid out in
// page.go), xitongsys/parquet-go reads them back. The tables themselves are
// described once, in settlement.Tables; schema, encoding and README.md follow
// from there.
package output
