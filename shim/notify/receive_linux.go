package notify

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Receive waits for the next message. One goroutine at a time may call it.
//
// Errors: ErrDropped for a datagram that is too long, empty, without
// credentials, or has a NUL anywhere but at its end; go on after it.
// os.ErrClosed after Close. Any other is the socket's own failure.
//
// Descriptors that came with the datagram are closed when it returns, whatever
// it returns: none is kept (FDSTORE=1), and who waits at a barrier is let go.
func (s *Socket) Receive() (Message, error) {
	data, oob := make([]byte, maxMessage+1), make([]byte, unix.CmsgSpace(unix.SizeofUcred))
	n, oobn, err := s.read(data, oob)
	switch {
	case s.isClosed():
		return Message{}, fmt.Errorf("cannot receive a notification: %w", os.ErrClosed)
	case err != nil:
		return Message{}, fmt.Errorf("cannot receive a notification: %w", err)
	}
	m, err := parse(data[:n], oob[:oobn])
	if err != nil {
		return Message{}, fmt.Errorf("cannot receive a notification: %w: %w", ErrDropped, err)
	}
	return m, nil
}

// read waits for a datagram. oob has room for the credentials alone, which the
// kernel writes first. Descriptors do not fit then, and the kernel closes what
// does not fit (unix(7), SCM_RIGHTS): no sender can fill our table.
func (s *Socket) read(data, oob []byte) (n, oobn int, err error) {
	rawErr := s.raw.Read(func(fd uintptr) bool {
		for {
			n, oobn, _, _, err = unix.Recvmsg(int(fd), data, oob, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
			if err != unix.EINTR {
				return err != unix.EAGAIN
			}
		}
	})
	return n, oobn, errors.Join(rawErr, err)
}

// parse makes a message of a datagram.
func parse(data, oob []byte) (Message, error) {
	who, err := credentials(oob)
	switch {
	case err != nil:
		return Message{}, err
	case len(data) > maxMessage:
		return Message{}, fmt.Errorf("longer than %d bytes", maxMessage)
	case len(data) > 1 && bytes.IndexByte(data[:len(data)-1], 0) >= 0:
		return Message{}, errors.New("a NUL in it")
	}
	m := Message{PID: int(who.Pid), UID: int(who.Uid), GID: int(who.Gid)}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(data), "\x00"), "\n") {
		if line != "" {
			m.Lines = append(m.Lines, line)
		}
	}
	if m.Lines == nil {
		return Message{}, errors.New("empty")
	}
	return m, nil
}

// credentials are the sender's. Descriptors that are there against all
// expectation are closed.
func credentials(oob []byte) (who *unix.Ucred, err error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		if m.Header.Level != unix.SOL_SOCKET {
			continue
		}
		switch m.Header.Type {
		case unix.SCM_CREDENTIALS:
			who, err = unix.ParseUnixCredentials(&m)
		case unix.SCM_RIGHTS:
			closeAll(&m)
		}
	}
	if who == nil && err == nil {
		err = errors.New("no credentials")
	}
	return who, err
}

// closeAll closes the descriptors in a control message.
func closeAll(m *unix.SocketControlMessage) {
	fds, _ := unix.ParseUnixRights(m) // nothing else can be done with a broken one
	for _, fd := range fds {
		unix.Close(fd)
	}
}
