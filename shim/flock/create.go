package flock

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Create says how a missing lockfile is made. An existing one is not changed.
//
// The file appears under its name with its mode and owner complete, or not at
// all: it is made without a name where the filesystem can (O_TMPFILE), else
// under a name of its own, and then linked. So two processes that create it at
// once get one file, and the umask does not matter. A filesystem without hard
// links (vfat) cannot have a lockfile made this way. The directory is never
// made: that is the caller's.
type Create struct {
	Mode fs.FileMode // permission bits; 0 means 0640
	UID  int         // owner; -1 leaves it to the system
	GID  int         // group; -1 leaves it to the system
}

// check refuses a mode that Open would refuse once the file is there.
func (c *Create) check() error {
	if c != nil && c.Mode.Perm()&unix.S_IWOTH != 0 {
		return fmt.Errorf("%w: a mode of %04o would let others write it", ErrUnsafe, c.Mode.Perm())
	}
	return nil
}

// perm is the mode that the file gets.
func (c *Create) perm() uint32 {
	if c.Mode.Perm() == 0 {
		return 0o640
	}
	return uint32(c.Mode.Perm())
}

// create makes the file in dir. The error is an fs.ErrExist when somebody else
// was faster.
func (f *File) create(dir *directory, c *Create) error {
	if err := checkFilesystem(dir.fd); err != nil {
		return fmt.Errorf("cannot open %s: %w", f.path, err)
	}
	fd, err := c.make(dir)
	if err != nil {
		return fmt.Errorf("%w %s: %w", ErrCreate, f.path, err)
	}
	f.flags = unix.O_RDWR
	return f.adopt(fd, dir, c)
}

// make links a complete file into dir and returns a descriptor of it.
func (c *Create) make(dir *directory) (int, error) {
	fd, err := c.makeUnnamed(dir)
	if err != errNoUnnamed {
		return fd, err
	}
	return c.makeNamed(dir)
}

// serial tells apart the files that one process makes at once.
var serial atomic.Uint64

// makeNamed makes the file under another name first. A process that is killed
// in between leaves that name, an empty file, behind.
func (c *Create) makeNamed(dir *directory) (int, error) {
	name := ".lock." + strconv.Itoa(os.Getpid()) + "." + strconv.FormatUint(serial.Add(1), 10)
	fd, err := openat(dir.fd, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|openFlags, 0o600)
	if err == unix.EEXIST {
		return -1, fmt.Errorf("%s is in the way", name) // not an fs.ErrExist: trying again is no use
	}
	if err != nil {
		return -1, err
	}
	defer unix.Unlinkat(dir.fd, name, 0)
	return c.finish(fd, func() error { return unix.Linkat(dir.fd, name, dir.fd, dir.base, 0) })
}

// finish sets owner and mode, and only then gives the file its name. The owner
// comes first: chown(2) may clear bits of the mode.
func (c *Create) finish(fd int, link func() error) (int, error) {
	err := c.chown(fd)
	if err == nil {
		err = retry(func() error { return unix.Fchmod(fd, c.perm()) })
	}
	if err == nil {
		err = retry(link)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// chown gives the file to whom it should belong, if anybody was named.
func (c *Create) chown(fd int) error {
	if c.UID < 0 && c.GID < 0 {
		return nil
	}
	return retry(func() error { return unix.Fchown(fd, c.UID, c.GID) })
}
