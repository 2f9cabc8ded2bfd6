package sockfile

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A File is the name that a bound socket has. It keeps the directory open, so
// that it finds its file where Bind made it, whatever the directory is called
// by then.
type File struct {
	place
	dev, ino uint64
}

// Bind is bind(2) of the socket fd to path: it makes the file, with the given
// permission bits whatever the umask. The owner is the caller.
//
// A socket on which nobody listens is removed first: the caller knows, by a
// lock, that no other process is about to use the path. Anything else stays and
// is ErrInTheWay. What looks alive is asked again for a tenth of a second: the
// kernel closes the descriptors of a killed process one by one, its locks
// perhaps before its sockets. Bind blocks no longer than that.
//
// From bind(2) on the file has those bits of mode that the umask leaves, and
// after chmod(2) all of them: never one that mode has not. Other errors are
// ErrTooLong, or wrap an errno; no file of ours is left then.
func Bind(fd int, path string, mode uint32) (*File, error) {
	p, err := openPlace(path)
	if err != nil {
		return nil, fmt.Errorf("cannot bind %s: %w", path, err)
	}
	f := &File{place: p}
	if err := f.bind(fd, mode); err != nil {
		unix.Close(p.dir)
		return nil, fmt.Errorf("cannot bind %s: %w", path, err)
	}
	return f, nil
}

// bind makes the file.
func (f *File) bind(fd int, mode uint32) error {
	addr, err := f.address()
	if err != nil {
		return err
	}
	if err := f.clear(); err != nil {
		return err
	}
	// The new file has the mode of the socket, less the umask: unix_bind() in
	// the kernel's net/unix/af_unix.c.
	if err := unix.Fchmod(fd, mode); err != nil {
		return err
	}
	if err := unix.Bind(fd, addr); err != nil {
		return err
	}
	if err := f.take(mode); err != nil {
		unix.Unlinkat(f.dir, f.base, 0)
		return err
	}
	return nil
}

// take remembers which file Bind made, and gives it its mode. It goes by an
// O_PATH descriptor, as chmod(2) would follow a link that somebody put there.
func (f *File) take(mode uint32) error {
	fd, err := openat(f.dir, f.base, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	f.dev, f.ino = uint64(st.Dev), st.Ino
	if st.Mode&0o7777 == mode {
		return nil
	}
	return retry(func() error { return unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), mode) })
}

// How long clear waits for the sockets of a dying process.
const (
	tries    = 5
	interval = 20 * time.Millisecond
)

// clear removes a stale socket.
func (f *File) clear() error {
	for try := 1; ; try++ {
		err := f.stale()
		switch {
		case errors.Is(err, unix.ENOENT):
			return nil
		case err == nil:
			return f.unlink()
		case !errors.Is(err, errAlive) || try == tries:
			return err
		}
		time.Sleep(interval)
	}
}

// errAlive is the ErrInTheWay that may end by itself.
var errAlive = fmt.Errorf("%w: somebody listens on it", ErrInTheWay)

// stale is nil for a socket on which nobody listens.
func (f *File) stale() error {
	var st unix.Stat_t
	if err := unix.Fstatat(f.dir, f.base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return fmt.Errorf("%w: not a socket", ErrInTheWay)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return staleness(f.connect(fd))
}

// staleness judges by what connect(2) said. A datagram socket that is in use
// says EPROTOTYPE to a stream, a full queue EAGAIN.
func staleness(err error) error {
	switch err {
	case unix.ECONNREFUSED:
		return nil
	case nil, unix.EAGAIN, unix.EPROTOTYPE:
		return errAlive
	}
	return err
}

// unlink removes the name, which may be gone.
func (f *File) unlink() error {
	if err := unix.Unlinkat(f.dir, f.base, 0); err != nil && err != unix.ENOENT {
		return err
	}
	return nil
}

// Remove removes the file if it is still the one that Bind made, and gives the
// directory back. Call it once, and before the socket is closed: only until
// then can no other file have the same inode number. A file that is gone or
// replaced is no error.
func (f *File) Remove() error {
	defer unix.Close(f.dir)
	var st unix.Stat_t
	err := unix.Fstatat(f.dir, f.base, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil && uint64(st.Dev) == f.dev && st.Ino == f.ino {
		err = f.unlink()
	}
	if err != nil && err != unix.ENOENT {
		return fmt.Errorf("cannot remove %s: %w", f.path, err)
	}
	return nil
}
