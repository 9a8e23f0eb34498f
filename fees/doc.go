// Package fees computes what each line of a statement should have cost and
// compares it with what the wallet charged (手续费).
//
// schedule.go holds the rules and chooses one by wallet, event and payment time;
// presets.go reads the rules that ship with the program; charge.go prices the
// lines of one bucket; payment.go finds the payments of refunds; variance.go says
// why an expected and a charged fee differ; rows.go writes the columns;
// arithmetic.go writes a charge out for people; totals.go adds charges up.
//
// Fees are costs here: positive on a payment, negative on a refund that returns
// fee. A fee is rounded per transaction, never on a total.
package fees
