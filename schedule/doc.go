// Package schedule says when the nightly job runs and what it runs: the wake-ups of a
// cron expression (expression.go, schedule.go), which days are missing or stale
// (plan.go), and which bills should be there by now and are not (await.go). It knows
// nothing of how a day is reconciled.
//
// A wake-up only asks what is due, so that one that passes while the program is not
// running is caught up by the next.
package schedule
