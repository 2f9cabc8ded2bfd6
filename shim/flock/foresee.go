package flock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Check says what Open would answer to the same arguments, and makes, changes
// and locks nothing: whether the file is there, and Open's error.
//
// It is about this moment. A quota, a security module and a filesystem without
// hard links can still refuse the file.
func Check(path string, create *Create) (there bool, err error) {
	f, dir, err := locate(path, create)
	if err != nil {
		return false, err
	}
	defer unix.Close(dir.fd)
	err = f.openExisting(dir, create)
	if err == nil {
		return true, f.Close()
	}
	if create == nil || !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err := checkFilesystem(dir.fd); err != nil {
		return false, fmt.Errorf("cannot open %s: %w", f.path, err)
	}
	if err := create.permitted(dir); err != nil {
		return false, fmt.Errorf("%w %s: %w", ErrCreate, f.path, err)
	}
	return false, nil
}

// permitted says why the directory cannot have one file more.
func (c *Create) permitted(dir *directory) error {
	err := retry(func() error { return unix.Faccessat(dir.fd, ".", unix.W_OK|unix.X_OK, unix.AT_EACCESS) })
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 && (c.UID >= 0 && c.UID != os.Geteuid() || c.GID >= 0 && !member(c.GID)) {
		return unix.EPERM
	}
	return full(dir.fd)
}

// member tells whether gid is one of the caller's groups: chown(2) may give a
// file of one's own to these alone.
func member(gid int) bool {
	groups, err := os.Getgroups()
	return gid == os.Getegid() || err == nil && slices.Contains(groups, gid)
}
