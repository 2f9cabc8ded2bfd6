package notify

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// lockIn is the path of a lockfile in a directory that everybody may enter.
func lockIn(t *testing.T) string {
	t.Helper()
	return filepath.Join(testkit.OpenDir(t), "web.lock")
}

// deep is the path of a lockfile whose socket has an abstract name.
func deep(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	do(t, os.Mkdir(dir, 0o755))
	return filepath.Join(dir, "web.lock")
}

// listen makes a socket that the test closes.
func listen(t *testing.T, lock string) *Socket {
	t.Helper()
	before := descriptors(t)
	s, err := Listen(lock)
	do(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if after := descriptors(t); after > before {
			t.Errorf("%d sockets and pipes are open, %d were", after, before)
		}
	})
	return s
}

// descriptors counts the sockets and pipes that the process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	do(t, err)
	n := 0
	for _, fd := range fds {
		target, _ := os.Readlink("/proc/self/fd/" + fd.Name())
		if strings.HasPrefix(target, "socket:") || strings.HasPrefix(target, "pipe:") {
			n++
		}
	}
	return n
}

// receives is the next message, which must be of these lines.
func receives(t *testing.T, s *Socket, lines ...string) Message {
	t.Helper()
	m, err := s.Receive()
	do(t, err)
	if !slices.Equal(m.Lines, lines) {
		t.Errorf("received %q, want %q", m.Lines, lines)
	}
	return m
}

// from checks who sent m.
func from(t *testing.T, m Message, pid, uid, gid int) {
	t.Helper()
	if m.PID != pid || m.UID != uid || m.GID != gid {
		t.Errorf("%q is from pid %d, uid %d, gid %d; want %d, %d, %d", m.Lines, m.PID, m.UID, m.GID, pid, uid, gid)
	}
}

// sendRaw sends a datagram with what else oob says, and waits for nobody.
func sendRaw(t *testing.T, address string, data, oob []byte) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	do(t, err)
	defer unix.Close(fd)
	do(t, unix.Sendmsg(fd, data, oob, &unix.SockaddrUnix{Name: address}, unix.MSG_DONTWAIT))
}
