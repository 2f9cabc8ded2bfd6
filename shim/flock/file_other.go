//go:build !linux

package flock

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// dirFlags need the right to read the directory: O_PATH is Linux's.
const dirFlags = unix.O_RDONLY

// errNoUnnamed: there is no O_TMPFILE away from Linux.
var errNoUnnamed = errors.New("no unnamed files")

func (c *Create) makeUnnamed(*directory) error { return errNoUnnamed }

// Guard needs locks of a description that are independent of flock(2)'s, which
// only Linux has: the BSDs' fcntl(2) and flock(2) locks exclude each other.
func (f *File) Guard() (bool, error) {
	return false, fmt.Errorf("cannot guard %s: %w", f.path, errors.ErrUnsupported)
}

// Guarded is false: see Guard.
func (f *File) Guarded() (bool, error) { return false, nil }

// Reopen opens Path once more, as a new description with no lock, and fails if
// that is another file now. (/dev/fd would copy the description.)
func (f *File) Reopen() (*File, error) { return f.reopenAt(f.path, f.flags|openFlags) }
