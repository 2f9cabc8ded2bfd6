package notify

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/control/sockfile"
)

// A Socket is what a server's NOTIFY_SOCKET names. An idle one costs no thread
// and makes no system call.
type Socket struct {
	file    *os.File
	raw     syscall.RawConn
	name    *sockfile.File // nil for an abstract name
	address string

	closing sync.Once
	closed  chan struct{}
}

// Listen makes the socket of a lockfile: beside it, ".lock" replaced by
// ".notify", with the mode 0666, as the server may run as any user. Where that
// path is longer than 107 bytes it has an abstract name that follows from the
// path, in this network namespace. The name is the same each time, so that a
// server that was started by one shim reaches the next.
//
// The caller has the guard of the lockfile, which proves that no other shim
// uses the socket: a stale one is removed. It blocks for a tenth of a second at
// most, when somebody seems to listen there.
//
// Errors: ErrInTheWay, EADDRINUSE for an abstract name that somebody else has,
// errors.ErrUnsupported, or an errno. Nothing is left behind then.
func Listen(lock string) (*Socket, error) {
	lock, err := absolute(lock)
	if err != nil {
		return nil, fmt.Errorf("cannot make a notify socket: %w", err)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot make a notify socket: %w", err)
	}
	address := addressOf(lock)
	s := &Socket{file: os.NewFile(uintptr(fd), address), address: address, closed: make(chan struct{})}
	if err := s.bind(fd); err != nil {
		s.file.Close()
		return nil, fmt.Errorf("cannot make a notify socket: %w", err)
	}
	return s, nil
}

// bind gives the socket fd its name.
func (s *Socket) bind(fd int) (err error) {
	if err := s.file.SetDeadline(time.Time{}); err != nil { // the poller did not take it
		return err
	}
	if s.raw, err = s.file.SyscallConn(); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		return err
	}
	if s.address[0] == '@' {
		return unix.Bind(fd, &unix.SockaddrUnix{Name: s.address})
	}
	s.name, err = sockfile.Bind(fd, s.address, 0o666)
	return err
}

// absolute puts the working directory before a relative path.
func absolute(path string) (string, error) {
	if path != "" && filepath.IsAbs(path) {
		return path, nil
	}
	wd, err := os.Getwd()
	return wd + "/" + path, err
}

// Address is what NOTIFY_SOCKET has to be for the server: an absolute path, or
// "@" and a name.
func (s *Socket) Address() string { return s.address }

// Close ends Receive and removes the socket's file, unless another one has
// taken its place. A second Close does nothing.
func (s *Socket) Close() error {
	var err error
	s.closing.Do(func() {
		close(s.closed)
		if s.name != nil {
			err = s.name.Remove()
		}
		err = errors.Join(err, s.file.Close())
	})
	return err
}

// isClosed tells whether Close was called.
func (s *Socket) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}
