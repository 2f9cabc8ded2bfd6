package testkit

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// MainAsInit is Main in a process that orphans come to, as an init: a child
// subreaper, which helpers are not. A child that no test has waited for makes the
// code 1.
func MainAsInit(m *testing.M, helpers map[string]func() error) int {
	Help(helpers)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Println("cannot become the reaper of orphans:", err)
		return 1
	}
	code := m.Run()
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD && code == 0 {
		fmt.Printf("a child was not waited for: wait4 says %d, %v\n", pid, err)
		return 1
	}
	return code
}
