//go:build race

package entities_test

// raceEnabled says that the race detector slows everything down.
const raceEnabled = true
