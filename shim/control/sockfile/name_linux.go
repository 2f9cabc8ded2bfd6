package sockfile

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// room is how many bytes of a name the kernel takes, the final NUL not counted.
const room = len(unix.RawSockaddrUnix{}.Path) - 1

// Fits tells whether path can be given to bind(2) and connect(2) as it is, by
// any program.
func Fits(path string) bool { return len(path) <= room }

// A place is a name in an open directory.
type place struct {
	dir  int // O_PATH: rights are asked of the directory when it is used
	base string
	path string // the same, as it was given
}

// openPlace opens the directory of path.
func openPlace(path string) (place, error) {
	cut := strings.LastIndexByte(path, '/') + 1
	p := place{base: path[cut:], path: path}
	if p.base == "" || p.base == "." || p.base == ".." {
		return p, fmt.Errorf("%w: %s is a directory", ErrInTheWay, path)
	}
	if strings.IndexByte(path, 0) >= 0 { // the kernel would stop reading there
		return p, fmt.Errorf("the path has a NUL in it: %w", unix.EINVAL)
	}
	dir := path[:cut]
	if dir == "" {
		dir = "."
	}
	fd, err := openat(unix.AT_FDCWD, dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC)
	if err == unix.ENAMETOOLONG {
		return p, fmt.Errorf("%w: %d bytes: %w", ErrTooLong, len(path), err)
	}
	if err != nil {
		return p, fmt.Errorf("its directory: %w", err)
	}
	p.dir = fd
	return p, nil
}

// address is what bind(2) and connect(2) take for the place.
func (p place) address() (*unix.SockaddrUnix, error) {
	name := p.path
	if !strings.HasPrefix(name, "/") {
		name = "./" + name // a first "@" would make it abstract
	}
	if !Fits(name) {
		name = "/proc/self/fd/" + strconv.Itoa(p.dir) + "/" + p.base
	}
	if !Fits(name) {
		return nil, fmt.Errorf("%w: its last component has %d bytes, %d fit", ErrTooLong, len(p.base), room-len(name)+len(p.base))
	}
	return &unix.SockaddrUnix{Name: name}, nil
}

// Connect is connect(2) of the socket fd to the socket that path names. It
// blocks as connect(2) does: while the listener's queue is full, until
// SO_SNDTIMEO has passed, and not at all when fd is non-blocking.
//
// Errors are ErrTooLong, or wrap the errno: ENOENT where the path names
// nothing, ECONNREFUSED where nobody listens, EACCES, and EAGAIN for a queue
// that stayed full.
func Connect(fd int, path string) error {
	p, err := openPlace(path)
	if err != nil {
		return err
	}
	defer unix.Close(p.dir)
	return p.connect(fd)
}

// connect is Connect to a place.
func (p place) connect(fd int) error {
	addr, err := p.address()
	if err != nil {
		return err
	}
	return retry(func() error { return unix.Connect(fd, addr) })
}

// openat is openat(2) that goes on after EINTR.
func openat(dir int, name string, flags int) (fd int, err error) {
	err = retry(func() error {
		fd, err = unix.Openat(dir, name, flags, 0)
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
