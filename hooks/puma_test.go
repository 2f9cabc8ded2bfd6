//go:build linux

package hooks_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Puma re-executes itself in place: a restart has the same pid. It is not among
// the servers that each goes through, which have two masters then.
var puma = server{
	name:     "puma",
	program:  "/usr/bin/puma",
	load:     "require %q\nLockshim.hook(self)",
	graceful: syscall.SIGTERM,
	config:   pumaConfig,
	files:    pumaFiles,
	args:     func(s *service) []string { return []string{"-C", s.file("puma.rb"), s.file("config.ru")} },
}

// A mode is how Puma runs.
type mode struct {
	name    string
	workers int // 0: single
	preload bool
}

var modes = []mode{{"single", 0, false}, {"cluster", 2, false}, {"preload", 2, true}}

// eachMode runs a test in parallel for each mode.
func eachMode(t *testing.T, test func(t *testing.T, c setup, m mode)) {
	t.Helper()
	t.Parallel()
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			c := setup{server: puma, workers: m.workers, preload: m.preload}
			c.lines = fmt.Sprintf("require %%q\nLockshim.hook(self)\nworkers %d", m.workers)
			test(t, c, m)
		})
	}
}

// pumaConfig says in a line of the FIFO when a worker boots, and when all of a
// generation have.
func pumaConfig(s *service) (string, string) {
	preload := ""
	if s.preload {
		preload = "preload_app!"
	}
	return "puma.rb", fmt.Sprintf(`
require %q
bind %q
threads 1, 4
Puma::Events.prepend(Module.new { def fire_on_booted!; super; say "booted #{$$}"; end })
on_worker_boot { say "worker #{$$} #{Process.ppid}" }
%s
%s
%s
%s
`, s.file("say.rb"), "unix://"+s.file("s"), preload, s.above, s.loading(), s.below)
}

func pumaFiles(s *service) map[string]string { return unicornFiles(s) }

// boot starts Puma and returns when it serves.
func boot(t *testing.T, c setup) *service {
	t.Helper()
	s := prepare(t, c)
	s.launch()
	s.booted()
	return s
}

// booted blocks until a generation, or a phase of one, has booted, and notes it.
func (s *service) booted() {
	s.t.Helper()
	s.children = nil
	for {
		words := s.next()
		switch pids := words[1:]; words[0] {
		case "worker":
			s.children = append(s.children, numbers(s.t, pids)[0])
		case "booted":
			s.master = numbers(s.t, pids)[0]
			return
		}
	}
}

// restart has Puma execute itself anew, in place.
func (s *service) restart() {
	s.t.Helper()
	before := s.master
	kill(s.t, before, syscall.SIGUSR2)
	s.booted()
	if s.master != before {
		s.t.Fatalf("USR2 changed the pid from %d to %d", before, s.master)
	}
}

// waiter asks for the exclusive lock, on a description of its own, until it is
// granted; it is given back then.
func (s *service) waiter() <-chan struct{} {
	s.t.Helper()
	f, err := os.Open(s.path)
	must(s.t, err)
	granted := make(chan struct{})
	go func() {
		defer f.Close()
		for unix.Flock(int(f.Fd()), unix.LOCK_EX) == unix.EINTR {
		}
		_ = unix.Flock(int(f.Fd()), unix.LOCK_UN)
		close(granted)
	}()
	return granted
}

// Who waits for the exclusive lock does not get it in the moment of a restart.
func TestPumaHoldsThroughRestarts(t *testing.T) {
	eachMode(t, func(t *testing.T, c setup, m mode) {
		for _, way := range []string{shared, closed, otherFile} {
			t.Run("way="+way, func(t *testing.T) {
				t.Parallel()
				c := c
				c.way = way
				s := boot(t, c)
				s.holds(s.everyone()...)
				fd, granted := lockFDs(s.master, s.info)[0], s.waiter()
				for range 3 {
					s.restart()
					s.holds(s.everyone()...)
					if got := lockFDs(s.master, s.info)[0]; got != fd || len(s.children) != m.workers {
						t.Errorf("descriptor %d and %d workers, want %d and %d", got, len(s.children), fd, m.workers)
					}
				}
				select {
				case <-granted:
					t.Error("the lock was free for a moment")
				default:
				}
				s.silent()
				kill(t, s.master, s.graceful)
				<-granted
				s.gone()
			})
		}
	})
}

