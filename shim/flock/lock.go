package flock

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Share takes the shared lock (LOCK_SH), and blocks while another description
// has the exclusive one. Like Wait, it cannot be cancelled.
func (f *File) Share() error {
	_, err := f.flock(unix.LOCK_SH)
	return err
}

// TryShare takes the shared lock if that is possible now, and tells whether it
// was. It does not block.
func (f *File) TryShare() (bool, error) { return f.flock(unix.LOCK_SH | unix.LOCK_NB) }

// Wait takes the exclusive lock (LOCK_EX), and blocks until no other
// description has any lock of the file.
//
// It cannot be cancelled: signals restart it, and closing the descriptor does
// not wake it. Its goroutine, and the thread below it, end with the process.
// On a description that has the shared lock the change is not atomic: the
// shared lock is given up first, and others may come between (flock(2), NOTES).
// Use a File of its own.
func (f *File) Wait() error {
	_, err := f.flock(unix.LOCK_EX)
	return err
}

// TryWait takes the exclusive lock if nobody else has any lock of the file,
// and tells whether it did. It does not block. When it fails on a description
// that had the shared lock, that lock may be lost.
func (f *File) TryWait() (bool, error) { return f.flock(unix.LOCK_EX | unix.LOCK_NB) }

// Release gives the lock up (LOCK_UN), for every copy of the description at
// once: never call it on one that a child inherited, the child would go on
// without the lock that it believes to have (tox-dev/filelock#634). Close such
// a File instead.
func (f *File) Release() error {
	_, err := f.flock(unix.LOCK_UN)
	return err
}

// flock does the system call. False without an error means that somebody else
// has the lock, which only LOCK_NB can answer.
func (f *File) flock(how int) (bool, error) {
	err := retry(func() error { return unix.Flock(f.fd, how) })
	switch err {
	case nil:
		return true, nil
	case unix.EWOULDBLOCK:
		return false, nil
	case unix.EOPNOTSUPP, unix.ENOSYS: // what filesystems answer that have no flock at all
		return false, fmt.Errorf("cannot lock %s: %w: %w", f.path, ErrFilesystem, err)
	}
	return false, fmt.Errorf("cannot lock %s: %w", f.path, err)
}
