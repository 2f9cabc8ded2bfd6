package flock

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/proc"
)

// OpenLost opens the file id that the descriptor fd of the process pid is of, as
// a new description with no lock: a lockfile that was deleted or renamed, while
// its holders live. path is what the service calls it, and becomes Path.
//
// What Open checks is not checked. It does not block. Errors wrap the errno:
// ENOENT where the process or its descriptor is gone, or away from Linux, and
// ESTALE where that is another file by now.
func OpenLost(path string, pid, fd int, id proc.FileID) (*File, error) {
	f := &File{fd: -1, path: path, id: id, flags: unix.O_RDWR}
	return f.reopenAt(fmt.Sprintf("/proc/%d/fd/%d", pid, fd), f.flags|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY)
}

// reopenAt opens the file by a path that should lead to it, and makes sure.
func (f *File) reopenAt(path string, flags int) (*File, error) {
	fd, err := openat(unix.AT_FDCWD, path, flags, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot reopen %s: %w", f.path, err)
	}
	var st unix.Stat_t
	err = retry(func() error { return unix.Fstat(fd, &st) })
	if err == nil && fileID(&st) != f.id {
		err = fmt.Errorf("another file has its name: %w", unix.ESTALE)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("cannot reopen %s: %w", f.path, err)
	}
	return &File{fd: fd, path: f.path, id: f.id, flags: f.flags}, nil
}
