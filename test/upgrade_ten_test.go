//go:build linux

package test

import (
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// Ten generations pass under one pid; nobody but the test's own reading of the
// FIFO knows the masters.
func TestTenUpgrades(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		c1 := s.client()
		var fds, masterFDs []string
		for i := range 10 {
			old := s.current()
			s.upgrade(r, i%2 == 0)
			if s.master == old.master {
				t.Fatalf("the master is still %d", old.master)
			}
			s.shows(r.pid, s.current())
			if i == 0 {
				fds, masterFDs = descriptors(t, r.pid), descriptors(t, s.master)
			}
		}
		sameDescriptors(t, r.pid, fds)
		sameDescriptors(t, s.master, masterFDs)
		noZombies(t, r.pid)
		c1.finish()
		r.never(event.Trouble, event.Ignored, event.Masterless, event.StrayLeft)
		everyone := watchAll(t, s.everyone())
		r.send(syscall.SIGTERM)
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want the last master's 0", code)
		}
		exited(t, everyone...)
		s.over()
	})
}

// upgrade brings a new generation in and the old one out, by a USR2 to the shim
// or to the master, and returns when the new one can be upgraded in its turn.
func (s *service) upgrade(r *shimRun, byShim bool) {
	s.t.Helper()
	old := watch(s.t, s.master)
	if byShim {
		r.send(syscall.SIGUSR2)
	} else {
		old.send(syscall.SIGUSR2)
	}
	s.generation()
	old.send(s.graceful)
	if e := r.untilEnded(old.PID); *e.Code != 0 {
		s.t.Errorf("the shim says that the old master ended with %d, want 0", *e.Code)
	}
	s.promoted()
}

// sameDescriptors fails the test unless the process has what it had before.
func sameDescriptors(t *testing.T, pid int, want []string) {
	t.Helper()
	if got := descriptors(t, pid); !slices.Equal(got, want) {
		t.Errorf("process %d has the descriptors %q, had %q", pid, got, want)
	}
}

// noZombies blocks until every child that has ended was reaped.
func noZombies(t *testing.T, pid int) {
	t.Helper()
	for _, below := range descendants(pid) {
		if zombie(below) {
			t.Log("waiting for the zombie " + strconv.Itoa(below))
			watch(t, below).reaped()
		}
	}
}
