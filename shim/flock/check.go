package flock

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A directory is the open parent of a lockfile. The lockfile is opened through
// it, so that the directory which is checked is the one that was used.
type directory struct {
	fd   int
	base string // the lockfile's name in it
	mode uint32
}

// openDir opens the directory of path and refuses one in which others may
// replace the file.
func openDir(path string) (*directory, error) {
	cut := strings.LastIndexByte(path, '/') + 1
	base := path[cut:]
	if base == "" || base == "." || base == ".." {
		return nil, fmt.Errorf("%w: a directory", ErrNotRegular)
	}
	fd, err := openat(unix.AT_FDCWD, path[:cut], dirFlags|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("its directory: %w", err)
	}
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(fd, &st) }); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("its directory: %w", err)
	}
	dir := &directory{fd: fd, base: base, mode: uint32(st.Mode)}
	if dir.mode&unix.S_IWOTH != 0 && !dir.sticky() {
		unix.Close(fd)
		return nil, fmt.Errorf("%w: others may write its directory (mode %04o)", ErrUnsafe, dir.mode&0o7777)
	}
	return dir, nil
}

// sticky tells whether only the owner of a file may rename and delete it.
func (d *directory) sticky() bool { return d.mode&unix.S_ISVTX != 0 }

// check applies the rules of the package comment to an open file.
func check(fd int, dir *directory, create *Create) (*unix.Stat_t, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(fd, &st) }); err != nil {
		return nil, err
	}
	if err := checkStat(&st, dir, create); err != nil {
		return nil, err
	}
	return &st, checkFilesystem(fd)
}

// checkStat judges type, mode and owner.
func checkStat(st *unix.Stat_t, dir *directory, create *Create) error {
	mode := uint32(st.Mode)
	switch {
	case mode&unix.S_IFMT != unix.S_IFREG:
		return fmt.Errorf("%w: %s", ErrNotRegular, kind(mode))
	case mode&unix.S_IWOTH != 0:
		return fmt.Errorf("%w: others may write it (mode %04o)", ErrUnsafe, mode&0o7777)
	case dir.mode&unix.S_IWOTH != 0 && !trusted(st.Uid, create):
		return fmt.Errorf("%w: it belongs to uid %d in a directory that others may write", ErrUnsafe, st.Uid)
	}
	return nil
}

// trusted tells whether uid may own a lockfile in a directory that everybody
// may write.
func trusted(uid uint32, create *Create) bool {
	return uid == 0 || int(uid) == os.Geteuid() || create != nil && create.UID >= 0 && int(uid) == create.UID
}

// kind names a file type for people.
func kind(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return "a directory"
	case unix.S_IFLNK:
		return "a symbolic link"
	case unix.S_IFIFO:
		return "a FIFO"
	case unix.S_IFSOCK:
		return "a socket"
	case unix.S_IFCHR, unix.S_IFBLK:
		return "a device"
	}
	return fmt.Sprintf("file type %#o", mode&unix.S_IFMT)
}

// refusal adds ErrNotRegular to what open(2) answers for files that are none.
// ELOOP may also mean too many links above the file: those stay possible, and
// the errno is kept.
func refusal(err error) error {
	switch err {
	case unix.EISDIR:
		return fmt.Errorf("%w: %w", ErrNotRegular, err)
	case unix.ELOOP, unix.EMLINK: // O_NOFOLLOW; FreeBSD answers EMLINK
		return fmt.Errorf("%w: a symbolic link: %w", ErrNotRegular, err)
	case unix.ENXIO, unix.ENODEV, unix.EOPNOTSUPP: // a socket; a device without a driver
		return fmt.Errorf("%w: a socket or a device: %w", ErrNotRegular, err)
	}
	return err
}
