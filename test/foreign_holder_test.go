//go:build linux

package test

import (
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
)

// nobody is a user who has no part in a service.
const nobody = 65534

// A neighbour is a process that locks the lockfile and is not of the service. It
// tells of every signal that it gets.
type neighbour struct {
	*process
	s    *service
	quit *os.File
}

// neighbourScript holds the lock by the descriptor that flock(1) leaves it.
const neighbourScript = `
for sig in HUP INT QUIT TERM USR1 USR2 WINCH CONT; do trap "echo signalled $sig >events" $sig; done
echo neighbour $$ >events
read -r line <quit
echo unharmed $$ >events
`

// neighbour starts one, with "-s" or "-x" for flock(1), as the user uid.
func (s *service) neighbour(how string, uid uint32) *neighbour {
	s.t.Helper()
	if _, err := os.Stat("/usr/bin/flock"); err != nil {
		s.t.Skip("needs the package util-linux")
	}
	n := &neighbour{s: s, quit: s.fifo("quit")}
	if uid != 0 && os.Getuid() != 0 {
		s.t.Skip("needs root")
	}
	must(s.t, os.Chmod(s.lock, 0o644))
	n.process = start(s.t, spec{
		args: []string{"/usr/bin/flock", how, "--no-fork", s.lock, "sh", "-c", neighbourScript},
		env:  s.env(),
		dir:  s.dir,
		sys:  &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}},
	})
	s.line("neighbour", strconv.Itoa(n.pid))
	return n
}

// leave ends the neighbour, which must not have been signalled by anybody.
func (n *neighbour) leave() {
	n.s.t.Helper()
	if !n.running() {
		n.s.t.Fatalf("the neighbour has ended with %d", n.wait())
	}
	_, err := n.quit.WriteString("go\n")
	must(n.s.t, err)
	n.s.line("unharmed", strconv.Itoa(n.pid))
	if n.s.said("signalled") > 0 {
		n.s.t.Errorf("the neighbour was signalled: %q", n.s.seen)
	}
	if code := n.wait(); code != 0 {
		n.s.t.Errorf("the neighbour exits with %d, want 0", code)
	}
}

// users are those as whom a neighbour runs.
var users = map[string]uint32{"as the service's user": uint32(os.Getuid()), "as another user": nobody}

// eachNeighbour runs a test in parallel for each server and user.
func eachNeighbour(t *testing.T, test func(t *testing.T, s *service, uid uint32)) {
	t.Helper()
	eachServer(t, func(t *testing.T, c setup) {
		for name, uid := range users {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := prepare(t, c)
				s.createLock()
				test(t, s, uid)
			})
		}
	})
}

// A shared lock that a neighbour has blocks neither the start nor the end.
func TestForeignHolder(t *testing.T) {
	eachNeighbour(t, func(t *testing.T, s *service, uid uint32) {
		n := s.neighbour("-s", uid)
		r := s.serve()
		if e := r.until(event.Foreign); !slices.Equal(e.pids(), []int{n.pid}) {
			t.Errorf("the shim warns of the holders %v, want %d", e.pids(), n.pid)
		}
		s.showsForeign(s.shows(r.pid, s.current()), n)
		s.quitMaster(r)
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want the master's 0", code)
		}
		s.showsForeign(s.shows(0), n)
		r.never(event.StrayLeft, event.Masterless)
		if told := r.all(event.Foreign); len(told) != 1 {
			t.Errorf("the shim warned %d times of the holder, want once", len(told))
		}
		n.leave()
		s.over()
	})
}

// A stop, of a shim and of the verb that finds no shim, ends the service and not
// the neighbour, who came when it ran.
func TestForeignHolderStop(t *testing.T) {
	eachNeighbour(t, func(t *testing.T, s *service, uid uint32) {
		r := s.serve()
		n := s.neighbour("-s", uid)
		s.showsForeign(s.shows(r.pid, s.current()), n)
		if got := s.verb("stop"); got.code != 0 {
			t.Errorf("stop answers %+v", got)
		}
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want the master's 0", code)
		}
		r = s.serve()
		r.kill()
		everyone := watchAll(t, s.everyone())
		if got := s.verb("stop"); got.code != 0 {
			t.Errorf("stop without a shim answers %+v", got)
		}
		exited(t, everyone...)
		s.showsForeign(s.shows(0), n)
		if got := s.verb("stop"); got.code != 1 {
			t.Errorf("stop of nothing answers %+v, want code 1", got)
		}
		n.leave()
		s.over()
	})
}

// showsForeign fails the test unless the status names exactly this neighbour.
func (s *service) showsForeign(st shim.Status, n *neighbour) {
	s.t.Helper()
	if len(st.Foreign) != 1 || st.Foreign[0].PID != n.pid || len(st.Strays) != 0 {
		s.t.Errorf("status shows the foreign holders %+v and the strays %+v, want %d and none", st.Foreign, st.Strays, n.pid)
	}
}

// An exclusive lock that a neighbour has forbids a start, for as long as it is
// there.
func TestForeignExclusive(t *testing.T) {
	eachNeighbour(t, func(t *testing.T, s *service, uid uint32) {
		n := s.neighbour("-x", uid)
		r := s.run("--pidfile", s.file("shim.pid"))
		if code := r.finish(); code != 75 {
			t.Errorf("the shim exits with %d, want 75", code)
		}
		s.refusedFor(r, n.pid)
		if _, err := os.Stat(s.file("shim.pid")); err == nil {
			t.Error("the shim that was refused left its pid file")
		}
		n.leave()
		r = s.serve()
		s.stopsWith(r, 0)
	})
}
