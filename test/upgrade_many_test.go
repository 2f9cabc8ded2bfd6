//go:build linux

package test

import (
	"slices"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/event"
)

// Many generations pass under one pid, and nothing is left of those before.
func TestManyUpgrades(t *testing.T) {
	upgrades := testkit.Times(3, 20)
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		requests := s.client()
		var ours, theirs []string
		for i := range upgrades {
			s.upgrade(r, i%2 == 0)
			switch i { // before status connects to the shim
			case 0:
				ours, theirs = descriptors(t, r.pid), descriptors(t, s.master)
			case upgrades - 1:
				noMoreDescriptors(t, r.pid, ours, requests)
				noMoreDescriptors(t, s.master, theirs, requests)
			}
			s.shows(r.pid, s.current())
		}
		noZombies(t, r.pid)
		requests.finish()
		r.never(event.Trouble, event.Ignored, event.Masterless, event.StrayLeft, event.Unlocked)
		s.stop(r, c.background == c.hook)
	})
}

// upgrade brings a new generation in and the old one out, by a USR2 to the shim, or
// as people do by signals to the masters, and returns when the new one can be upgraded in its turn.
func (s *service) upgrade(r *shimRun, byShim bool) {
	s.t.Helper()
	if !byShim {
		s.retire(r, s.usr2())
		return
	}
	old := watch(s.t, s.master)
	r.send(syscall.SIGUSR2)
	s.generation()
	if e := r.untilEnded(old.PID); *e.Code != 0 {
		s.t.Errorf("the shim says that the old master ended with %d, want 0", *e.Code)
	}
	r.until(event.Upgraded)
	s.promoted()
}

// usr2 brings a new generation in without the shim, and returns the old master.
func (s *service) usr2() watched {
	s.t.Helper()
	old := watch(s.t, s.master)
	old.send(syscall.SIGUSR2)
	s.generation()
	return old
}

// retire stops an old master, as people do, and waits until the shim knows.
func (s *service) retire(r *shimRun, old watched) {
	s.t.Helper()
	old.send(s.graceful)
	if e := r.untilEnded(old.PID); *e.Code != 0 {
		s.t.Errorf("the shim says that the old master ended with %d, want 0", *e.Code)
	}
	r.knows(s.master)
	s.promoted()
}

// stop ends the service, by a TERM to the shim or by the verb, and fails the
// test unless the shim exits as the master did, with 0, and nothing is left.
func (s *service) stop(r *shimRun, byVerb bool) {
	s.t.Helper()
	everyone := watchAll(s.t, s.everyone())
	if byVerb {
		if got := s.verb("stop"); got.code != 0 {
			s.t.Errorf("stop answers %+v", got)
		}
	} else {
		r.send(syscall.SIGTERM)
	}
	if code := r.finish(); code != 0 {
		s.t.Errorf("the shim exits with %d, want the last master's 0", code)
	}
	exited(s.t, everyone...)
	s.over()
}

// noMoreDescriptors fails the test unless there is a time, while requests go on,
// when the process has none that it had not. It has some more for a moment, after an
// upgrade and while it looks.
func noMoreDescriptors(t *testing.T, pid int, had []string, requests *client) {
	t.Helper()
	var more []string
	for range windows {
		if more = surplus(had, descriptors(t, pid)); len(more) == 0 {
			return
		}
		requests.more()
	}
	t.Errorf("process %d has the descriptors %q besides the %q that it had", pid, more, had)
}

// surplus lists what is in now more often than in before.
func surplus(before, now []string) []string {
	rest := slices.Clone(before)
	return slices.DeleteFunc(now, func(name string) bool {
		i := slices.Index(rest, name)
		if i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		}
		return i >= 0
	})
}

// noZombies blocks until every process below pid that has ended was reaped.
func noZombies(t *testing.T, pid int) {
	t.Helper()
	for _, below := range testkit.Descendants(pid) {
		if testkit.Zombie(below) {
			watch(t, below).reaped()
		}
	}
}
