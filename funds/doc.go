// Package funds works on what hangs on an account: the lines of fund-flow bills,
// account logs and aggregated accounts, by which its money moved. Like match and fees
// it sees the rows of one bucket at a time and is a pure function of them.
package funds
