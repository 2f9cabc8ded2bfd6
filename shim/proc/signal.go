package proc

import (
	"errors"
	"syscall"
)

// ErrGone: the process has ended, and its pid may be another's by now.
var ErrGone = errors.New("no such process any more")

// Signal sends sig to the process that id names, and never to another one that
// was given its pid. Errors wrap ErrGone, or the errno.
func Signal(id ID, sig syscall.Signal) error {
	h, err := Open(id)
	if err != nil {
		return err
	}
	defer h.Close()
	return h.Signal(sig)
}
