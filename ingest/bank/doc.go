// Package bank reads a bank's statements of account: CSV with a column map, and ISO
// 20022 camt.053. What a wallet pays out arrives here. See README.md.
package bank
