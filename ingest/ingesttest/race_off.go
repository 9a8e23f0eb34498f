//go:build !race

package ingesttest

const underRace = false
