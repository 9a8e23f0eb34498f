//go:build race

package main

// underRace says that the race detector watches: what runs one step after the other need
// not be done again ten times as slowly.
const underRace = true
