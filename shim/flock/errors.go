package flock

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/lockshim/lockshim/shim/proc"
)

// The conditions that a caller tells apart with errors.Is. Errors of the system
// are wrapped too: errors.Is(err, fs.ErrPermission) and syscall.ENOSPC work.
var (
	// ErrNotRegular: the path names a directory, a symbolic link, a FIFO, a
	// socket or a device.
	ErrNotRegular = errors.New("not a regular file")
	// ErrUnsafe: others may write the file, or put another one in its place.
	ErrUnsafe = errors.New("not safe from other users")
	// ErrFilesystem: flock(2) is not a lock of this kernel alone there.
	ErrFilesystem = errors.New("no local flock on this filesystem")
	// ErrCreate: the file is missing and cannot be made.
	ErrCreate = errors.New("cannot create")
	// ErrHeld: somebody else has the lock. The error is a *HeldError.
	ErrHeld = errors.New("locked by another")
)

// A HeldError says who has a lock that the caller wanted.
//
// It was true at one moment: a holder may be gone when it is read. The caller's
// own process is not in Holders, and neither is what cannot be seen: processes
// of another user or pid namespace, all of them on a platform without
// /proc/PID/fdinfo.
type HeldError struct {
	Path    string
	Holders []proc.Process // sorted by pid
}

// Error names every holder, and since when it runs.
func (e *HeldError) Error() string {
	if len(e.Holders) == 0 {
		return fmt.Sprintf("cannot lock %s: held by this process, or by one that cannot be seen from here", e.Path)
	}
	var who []string
	for _, p := range e.Holders {
		who = append(who, fmt.Sprintf("pid %d (%s) since %s", p.PID, p.Title(), p.Started().Format(time.RFC3339)))
	}
	return fmt.Sprintf("cannot lock %s: held by %s", e.Path, strings.Join(who, ", "))
}

// Is makes errors.Is(err, ErrHeld) true.
func (e *HeldError) Is(target error) bool { return target == ErrHeld }

// held looks up who has f's lock.
func held(f *File) error {
	holders, err := proc.Holders(f.id, filepath.Base(f.path))
	if err != nil {
		holders = nil // the names are a courtesy; that it is held is certain
	}
	return &HeldError{Path: f.path, Holders: holders}
}
