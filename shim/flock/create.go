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

// make makes sure that dir has the file, made by us or by somebody faster.
func (f *File) make(dir *directory, c *Create) error {
	if err := checkFilesystem(dir.fd); err != nil {
		return fmt.Errorf("cannot open %s: %w", f.path, err)
	}
	err := c.makeUnnamed(dir)
	if err == errNoUnnamed {
		err = c.makeNamed(dir)
	}
	if err == nil || err == unix.EEXIST {
		return nil
	}
	return fmt.Errorf("%w %s: %w", ErrCreate, f.path, err)
}

// serial tells apart the files that one process makes at once.
var serial atomic.Uint64

// makeNamed makes the file under another name first. A process that is killed
// in between leaves that name, an empty file, behind.
func (c *Create) makeNamed(dir *directory) error {
	name := ".lock." + strconv.Itoa(os.Getpid()) + "." + strconv.FormatUint(serial.Add(1), 10)
	fd, err := openat(dir.fd, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|openFlags, 0o600)
	if err == unix.EEXIST {
		return fmt.Errorf("%s is in the way", name) // not EEXIST, which speaks of the lockfile
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	defer unix.Unlinkat(dir.fd, name, 0)
	if err := c.finish(fd); err != nil {
		return err
	}
	return retry(func() error { return unix.Linkat(dir.fd, name, dir.fd, dir.base, 0) })
}

// finish sets owner and mode. The owner comes first: chown(2) may clear bits of
// the mode.
func (c *Create) finish(fd int) error {
	if err := c.chown(fd); err != nil {
		return err
	}
	return retry(func() error { return unix.Fchmod(fd, c.perm()) })
}

// chown gives the file to whom it should belong, if anybody was named.
func (c *Create) chown(fd int) error {
	if c.UID < 0 && c.GID < 0 {
		return nil
	}
	return retry(func() error { return unix.Fchown(fd, c.UID, c.GID) })
}
