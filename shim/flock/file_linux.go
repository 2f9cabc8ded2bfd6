package flock

import (
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// dirFlags need only the right to search the directory.
const dirFlags = unix.O_PATH

// errNoUnnamed: the filesystem or the host has no way to make a file without a
// name and to link it later.
var errNoUnnamed = errors.New("no unnamed files")

// makeUnnamed makes the file by open(2)'s O_TMPFILE, whose example links it
// through /proc like this. Nothing is left behind by a crash.
func (c *Create) makeUnnamed(dir *directory) error {
	fd, err := openat(dir.fd, ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == unix.EOPNOTSUPP || err == unix.EISDIR || err == unix.ENOENT {
		return errNoUnnamed
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := c.finish(fd); err != nil {
		return err
	}
	err = retry(func() error {
		return unix.Linkat(unix.AT_FDCWD, procPath(fd), dir.fd, dir.base, unix.AT_SYMLINK_FOLLOW)
	})
	if err == unix.ENOENT { // no /proc here, or the directory is deleted: makeNamed will know
		return errNoUnnamed
	}
	return err
}

// Guard takes a second lock of the file, for which only Guards compete: a
// write lock of its first byte that belongs to the description (F_OFD_SETLK of
// fcntl(2)). It tells whether it got it, and does not block. The guard is
// independent of the locks that flock(2) takes, and like them it ends with the
// last copy of the description. It needs a File that was opened for writing. A
// description that has the guard gets it again.
//
// Away from Linux it returns errors.ErrUnsupported.
func (f *File) Guard() (bool, error) {
	lk := unix.Flock_t{Type: unix.F_WRLCK, Whence: unix.SEEK_SET, Start: 0, Len: 1}
	err := retry(func() error { return unix.FcntlFlock(uintptr(f.fd), unix.F_OFD_SETLK, &lk) })
	if err == unix.EAGAIN || err == unix.EACCES {
		return false, nil
	}
	if err == unix.EBADF && f.flags == unix.O_RDONLY {
		return false, fmt.Errorf("cannot guard %s: it is not writable: %w", f.path, unix.EACCES)
	}
	if err != nil {
		return false, fmt.Errorf("cannot guard %s: %w", f.path, err)
	}
	return true, nil
}

// Guarded tells whether another description has the guard, whoever that is and
// whether or not he can be seen. It takes nothing (F_OFD_GETLK), and needs no
// more than a File that was opened for reading.
//
// Away from Linux nobody has one.
func (f *File) Guarded() (bool, error) {
	lk := unix.Flock_t{Type: unix.F_WRLCK, Whence: unix.SEEK_SET, Start: 0, Len: 1}
	if err := retry(func() error { return unix.FcntlFlock(uintptr(f.fd), unix.F_OFD_GETLK, &lk) }); err != nil {
		return false, fmt.Errorf("cannot ask for the guard of %s: %w", f.path, err)
	}
	return lk.Type != unix.F_UNLCK, nil
}

// Reopen opens the same file once more, as a new description with no lock,
// even if Path names another file now or none. It goes through /proc/self/fd.
// The file's mode is asked again, so it fails in a process that has since lost
// the right to open it. What Open checks is not checked again.
//
// Away from Linux it opens Path, and fails if that is another file now.
func (f *File) Reopen() (*File, error) {
	return f.reopenAt(procPath(f.fd), f.flags|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY)
}

// procPath is the path by which a descriptor's own file can be opened or
// linked, deleted or not; proc(5), /proc/pid/fd.
func procPath(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }
