//go:build linux

package test

import (
	"slices"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// With a hard limit of 256 descriptors the lock is one of those that servers
// sweep. The shim says so once, and an upgrade works: with the hook the next
// master has the lock, without it the shim is told by its children.
func TestLaunchLowLimit(t *testing.T) {
	t.Parallel()
	for _, server := range []server{unicorn, gunicorn} {
		for _, hook := range []bool{false, true} {
			c := setup{server: server, hook: hook, workers: 1}
			t.Run(c.title(), func(t *testing.T) {
				t.Parallel()
				s := prepare(t, c)
				r := s.runLimited("256")
				s.generation()
				c1 := s.client()
				old := s.current()
				s.usr2()
				s.shows(r.pid, old, s.current())
				s.quitOld(r, old)
				swept := c.name == "unicorn" && !hook
				if st := s.shows(r.pid, s.current()); st.Generations[0].Locked == swept {
					t.Errorf("generation 2 has the lock: %v, want %v", !swept, swept)
				}
				if swept {
					if e := r.once(event.Unlocked); !slices.Contains(e.pids(), s.master) {
						t.Errorf("the shim tells that %v serve without the lock, want %d too", e.pids(), s.master)
					}
				} else {
					r.never(event.Unlocked)
				}
				c1.more()
				c1.finish()
				s.stopsWith(r, 0)
				if told := r.all(event.LowFD); len(told) != 1 || told[0].FD < 248 {
					t.Errorf("the shim tells of the low descriptors %+v, want one of the last below 256, once", told)
				}
			})
		}
	}
}

// runLimited starts the shim with a hard limit of open files.
func (s *service) runLimited(limit string) *shimRun {
	s.t.Helper()
	args := []string{"/bin/sh", "-c", `ulimit -n "$0" && exec "$@"`, limit, lockshim, "run", "--lock", s.lock, "--log-format", "json", "--"}
	return s.runArgs(append(args, s.command()...), spec{})
}

// A server gets the limits that the shim was started with, and not those that
// Go's runtime gives itself.
func TestLaunchLimitsPassedOn(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	args := []string{"/bin/sh", "-c", "ulimit -S -n 200 && exec \"$@\"", "sh", lockshim, "run", "--lock", s.lock, "--log-format", "json", "--"}
	r := s.runArgs(append(args, "sh", "-c", `echo limits $(ulimit -S -n) >events; test -e /proc/self/fd/1025`), spec{})
	if words := s.line("limits"); words[1] != "200" {
		t.Errorf("the server's soft limit is %s, want 200", words[1])
	}
	if code := r.finish(); code != 0 {
		t.Errorf("the shim exits with %d, want 0: the descriptor is above the soft limit", code)
	}
	r.never(event.LowFD)
	s.over()
}
