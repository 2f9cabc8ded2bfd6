package control

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A conn is one end of a connection. The runtime's poller waits for it, so that
// a connection that waits costs no thread.
type conn struct {
	file  *os.File
	raw   syscall.RawConn
	peer  Peer
	ended func() // called once, when the connection is closed; may be nil
	// wait is how long the other side may take to send a line or to take one.
	wait time.Duration

	mu       sync.Mutex
	rest     []byte // what the other side has yet to take
	answered bool

	watching sync.Once
	gone     chan struct{}
}

// newConn makes the connected, non-blocking socket fd a conn, or closes it.
func newConn(fd int, wait time.Duration) (*conn, error) {
	c := &conn{file: os.NewFile(uintptr(fd), "connection"), wait: wait, gone: make(chan struct{})}
	err := c.file.SetDeadline(time.Time{}) // fails where the poller did not take it
	if err == nil {
		c.raw, err = c.file.SyscallConn()
	}
	if err == nil {
		err = c.identify()
	}
	if err != nil {
		c.file.Close()
		return nil, err
	}
	return c, nil
}

// identify asks the kernel who is at the other end: of a client at connect(2),
// of a server at listen(2).
func (c *conn) identify() (err error) {
	var who *unix.Ucred
	controlErr := c.raw.Control(func(fd uintptr) {
		who, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(controlErr, err); err != nil {
		return err
	}
	c.peer = Peer{PID: int(who.Pid), UID: int(who.Uid), GID: int(who.Gid)}
	return nil
}

// readLine reads a request's line. Both results are nil for a client that went
// without a word.
func (c *conn) readLine() ([]byte, *RemoteError) {
	c.file.SetReadDeadline(time.Now().Add(c.wait))
	defer c.file.SetReadDeadline(time.Time{})
	line := make([]byte, 0, 256)
	for {
		line = append(line, 0)[:len(line)]
		n, err := c.file.Read(line[len(line):min(cap(line), maxLine)])
		end := bytes.IndexByte(line[len(line):len(line)+n], '\n')
		if end >= 0 {
			return line[:len(line)+end], nil
		}
		line = line[:len(line)+n]
		if len(line) == maxLine {
			return nil, &RemoteError{CodeTooLong, "the request has no end after 8 KiB"}
		}
		if err != nil {
			return nil, c.unread(err, len(line))
		}
	}
}

// unread is the answer to a line of which n bytes came before err.
func (c *conn) unread(err error, n int) *RemoteError {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &RemoteError{CodeSlow, "no request came within " + c.wait.String()}
	case err == io.EOF && n > 0:
		return &RemoteError{CodeMalformed, "not a request: the line has no end"}
	}
	return nil
}

// flush sends what the other side takes of rest: now, or until the deadline.
func (c *conn) flush(waits bool) error {
	var failed error
	err := c.raw.Write(func(fd uintptr) bool {
		for len(c.rest) > 0 && failed == nil {
			// MSG_NOSIGNAL: SIGPIPE would reach whoever asked for all signals.
			n, err := unix.SendmsgN(int(fd), c.rest, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
			if err == unix.EAGAIN {
				return !waits
			}
			if err != unix.EINTR {
				failed = err
				c.rest = c.rest[max(n, 0):]
			}
		}
		return true
	})
	return errors.Join(err, failed)
}

// progress sends a line if the earlier ones are taken.
func (c *conn) progress(line []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answered {
		return ErrAnswered
	}
	if err := c.flush(false); err != nil {
		return err
	}
	if len(c.rest) > 0 {
		return ErrSlow
	}
	c.rest = line
	return c.flush(false)
}

// last sends the last line and closes the connection, now or behind.
func (c *conn) last(line []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answered {
		return ErrAnswered
	}
	c.answered = true
	c.rest = append(c.rest, line...)
	err := c.flush(false)
	if err == nil && len(c.rest) > 0 {
		go c.drain()
		return nil
	}
	c.close()
	return err
}

// drain sends the rest of an answer to a client that is slow to take it. The
// connection is the goroutine's alone: it is answered.
func (c *conn) drain() {
	c.file.SetWriteDeadline(time.Now().Add(c.wait))
	c.flush(true) // a client that does not read has had its chance
	c.close()
}

// close closes the connection.
func (c *conn) close() {
	c.file.Close()
	if c.ended != nil {
		c.ended()
	}
}

// watch closes gone when the other side has closed the connection, or this one.
func (c *conn) watch() <-chan struct{} {
	c.watching.Do(func() {
		go func() {
			defer close(c.gone)
			c.raw.Read(hungUp)
		}()
	})
	return c.gone
}

// hungUp tells whether the other side has closed the connection for good. What
// it sends is left unread, so that it can keep nobody busy. The poller wakes
// for every change and for POLLHUP always.
func hungUp(fd uintptr) bool {
	fds := []unix.PollFd{{Fd: int32(fd)}}
	for {
		if _, err := unix.Poll(fds, 0); err != unix.EINTR {
			return fds[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
		}
	}
}
