package control

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/control/sockfile"
)

// A Server is the listening socket of a shim. An idle one costs no thread and
// makes no system call.
type Server struct {
	file *os.File
	raw  syscall.RawConn
	name *sockfile.File
	wait time.Duration // see patience

	closing sync.Once
	closed  chan struct{}
	served  chan struct{}  // a place for each open connection
	long    chan struct{}  // a place for each request that takes long
	open    sync.WaitGroup // the open connections
}

// Listen makes the socket of a lockfile, with the mode 0600 before anybody can
// connect. Clients wait from then on for Serve.
//
// The caller has the guard of the lockfile, which proves that no other shim
// uses the socket: a stale one is removed. It blocks for a tenth of a second at
// most, when somebody seems to listen there.
//
// An error is no reason not to start. ErrInTheWay, ErrTooLong,
// errors.ErrUnsupported, or the errno: ENOSPC, EROFS, EACCES and their like.
// Nothing is left behind then.
func Listen(lock string) (*Server, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot make a control socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), Path(lock))
	s := &Server{
		file: file, wait: patience,
		closed: make(chan struct{}), served: make(chan struct{}, maxServed), long: make(chan struct{}, maxLong),
	}
	if err := s.listen(fd, Path(lock)); err != nil {
		file.Close()
		return nil, fmt.Errorf("cannot make a control socket: %w", err)
	}
	return s, nil
}

// listen gives the socket fd its name and opens it.
func (s *Server) listen(fd int, path string) (err error) {
	if err := s.file.SetDeadline(time.Time{}); err != nil { // the poller did not take it
		return err
	}
	if s.raw, err = s.file.SyscallConn(); err != nil {
		return err
	}
	if s.name, err = sockfile.Bind(fd, path, 0o600); err != nil {
		return err
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return errors.Join(err, s.name.Remove())
	}
	return nil
}

// Close ends Serve and removes the socket's file, unless another one has taken
// its place. Requests that are under way can still be answered; what waits in
// the backlog is told that nobody answers. A second Close does nothing.
func (s *Server) Close() error {
	var err error
	s.closing.Do(func() {
		close(s.closed)
		err = errors.Join(s.name.Remove(), s.file.Close())
	})
	return err
}

// isClosed tells whether Close was called.
func (s *Server) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

// Serve accepts connections until Close, and gives each good request to handle
// in a goroutine of its own. All that is wrong with a request or a client is
// answered here, and handle does not hear of it. Call Serve once.
//
// At most 64 connections are open at once, further ones wait in the backlog;
// each has 5 s to send its request and 5 s to take its answer. At most 32
// requests may be under way whose answer waits for the server (reload, upgrade,
// cancel, stop), so that there is always a place for a status.
//
// It returns nil after Close, as soon as every request is answered: the process
// need not wait for that. An error is that of accept(2), when it is none that
// passes.
func (s *Server) Serve(handle func(*Request)) error {
	for {
		select {
		case s.served <- struct{}{}:
		case <-s.closed:
			s.open.Wait()
			return nil
		}
		s.open.Add(1)
		c, err := s.accept()
		if err == nil {
			go s.attend(c, handle)
			continue
		}
		s.leave()
		if err := s.pause(err); err != nil {
			return fmt.Errorf("cannot serve the control socket: %w", err)
		}
	}
}

// leave gives the place of a connection back.
func (s *Server) leave() {
	<-s.served
	s.open.Done()
}

// accept waits for a client.
func (s *Server) accept() (*conn, error) {
	var fd int
	var err error
	rawErr := s.raw.Read(func(listener uintptr) bool {
		fd, _, err = unix.Accept4(int(listener), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		return err != unix.EAGAIN
	})
	if err := errors.Join(rawErr, err); err != nil {
		return nil, err
	}
	c, err := newConn(fd, s.wait)
	if err == nil {
		c.ended = s.leave
	}
	return c, err
}

// breath is how long Serve waits before it asks a system for more that has run
// out of descriptors or memory.
const breath = 100 * time.Millisecond

// pause waits after an error of accept that passes. Others it returns.
func (s *Server) pause(err error) error {
	switch {
	case s.isClosed(), errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNABORTED):
		return nil
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE), errors.Is(err, unix.ENOBUFS),
		errors.Is(err, unix.ENOMEM), errors.Is(err, os.ErrNoDeadline):
		select {
		case <-time.After(breath):
		case <-s.closed:
		}
		return nil
	}
	return err
}
