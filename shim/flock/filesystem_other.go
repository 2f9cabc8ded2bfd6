//go:build !linux

package flock

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// refused are the filesystems, by f_fstypename of statfs(2), whose files
// belong to another host or to a user-space program. Case does not count.
var refused = []string{"nfs", "smbfs", "afpfs", "webdav", "ftp", "fuse", "macfuse", "osxfuse", "p9fs"}

// checkFilesystem refuses the filesystem that fd is on, by its name: also a
// name that goes on after a dot or begins with one of the list, like
// "fusefs.sshfs".
func checkFilesystem(fd int) error {
	var st unix.Statfs_t
	if err := retry(func() error { return unix.Fstatfs(fd, &st) }); err != nil {
		return fmt.Errorf("its filesystem: %w", err)
	}
	name := strings.ToLower(unix.ByteSliceToString(st.Fstypename[:]))
	for _, r := range refused {
		if strings.HasPrefix(name, r) {
			return fmt.Errorf("%w: %s: flock is not the kernel's own", ErrFilesystem, name)
		}
	}
	return nil
}

// full cannot tell.
func full(int) error { return nil }
