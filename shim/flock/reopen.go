package flock

import (
	"fmt"

	"golang.org/x/sys/unix"
)

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
