//go:build linux

package hooks_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Without lockshim nothing is opened, set or sent, even below a service manager.
func TestGoProgramWithoutLockshim(t *testing.T) {
	t.Parallel()
	for name, lock := range map[string]string{"none": "LOCKSHIM_LOCK=", "name": "LOCKSHIM_LOCK=web"} {
		t.Run(name, func(t *testing.T) {
			p := newProgram(t, lock)
			socket := p.notified()
			p.start()
			p.does("hold")
			p.does("ready")
			if fds := lockFDs(p.cmd.Process.Pid, p.info); len(fds) > 0 || !p.free() || p.say("env") != "" {
				t.Errorf("it has the lockfile open as %v", fds)
			}
			p.end()
			if text := waiting(t, socket); text != "" {
				t.Errorf("it said %q", text)
			}
		})
	}
}

// waiting is the datagram that waits in a socket, "" for none.
func waiting(t *testing.T, socket *net.UnixConn) string {
	t.Helper()
	raw, err := socket.SyscallConn()
	must(t, err)
	text := make([]byte, 100)
	n := 0
	must(t, raw.Control(func(fd uintptr) {
		n, _, err = unix.Recvfrom(int(fd), text, unix.MSG_DONTWAIT)
	}))
	if err == unix.EAGAIN {
		return ""
	}
	must(t, err)
	return string(text[:n])
}

// notified gives the program a notify socket, and returns that.
func (p *program) notified() *net.UnixConn {
	p.t.Helper()
	name := filepath.Join(p.t.TempDir(), "n")
	if len(name) > 100 {
		name = fmt.Sprintf("@hooks-%d-%s", os.Getpid(), p.t.Name())
	}
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	must(p.t, err)
	p.t.Cleanup(func() { socket.Close() })
	p.cmd.Env = append(p.cmd.Env, "NOTIFY_SOCKET="+name)
	return socket
}

// lockshim is told that there is a hook, once, and later that the program is
// ready.
func TestGoProgramIsReady(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	socket := p.notified()
	p.start()
	p.does("hold")
	p.does("hold")
	p.does("ready")
	for _, want := range []string{"X_LOCKSHIM=hook", "READY=1\nX_LOCKSHIM=ready"} {
		text := make([]byte, 100)
		n, err := socket.Read(text)
		must(t, err)
		if got := string(text[:n]); got != want {
			t.Errorf("it said %q, want %q", got, want)
		}
	}
}

// A socket that nobody reads, or that is gone, is an error of Ready, and of
// nothing else: the program has the lock and goes on.
func TestGoProgramIsNotHeard(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*program){
		"gone": func(p *program) { must(p.t, p.notified().Close()) },
		"full": func(p *program) {
			socket := p.notified()
			raw, err := socket.SyscallConn()
			must(p.t, err)
			must(p.t, raw.Control(func(fd uintptr) { fillQueue(p.t, socket.LocalAddr().String()) }))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProgram(t)
			prepare(p)
			p.start()
			p.does("hold")
			if got := p.say("ready"); !strings.HasPrefix(got, "cannot notify ") {
				t.Errorf("ready: %s", got)
			}
			p.holds(p.cmd.Process.Pid)
		})
	}
}

// fillQueue sends to a socket until its queue is full.
func fillQueue(t *testing.T, name string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	defer unix.Close(fd)
	for err == nil {
		err = unix.Sendto(fd, []byte("x"), unix.MSG_DONTWAIT, &unix.SockaddrUnix{Name: name})
	}
	if err != unix.EAGAIN {
		t.Fatal(err)
	}
}

// What cannot be held is told, in one line, and nothing is left open.
func TestGoProgramCannotHold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*program)
		want    string
	}{
		"missing": {func(p *program) { must(p.t, os.Remove(p.path)) }, "no such file or directory"},
		"fifo": {func(p *program) {
			must(p.t, os.Remove(p.path))
			must(p.t, unix.Mkfifo(p.path, 0o600))
		}, "not a regular file"},
		"link": {func(p *program) {
			must(p.t, os.Rename(p.path, p.path+"2"))
			must(p.t, os.Symlink(p.path+"2", p.path))
		}, "too many levels of symbolic links"},
		"exclusive": {func(p *program) { must(p.t, unix.Flock(int(p.lock.Fd()), unix.LOCK_EX)) }, "resource temporarily unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProgram(t)
			c.prepare(p)
			p.start()
			if got, want := p.say("hold"), "cannot hold the lock of "+p.path+": "+c.want; got != want {
				t.Errorf("hold: %s, want %s", got, want)
			}
			if fds := lockFDs(p.cmd.Process.Pid, p.info); len(fds) > 0 {
				t.Errorf("it has the lockfile open as %v", fds)
			}
		})
	}
}

// A program that this one starts does not get the lock.
func TestGoProgramStartsAnother(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.inherits(p.shared())
	p.start()
	p.does("hold")
	var child int
	_, err := fmt.Sscan(p.say("start"), &child)
	must(t, err)
	if fds := lockFDs(child, p.info); len(fds) > 0 {
		t.Errorf("the program that it started has the lock as %v", fds)
	}
	p.holds(p.cmd.Process.Pid)
}

// A re-exec in place never lets the lock go: a waiter gets it when the last
// generation has ended, and not before.
func TestGoProgramExecutesItself(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.inherits(p.shared())
	p.start()
	pid := p.cmd.Process.Pid
	p.does("hold")
	if got := p.say("exec-nothing"); got != "no such file or directory" {
		t.Errorf("exec: %s", got)
	}
	p.holds(pid)
	granted := p.waiter()
	for range 10 {
		_, err := p.in.Write([]byte("exec\n"))
		must(t, err)
		if next := p.hello(); next != pid {
			t.Fatalf("the pid is %d, was %d", next, pid)
		}
		p.does("hold")
		if fd := p.holds(pid); fd != 3 {
			t.Fatalf("the lock is descriptor %d, was 3", fd)
		}
	}
	select {
	case <-granted:
		t.Error("the lock was free in between")
	default:
	}
	p.end()
	<-granted
}

// waiter waits for the exclusive lock, as lockshim does.
func (p *program) waiter() <-chan struct{} {
	p.t.Helper()
	f := open(p.t, p.path)
	granted := make(chan struct{})
	go func() {
		defer f.Close()
		for unix.Flock(int(f.Fd()), unix.LOCK_EX) == unix.EINTR {
		}
		close(granted)
	}()
	return granted
}

// A generation that is a child opens the file itself.
func TestGoProgramForksItself(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.inherits(p.shared())
	p.start()
	first := p.cmd.Process.Pid
	p.does("hold")
	_, err := p.in.Write([]byte("fork\n"))
	must(t, err)
	next := p.hello()
	if next == first || len(lockFDs(next, p.info)) > 0 {
		t.Errorf("process %d after %d has the lock before it asks for it", next, first)
	}
	p.does("hold")
	p.holds(next)
	p.holds(first)
}