// A phased restart forks new workers; a worker that died is forked again.
func TestPumaHoldsThroughPhases(t *testing.T) {
	t.Parallel()
	s := boot(t, setup{server: puma, lines: "require %q\nLockshim.hook(self)\nworkers 2"})
	before := s.children
	kill(t, s.master, syscall.SIGUSR1)
	s.booted()
	if len(s.children) != 2 || s.children[0] == before[0] {
		t.Errorf("workers %v after a phased restart, were %v", s.children, before)
	}
	s.holds(s.everyone()...)
	s.respawn()
	s.holds(s.everyone()...)
	s.stop()
}

// Programs that the application starts do not hold the lock, whoever starts them.
func TestPumaPrograms(t *testing.T) {
	eachMode(t, func(t *testing.T, c setup, m mode) {
		c.app = starting["unicorn"]
		s := boot(t, c)
		pids := s.all("program")
		for _, how := range programs["unicorn"] {
			pids = append(pids, numbers(t, []string{strings.TrimSpace(s.get(how))})[0])
		}
		s.outlive(pids)
	})
}

// Without lockshim nothing is opened, nothing is set, and nothing passed on.
func TestPumaWithoutLockshim(t *testing.T) {
	eachMode(t, func(t *testing.T, c setup, m mode) {
		for _, way := range []string{absent, relative} {
			t.Run(way, func(t *testing.T) {
				t.Parallel()
				c := c
				c.way = way
				c.below = `on_restart { |*| say "environment #{ENV.count { |name, _| name == "LOCKSHIM_FD" }}" }`
				s := boot(t, c)
				s.restart()
				if !s.tryExclusive() || s.last("environment") != 0 {
					t.Error("the hook does something")
				}
				s.silent()
				kill(t, s.master, s.graceful)
				s.gone()
			})
		}
	})
}

// The user's hooks run beside ours, wherever they are.
func TestPumaUserHooks(t *testing.T) {
	eachMode(t, func(t *testing.T, c setup, m mode) {
		c.above = `
on_restart { |*| say "restart 1" }
on_worker_fork { |*| say "fork 1" }
`
		c.below = `
on_restart { |*| say "restart 2" }
on_worker_fork { |*| say "fork 2" }
`
		s := boot(t, c)
		s.restart()
		if got := s.all("restart"); len(got) != 2 || got[0] == got[1] {
			t.Errorf("the user's on_restart said %v, want 1 and 2", got)
		}
		if got := s.count("fork"); got != 4*m.workers {
			t.Errorf("the user's on_worker_fork ran %d times, want %d", got, 4*m.workers)
		}
		s.holds(s.everyone()...)
		s.stop()
	})
}

// A lock that is exclusive at the start is told of, and taken at the next fork.
func TestPumaLockedExclusively(t *testing.T) {
	t.Parallel()
	s := boot(t, setup{server: puma, way: closed, exclusive: true, lines: "require %q\nLockshim.hook(self)\nworkers 2"})
	s.warned("exclusively")
	s.unlock()
	s.respawn()
	s.holds(s.master, s.children[0])
	s.stop()
}

// With Bundler a restart begins with the environment that there was before it.
func TestPumaUnderBundler(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/usr/bin/bundle"); err != nil {
		t.Skip("needs the package ruby-bundler")
	}
	c := setup{server: puma, above: "workers 2\n"}
	c.program = "/usr/bin/bundle"
	args := c.args
	c.args = func(s *service) []string { return append([]string{"exec", "/usr/bin/puma"}, args(s)...) }
	files := c.files
	c.files = func(s *service) map[string]string {
		with := files(s)
		with["Gemfile"] = "gem \"puma\"\ngem \"rack\"\n"
		return with
	}
	s := prepare(t, c)
	s.launch()
	s.booted()
	s.holds(s.everyone()...)
	granted := s.waiter()
	s.restart()
	s.holds(s.everyone()...)
	select {
	case <-granted:
		t.Error("the lock was free for a moment")
	default:
	}
	kill(t, s.master, s.graceful)
	<-granted
	s.gone()
}
