package notify

import (
	"fmt"
	"strings"
	"syscall"
)

// room is how many bytes of a path fit into a socket address on Linux, the
// final NUL not counted: unix(7).
const room = 107

// maxMessage is the longest message: NOTIFY_BUFFER_MAX in systemd's
// src/core/manager.c.
const maxMessage = 4096

// An Upstream is the service manager above: the NOTIFY_SOCKET that the shim
// itself was given. A nil *Upstream is valid, and does nothing.
//
// Its methods may be called from several goroutines at once.
type Upstream struct {
	address string
	fd      int
}

// OpenUpstream makes a socket to talk to address, which is not looked up before
// Send: a service manager that starts anew is found again. The address "" gives
// nil, for a shim without a service manager.
//
// Errors: ErrAddress, as for AF_VSOCK addresses, which only virtual machines
// need; errors.ErrUnsupported; or an errno.
func OpenUpstream(address string) (*Upstream, error) {
	if address == "" {
		return nil, nil
	}
	if len(address) < 2 || address[0] != '/' && address[0] != '@' || len(address) > room || strings.IndexByte(address, 0) >= 0 {
		return nil, fmt.Errorf("cannot notify %q: %w", address, ErrAddress)
	}
	fd, err := openUpstream()
	if err != nil {
		return nil, fmt.Errorf("cannot notify %s: %w", address, err)
	}
	return &Upstream{address: address, fd: fd}, nil
}

// Send sends lines as one message, which is heard whole or not at all. A line
// is "NAME=value", without a newline. It never waits.
//
// A nil error says that the message is in the manager's queue. EAGAIN: the
// queue is full; the same message may be sent again later. ECONNREFUSED,
// ENOENT: nobody is there. EMSGSIZE: longer than 4096 bytes. EINVAL: not a line.
func (u *Upstream) Send(lines ...string) error {
	if u == nil || len(lines) == 0 {
		return nil
	}
	text, err := join(lines)
	if err == nil {
		err = u.send(text)
	}
	if err != nil {
		return fmt.Errorf("cannot notify %s: %w", u.address, err)
	}
	return nil
}

// join makes a message of lines. systemd drops one that is none, and says so
// only in its own log.
func join(lines []string) (string, error) {
	for _, line := range lines {
		if strings.ContainsAny(line, "\n\x00") || strings.IndexByte(line, '=') < 1 {
			return "", syscall.EINVAL
		}
	}
	text := strings.Join(lines, "\n")
	if len(text) > maxMessage {
		return "", syscall.EMSGSIZE
	}
	return text, nil
}
