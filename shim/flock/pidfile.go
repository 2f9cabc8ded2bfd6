package flock

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// Pidfile writes this process's pid to path, followed by a newline, and keeps
// the file locked. It does not block.
//
// A pid file that is there already is stale if nobody has its lock, and is
// taken over: what pid it contains, and whether a process of that number
// lives, decides nothing. If it is locked the error is a *HeldError and the
// file is left alone. Otherwise errors are those of Open, or wrap the errno of
// the write; then no pid file is left, so that nobody trusts an empty one. A
// file that is made gets mode 0640: who may read it may lock it.
//
// Remove unlinks the file while its lock is still held, and only if path still
// names it. A user of this package that opened the file before then either
// fails on the lock, or gets the lock of a file that has lost its name, sees
// so, and opens the path again; so two of them never both succeed
// (zopefoundation/zc.lockfile and tox-dev/filelock#623 have the story of those
// that did not look again). A program that locks the path by other means and
// does not compare can be fooled: use TryLock's file for it, which is never
// removed. Where the file cannot be unlinked it is emptied, and remove returns
// the reason. Remove may be called more than once, and must be called by the
// process that called Pidfile.
func Pidfile(path string) (remove func() error, err error) {
	f, err := lockPath(path)
	if err != nil {
		return nil, err
	}
	if err := f.writePID(); err != nil {
		err = fmt.Errorf("cannot write %s: %w", path, err)
		return nil, errors.Join(err, f.unlink(), f.Close())
	}
	return sync.OnceValue(func() error { return errors.Join(f.unlink(), f.drop()) }), nil
}

// writePID replaces the contents. The sync brings out the errors of a full or
// broken disk that a delayed write would hide.
func (f *File) writePID() error {
	if err := retry(func() error { return unix.Ftruncate(f.fd, 0) }); err != nil {
		return err
	}
	text := []byte(strconv.Itoa(os.Getpid()) + "\n")
	var n int
	err := retry(func() (err error) {
		n, err = unix.Pwrite(f.fd, text, 0)
		return err
	})
	if err == nil && n < len(text) {
		err = unix.ENOSPC
	}
	if err != nil {
		return err
	}
	return retry(func() error { return unix.Fsync(f.fd) })
}

// unlink removes the path if it still names the file, which must be locked.
func (f *File) unlink() error {
	same, err := f.Named()
	if err != nil || !same {
		return err
	}
	if err := unix.Unlink(f.path); err != nil && err != unix.ENOENT {
		unix.Ftruncate(f.fd, 0) // better no pid than one that will be somebody else's
		return fmt.Errorf("cannot remove %s: %w", f.path, err)
	}
	return nil
}
