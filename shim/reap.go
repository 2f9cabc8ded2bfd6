package shim

import (
	"syscall"

	"github.com/lockshim/lockshim/shim/proc"
)

// A reaped is a child that ended and was waited for.
type reaped struct {
	id     proc.ID
	status syscall.WaitStatus
	left   bool // there are children yet
}

// reapAll tells the loop of each child that ends, until none is left.
func (m *machine) reapAll() {
	for {
		r, err := m.sys.reap()
		if err != nil {
			return // no child, which the last fact said already
		}
		m.facts <- fact{input: input{kind: exited, code: exitCode(r.status), left: r.left}, id: r.id}
		if !r.left {
			return
		}
	}
}

// exitCode is what a shell makes of a status: the code, or 128 and the number
// of the signal (POSIX, Shell Command Language, 2.8.2).
func exitCode(s syscall.WaitStatus) int {
	if s.Signaled() {
		return 128 + int(s.Signal())
	}
	return s.ExitStatus()
}
