//go:build linux

package hooks_test

import (
	"os"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// The test binary is also the launcher: the process that stands where lockshim
// stands when a service runs. The variable holds its orders.
const launcherOrders = "HOOKS_TEST_LAUNCHER"

func TestMain(m *testing.M) {
	os.Exit(testkit.Main(m, map[string]func() error{
		"launcher": func() error { return launch(os.Getenv(launcherOrders)) },
		"program":  runProgram,
	}))
}
