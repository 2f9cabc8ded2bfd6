package proc

import (
	"os"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// helpers are the programs that the test binary can be.
var helpers = map[string]func() error{
	"shim":   helperShim,
	"holder": helperHolder,
	"reuse":  helperReuse,
	"hung":   helperHung,

	"blind":     helperSeen(""),
	"hidden":    helperSeen("hidepid=2"),
	"no access": helperSeen("hidepid=1"),
	"stranger":  helperStranger,
	"listener":  helperListener,
}

// TestMain takes in what a killed shim leaves behind, and fails the suite when a
// child was not waited for.
func TestMain(m *testing.M) {
	os.Exit(testkit.MainAsInit(m, helpers))
}
