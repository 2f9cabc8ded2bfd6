package flock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/proc"
)

// A File is one open file description of a checked lockfile.
//
// It keeps the bare descriptor number, so that no finalizer can close it: a
// File that nothing refers to any more keeps its lock until the process ends.
// (An unreferenced os.File is closed by the garbage collector, and its lock is
// gone; see sorintlab/stolon#405.) Only Close closes it.
//
// Methods may be called from several goroutines at once, but none while Close
// runs or after it. A descriptor that is closed while Wait or Share blocks on
// it goes on blocking.
type File struct {
	fd    int
	path  string // absolute
	id    proc.FileID
	flags int // access mode of open(2): O_RDWR or O_RDONLY
}

// openFlags never follow a link, never wait for a FIFO's other end, and never
// make a terminal ours.
const openFlags = unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY

// Open opens the lockfile and checks it, as the package comment says, without
// taking any lock. It does not block.
//
// A missing file is made if create is not nil, and is an fs.ErrNotExist
// otherwise. With a nil create a file that may be read but not written is
// opened for reading: flock(2) needs no more, Guard does. The descriptor is
// FD_CLOEXEC.
//
// Errors are ErrNotRegular, ErrUnsafe, ErrFilesystem and ErrCreate, or wrap
// the system's errno.
func Open(path string, create *Create) (*File, error) {
	f, dir, err := locate(path, create)
	if err != nil {
		return nil, err
	}
	defer unix.Close(dir.fd)
	if err := f.open(dir, create); err != nil {
		return nil, err
	}
	return f, nil
}

// locate opens the directory of path and checks it. The File is not open yet.
func locate(path string, create *Create) (*File, *directory, error) {
	if err := create.check(); err != nil {
		return nil, nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	path, err := absolute(path)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	dir, err := openDir(path)
	if err != nil && create != nil && errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%w %s: its directory is missing: %w", ErrCreate, path, err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	return &File{fd: -1, path: path}, dir, nil
}

// tries bounds how often a file that others replace at the same time is opened
// anew. Each round needs one more replacement in a gap of microseconds.
const tries = 100

// open opens the file, and makes it first where it is missing. It is opened by
// its name then too: the descriptor that it was made by has no name in /proc,
// where others look for holders.
func (f *File) open(dir *directory, create *Create) error {
	for range tries {
		err := f.openExisting(dir, create)
		if create == nil || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := f.make(dir, create); err != nil {
			return err
		}
	}
	return fmt.Errorf("cannot open %s: it is removed again and again", f.path)
}

// openExisting opens and checks the file that dir has under its name.
func (f *File) openExisting(dir *directory, create *Create) error {
	f.flags = unix.O_RDWR
	fd, err := openat(dir.fd, dir.base, unix.O_RDWR|openFlags, 0)
	if create == nil && (errors.Is(err, fs.ErrPermission) || err == unix.EROFS) {
		f.flags = unix.O_RDONLY
		fd, err = openat(dir.fd, dir.base, unix.O_RDONLY|openFlags, 0)
	}
	if err != nil {
		return fmt.Errorf("cannot open %s: %w", f.path, refusal(err))
	}
	return f.take(fd, dir, create)
}

// take makes fd the file's descriptor if it passes the checks, else closes it.
func (f *File) take(fd int, dir *directory, create *Create) error {
	st, err := check(fd, dir, create)
	if err != nil {
		unix.Close(fd)
		return fmt.Errorf("cannot open %s: %w", f.path, err)
	}
	f.fd, f.id = fd, fileID(st)
	return nil
}

// Fd is the descriptor's number, -1 after Close. It stays the File's: do not
// close it, and do not change its lock behind the File's back.
func (f *File) Fd() int { return f.fd }

// Path is the path that Open was given, made absolute by the working directory
// of that moment and otherwise left as it was.
func (f *File) Path() string { return f.path }

// ID is the identity of the file that is open, whatever Path names now. It
// does not change.
func (f *File) ID() proc.FileID { return f.id }

// Named tells whether Path still names the file that is open. It is false when
// the file was deleted or renamed, or when another file, or a symbolic link, is
// in its place. It says nothing about the next moment.
func (f *File) Named() (bool, error) {
	var st unix.Stat_t
	err := retry(func() error { return unix.Lstat(f.path, &st) })
	if err == unix.ENOENT || err == unix.ENOTDIR {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot look at %s: %w", f.path, err)
	}
	return fileID(&st) == f.id, nil
}

// Close closes this copy of the description. The lock ends with the last copy,
// which may be a child's. A second Close does nothing.
func (f *File) Close() error {
	if f.fd < 0 {
		return nil
	}
	fd := f.fd
	f.fd = -1
	// Not again after EINTR: Linux has freed the number by then, see close(2).
	if err := unix.Close(fd); err != nil && err != unix.EINTR {
		return fmt.Errorf("cannot close %s: %w", f.path, err)
	}
	return nil
}

// absolute puts the working directory before a relative path. It does not
// clean the path: "link/../x" means what the kernel makes of it.
func absolute(path string) (string, error) {
	if path == "" {
		return path, fmt.Errorf("the path is empty: %w", syscall.EINVAL)
	}
	if filepath.IsAbs(path) {
		return path, nil
	}
	wd, err := os.Getwd()
	if err != nil {
		return path, err
	}
	return wd + "/" + path, nil
}

// fileID is the identity in a stat.
func fileID(st *unix.Stat_t) proc.FileID {
	return proc.FileID{Dev: uint64(st.Dev), Ino: uint64(st.Ino)}
}

// openat is openat(2) that goes on after EINTR.
func openat(dir int, name string, flags int, mode uint32) (fd int, err error) {
	err = retry(func() error {
		fd, err = unix.Openat(dir, name, flags, mode)
		return err
	})
	return fd, err
}

// retry calls do until it is not interrupted by a signal.
func retry(do func() error) error {
	for {
		if err := do(); err != unix.EINTR {
			return err
		}
	}
}
