//go:build linux

package hooks_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// own is the user's configuration: hooks of his own, each of which says its name.
type own struct{ name, above, below, lines string }

var unicornOwn = []own{
	{name: "above", above: `
before_fork { |server, worker| say "fork #{$$}" }
before_exec { |server| say "exec #{$$}" }`},
	{name: "below", below: `
before_fork { |server, worker| say "fork #{$$}" }
before_exec { |server| say "exec #{$$}" }`},
	{name: "around", above: `
before_fork { |server, worker| say "fork #{$$}" }`, below: `
before_exec lambda { |server| say "exec #{$$}" }`},
	{name: "instance_eval", above: `
before_exec { |server| say "exec #{$$}" }`, below: `
before_fork { |server, worker| say "fork #{$$}" }`, lines: "instance_eval(File.read(%q))"},
	{name: "twice", above: `
before_fork { |server, worker| say "fork #{$$}" }`, below: `
before_exec { |server| say "exec #{$$}" }`, lines: "require %[1]q\nLockshim.hook(self)\nLockshim.hook(self)"},
}

const pythonHooks = `
def on_starting(server):
    say("start %d" % os.getpid())
def pre_fork(server, worker):
    say("fork %d" % os.getpid())
def pre_exec(server):
    say("exec %d" % os.getpid())
`

var gunicornOwn = []own{
	{name: "above", above: pythonHooks},
	{name: "below", below: pythonHooks},
	{name: "around", above: strings.Split(pythonHooks, "def pre_fork")[0], below: "def pre_fork" + strings.Split(pythonHooks, "def pre_fork")[1]},
	{name: "named", below: `
import sys
exec(` + fmt.Sprintf("%q", pythonHooks) + `, sys.modules["say"].__dict__)
on_starting = "say.on_starting"
pre_fork = "say.pre_fork"
pre_exec = "say.pre_exec"
`},
	{name: "twice", above: pythonHooks, lines: "exec(open(%[1]q).read())\nexec(open(%[1]q).read())"},
}

// Whatever the order, each hook of the user runs once for each occasion, in the
// first image and in the next, also after HUP has evaluated the file again.
func TestUsersOwnHooks(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		for _, own := range map[string][]own{"unicorn": unicornOwn, "gunicorn": gunicornOwn}[c.name] {
			t.Run(own.name, func(t *testing.T) {
				t.Parallel()
				c := c
				c.above, c.below, c.lines = own.above, own.below, own.lines
				s := serve(t, c)
				s.occasions(1, 0)
				s.hup(2)
				s.occasions(1, 0)
				s.upgrade()
				s.occasions(2, 1)
				s.hup(2)
				s.upgrade()
				s.occasions(3, 2)
				s.holds(s.everyone()...)
				s.stop()
			})
		}
	})
}

// Many reloads: nothing is wrapped twice, nothing leaks.
func TestReload(t *testing.T) {
	reloads := testkit.Times(4, 20)
	each(t, func(t *testing.T, c setup) {
		for _, way := range []string{shared, closed} {
			t.Run("way="+way, func(t *testing.T) {
				t.Parallel()
				c := c
				c.way, c.workers, c.below = way, 2, counting[c.name]
				s := serve(t, c)
				s.hup(1)
				lock := lockFDs(s.master, s.info)
				s.respawn()
				descriptors, depth := s.last("master"), s.last("depth")
				s.hup(reloads)
				s.respawn()
				if got := s.last("depth"); got != depth {
					t.Errorf("before_fork is called %d frames deep after %d reloads, want %d", got, reloads, depth)
				}
				if got := s.last("master"); got != descriptors {
					t.Errorf("the master has %d descriptors after %d reloads, want %d", got, reloads, descriptors)
				}
				if got := lockFDs(s.master, s.info); got[0] != lock[0] {
					t.Errorf("the lock's descriptor is %d after %d reloads, want %d", got[0], reloads, lock[0])
				}
				if forks, workers := s.count("master"), s.count("worker"); forks != workers {
					t.Errorf("before_fork ran %d times for %d workers", forks, workers)
				}
				s.holds(s.everyone()...)
				s.upgrade()
				s.holds(s.everyone()...)
				s.stop()
			})
		}
	})
}

// occasions fails the test unless the user's hooks have run so often: at each
// fork, at each start of a master where there is such a hook, at each exec.
func (s *service) occasions(starts, execs int) {
	s.t.Helper()
	if got, want := s.count("fork"), s.count("worker"); got != want {
		s.t.Errorf("the user's hook ran %d times for %d workers", got, want)
	}
	if got := s.count("start"); s.name == "gunicorn" && got != starts {
		s.t.Errorf("on_starting ran %d times for %d masters", got, starts)
	}
	if got := s.count("exec"); got != execs {
		s.t.Errorf("the user's hook ran %d times for %d re-executions", got, execs)
	}
}

// hup reloads n times, and each time waits for new workers, and for the end of
// the old ones.
func (s *service) hup(n int) {
	s.t.Helper()
	for range n {
		old := s.children
		kill(s.t, s.master, syscall.SIGHUP)
		s.generation()
		for _, pid := range old {
			await(s.t, pid)
		}
	}
}
