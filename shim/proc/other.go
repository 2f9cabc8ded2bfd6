//go:build !linux

package proc

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

var pageSize = int64(os.Getpagesize())

// Look returns errors.ErrUnsupported: there is no proc(5) here.
func Look(q Query) (Snapshot, error) { return Snapshot{}, unsupported("look at processes") }

// Find returns errors.ErrUnsupported.
func Find(pid int) (Process, error) { return Process{}, unsupported("find a process") }

// Describe returns errors.ErrUnsupported.
func Describe(pid int) (Process, error) { return Process{}, unsupported("find a process") }

// Holders returns errors.ErrUnsupported.
func Holders(file FileID, name string) ([]Process, error) {
	return nil, unsupported("list the holders of a lock")
}

// Listens returns errors.ErrUnsupported.
func Listens(pids []int) (bool, error) { return false, unsupported("look at sockets") }

// A Handle is never made here.
type Handle struct{ ID }

// Open returns errors.ErrUnsupported.
func Open(id ID) (*Handle, error) { return nil, unsupported("open a process") }

// Signal returns errors.ErrUnsupported.
func (h *Handle) Signal(sig syscall.Signal) error { return unsupported("signal a process") }

// Wait returns errors.ErrUnsupported.
func (h *Handle) Wait() error { return unsupported("wait for a process") }

// Status knows nothing here.
func (h *Handle) Status(patience int) (status syscall.WaitStatus, ok bool) { return 0, false }

// Close does nothing.
func (h *Handle) Close() error { return nil }

func unsupported(what string) error {
	return fmt.Errorf("cannot %s: %w", what, errors.ErrUnsupported)
}
