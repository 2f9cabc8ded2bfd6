// Package testkit is what the tests of several packages share. Nothing that is
// linked into the binary imports it.
package testkit

import "os"

// soakVariable is set by `make soak`.
const soakVariable = "SOAK"

// Times is how often a test repeats what it repeats: few times in `make test`,
// which people wait for, and many times in `make soak`, which runs for hours. Both
// must be enough for the test to fail where what it tests is broken; the soak is
// for what breaks once in a while.
func Times(few, many int) int {
	if os.Getenv(soakVariable) != "" {
		return many
	}
	return few
}
