//go:build !race

package mcp_test

// raceEnabled says that the race detector slows everything down.
const raceEnabled = false
