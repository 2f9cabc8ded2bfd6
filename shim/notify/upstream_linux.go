package notify

import "golang.org/x/sys/unix"

// openUpstream is an unbound datagram socket.
func openUpstream() (int, error) {
	return unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
}

// send sends one datagram.
func (u *Upstream) send(text string) error {
	for {
		err := unix.Sendto(u.fd, []byte(text), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, &unix.SockaddrUnix{Name: u.address})
		if err != unix.EINTR {
			return err
		}
	}
}

// Close gives the descriptor back. Call it once, and nothing after it.
func (u *Upstream) Close() error {
	if u == nil {
		return nil
	}
	return unix.Close(u.fd)
}
