//go:build linux

package hooks_test

import (
	"fmt"
	"os"
	"testing"
)

// The test binary is also the launcher: the process that stands where lockshim
// stands when a service runs. The variable holds its orders.
const launcherOrders = "HOOKS_TEST_LAUNCHER"

func TestMain(m *testing.M) {
	if orders := os.Getenv(launcherOrders); orders != "" {
		if err := launch(orders); err != nil {
			fmt.Fprintln(os.Stderr, "launcher:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(programHelper) != "" {
		programMain()
		os.Exit(0)
	}
	os.Exit(m.Run())
}
