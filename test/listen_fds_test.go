//go:build linux

package test

import (
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/event"
)

// passing is a shell's line that executes the rest of its arguments as systemd
// does a service with a socket: its own pid is LISTEN_PID.
const passing = `LISTEN_FDS=1 LISTEN_FDNAMES=web LISTEN_PID=$$ WATCHDOG_USEC=9000000 WATCHDOG_PID=$$ exec "$@"`

// activate starts a shim that is given a socket.
func (s *service) activate(command []string) *shimRun {
	s.t.Helper()
	return s.activateBelow(s.env(), command)
}

// activateBelow starts it with another environment. The socket listens where the
// service's clients look for it.
func (s *service) activateBelow(env, command []string) *shimRun {
	s.t.Helper()
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.socket(), Net: "unix"})
	must(s.t, err)
	listener.SetUnlinkOnClose(false)
	must(s.t, os.Chmod(s.socket(), 0o666))
	socket, err := listener.File()
	must(s.t, err)
	must(s.t, listener.Close())
	defer socket.Close()
	args := append([]string{"/bin/sh", "-c", passing, "sh", lockshim, "run", "--lock", s.lock, "--log-format", "json", "--"}, command...)
	return s.runArgs(args, spec{extra: []*os.File{socket}, env: env})
}

// variable is what a process was executed with.
func variable(pid int, name string) string {
	for _, v := range testkit.Environ(pid) {
		if value, found := strings.CutPrefix(v, name+"="); found {
			return value
		}
	}
	return ""
}

// Sockets that the shim was started with are the server's, which takes them for
// its own by its pid, in every generation: Gunicorn with the hook's help, as it
// cannot be upgraded so without.
func TestListenFDs(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		m := s.manage()
		r := s.activateBelow(m.env(s), s.command())
		s.generation()
		s.settled(r)
		m.skip(r, "STATUS=Gunicorn arbiter booted") // READY=1 before it would be for the socket that listens from the start
		m.hears(r, "READY=1")
		if got := variable(s.master, "LISTEN_PID"); got != strconv.Itoa(s.master) {
			t.Errorf("the server has LISTEN_PID=%s, its pid is %d", got, s.master)
		}
		for name, want := range map[string]string{"LISTEN_FDS": "1", "LISTEN_FDNAMES": "web", "WATCHDOG_USEC": "9000000", "WATCHDOG_PID": ""} {
			if got := variable(s.master, name); got != want {
				t.Errorf("the server has %s=%q, want %q", name, got, want)
			}
		}
		socket, err := os.Stat(s.socket())
		must(t, err)
		requests := s.client()
		for range 2 {
			s.upgrade(r, false)
			if now, err := os.Stat(s.socket()); err != nil || !os.SameFile(now, socket) {
				t.Errorf("the next generation listens on a socket of its own (%v)", err)
			}
		}
		requests.finish()
		s.stop(r, false)
		r.never(event.Trouble, event.Unlocked, event.LowFD)
	})
}

// A server that is launched so is what any other is: the descriptors, the lock,
// the status of its end.
func TestListenFDsDescriptors(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	script := `ls /proc/$$/fd >fds; echo "$LISTEN_PID $$ $LISTEN_FDS" >pids; exit 7`
	r := s.runCommand([]string{"/bin/sh", "-c", script})
	r.finish()
	want := strings.Fields(s.text("fds") + "3")
	slices.Sort(want)
	want = slices.Compact(want) // who started the tests may have left a 3 open
	r = s.activate([]string{"/bin/sh", "-c", script})
	if code := r.finish(); code != 7 {
		t.Errorf("the shim exits with %d, want 7", code)
	}
	words := strings.Fields(s.text("pids"))
	if len(words) != 3 || words[0] != words[1] || words[2] != "1" || words[0] != strconv.Itoa(r.all(event.Launched)[0].PID) {
		t.Errorf("LISTEN_PID, the pid and LISTEN_FDS are %q", words)
	}
	got := strings.Fields(s.text("fds"))
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the server has the descriptors %q, want %q", got, want)
	}
	s.over()
}

// What cannot be executed is told as ever.
func TestListenFDsFailure(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	s.put("text", "no program\n")
	for command, want := range map[string]int{s.file("text"): 126, s.file("absent"): 127} {
		must(t, os.RemoveAll(s.socket()))
		r := s.activate([]string{command})
		if code := r.finish(); code != want {
			t.Errorf("%s: the shim exits with %d, want %d", command, code, want)
		}
	}
	must(t, os.Chmod(s.file("text"), 0o755))
	must(t, os.RemoveAll(s.socket()))
	r := s.activate([]string{s.file("text")}) // ENOEXEC, which nobody knows before the exec
	if code := r.finish(); code != 126 {
		t.Errorf("the shim exits with %d, want 126", code)
	}
	s.over()
}

// Variables that are meant for another process stay as they are, and cost
// nothing.
func TestListenFDsOfAnother(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	env := append(s.env(), "LISTEN_FDS=1", "LISTEN_PID=1", "WATCHDOG_PID=1", "WATCHDOG_USEC=5")
	script := `echo "$LISTEN_FDS $LISTEN_PID $WATCHDOG_PID $WATCHDOG_USEC" >seen`
	r := s.runArgs([]string{lockshim, "run", "--lock", s.lock, "--log-format", "json", "--", "/bin/sh", "-c", script}, spec{env: env})
	if code := r.finish(); code != 0 {
		t.Errorf("the shim exits with %d", code)
	}
	if got := s.text("seen"); got != "1 1 1 5\n" {
		t.Errorf("the server sees %q", got)
	}
	s.over()
}
