//go:build linux

package test

import (
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/control"
	"github.com/lockshim/lockshim/shim/event"
)

// becomeOnThisThread changes the user of one thread, by the bare system call:
// Go's own changes all. The thread ends with its goroutine.
func becomeOnThisThread(uid int) error {
	runtime.LockOSThread()
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); errno != 0 {
		return errno
	}
	return nil
}

// answered fails the test unless status is told of the shim and the current
// generation: by the shim itself, which alone knows its version, or not.
func (s *service) answered(r *shimRun, itself bool) {
	s.t.Helper()
	st := s.status()
	if st.Shim == nil || st.Shim.PID != r.pid || (st.Shim.Version != "") != itself {
		s.t.Errorf("status shows the shim %+v, want %d, and its own answer: %v", st.Shim, r.pid, itself)
	}
	if got := gens(st); len(got) != 1 || got[0].master != s.master {
		s.t.Errorf("status shows the generations %v, want that of %d", got, s.master)
	}
}

// A lockfile whose path is too long for a socket address has a control socket
// all the same, by which every verb asks the shim.
func TestControlLongPath(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		dir := s.file(strings.Repeat("d", 120))
		must(t, os.Mkdir(dir, 0o755))
		s.lock = dir + "/" + strings.Repeat("n", 60) + ".lock"
		r := s.serve()
		s.answered(r, true)
		r.never(event.Trouble)
		if got := s.verb("signal", "CONT"); got.code != 0 || got.out != strconv.Itoa(s.master)+"\n" {
			t.Errorf("signal answers %+v", got)
		}
		if got := s.verb("history"); got.code != 0 || !strings.Contains(got.out, "launched") {
			t.Errorf("history answers %+v, want what the shim remembers", got)
		}
		if got := s.verb("stop"); got.code != 0 {
			t.Errorf("stop answers %+v", got)
		}
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d", code)
		}
		if _, err := os.Lstat(control.Path(s.lock)); err == nil {
			t.Error("the socket is left")
		}
	})
}

// Where not even the name fits, the shim says so once and serves without a
// socket; the verbs make do with the lockfile and /proc.
func TestControlTooLongName(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{server: unicorn, hook: true})
	s.lock = s.file(strings.Repeat("n", 120) + ".lock")
	r := s.serve()
	if e := r.find(0, "the socket", func(e toldEvent) bool { return e.Event == event.Trouble }); !strings.Contains(r.told[e].Error, "path too long for a socket") {
		t.Errorf("the shim tells of %+v", r.told[e])
	}
	s.answered(r, false)
	if got := s.verb("signal", "CONT"); got.code != 0 {
		t.Errorf("signal answers %+v", got)
	}
	if got := s.verb("stop"); got.code != 0 {
		t.Errorf("stop answers %+v", got)
	}
	r.finish()
	s.over()
}

// What lies where the socket should be never keeps a service from starting. A
// stale socket is replaced, anything else is told of and left.
func TestControlStaleSocket(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		make   func(path string) error
		answer bool
	}{
		"stale":          {func(path string) error { return bound(path, unix.SOCK_STREAM) }, true},
		"stale datagram": {func(path string) error { return bound(path, unix.SOCK_DGRAM) }, true},
		"a file":         {func(path string) error { return os.WriteFile(path, []byte("mine"), 0o600) }, false},
		"a directory":    {func(path string) error { return os.Mkdir(path, 0o700) }, false},
		"a link":         {func(path string) error { return os.Symlink("nowhere", path) }, false},
		"a FIFO":         {func(path string) error { return unix.Mkfifo(path, 0o600) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, setup{server: unicorn, hook: true, workers: 1})
			must(t, c.make(control.Path(s.lock)))
			r := s.serve()
			s.answered(r, c.answer)
			s.stopsWith(r, 0)
			if _, err := os.Lstat(control.Path(s.lock)); (err == nil) == c.answer {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

// bound leaves a socket's file without anybody who listens.
func bound(path string, kind int) error {
	fd, err := unix.Socket(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Bind(fd, &unix.SockaddrUnix{Name: path})
}

// The socket of a shim that was killed is taken over by the next one; one on
// which somebody else listens is not, and the service starts all the same.
func TestControlSocketOfAnother(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		other, err := net.Listen("unix", control.Path(s.lock))
		must(t, err)
		r := s.serve()
		r.find(0, "the socket in the way", func(e toldEvent) bool {
			return e.Event == event.Trouble && strings.Contains(e.Error, "somebody listens on it")
		})
		other.(*net.UnixListener).SetUnlinkOnClose(false)
		must(t, other.Close())
		s.answered(r, false)
		for range 2 {
			r.kill()
			r = s.run()
			r.until(event.Adopted)
			s.answered(r, true)
		}
		r.send(syscall.SIGTERM)
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d", code)
		}
		s.over()
	})
}
