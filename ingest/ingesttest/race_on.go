//go:build race

package ingesttest

// underRace: the race detector makes every reading ten times as long, and sees in each
// ninth damage what it would see in all.
const underRace = true
