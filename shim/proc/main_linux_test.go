package proc

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// helperEnv names what the test binary is to do where it is its own helper.
const helperEnv = "LOCKSHIM_PROC_TEST_HELPER"

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
}

// TestMain makes the test binary its own helper, takes in what a killed shim
// leaves behind, and fails the suite when a child was not waited for.
func TestMain(m *testing.M) {
	if name := os.Getenv(helperEnv); name != "" {
		os.Unsetenv(helperEnv)
		if err := helpers[name](); err != nil {
			fmt.Fprintf(os.Stderr, "helper %s: %v\n", name, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	code := m.Run()
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD && code == 0 {
		fmt.Printf("a child was not waited for: wait4 says %d, %v\n", pid, err)
		code = 1
	}
	os.Exit(code)
}
