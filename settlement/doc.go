// Package settlement holds the nouns that more than one stage speaks: amounts,
// rates, positions, statements with their control totals, the columns of the
// batches that flow between stages, and the registry of the tables a run writes.
//
// It imports Arrow and the standard library (and one hash function), never a
// stage. Every amount is a count of fen (分, 1/100 yuan) in an int64; every
// rate is a count of millionths; every instant is a count of microseconds since
// 1970 in UTC; every day is a count of days since 1970-01-01 in Asia/Shanghai.
package settlement
