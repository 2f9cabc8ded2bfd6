//go:build linux

package test

import (
	"slices"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
)

// TERM ends a stray, and then the service is over.
func TestStraysKill(t *testing.T) {
	eachDaemon(t, func(t *testing.T, s *service) {
		r, stray := s.serveWithDaemon("--strays", "kill")
		s.quitMaster(r)
		s.leaves(r, stray)
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want the master's 0", code)
		}
		s.signalledAll(r, "TERM", stray.PID)
		exited(t, stray)
		s.over()
	})
}

// A stop ends strays as it does the rest.
func TestStraysStop(t *testing.T) {
	eachDaemon(t, func(t *testing.T, s *service) {
		r, stray := s.serveWithDaemon("--strays", "kill")
		if got := s.verb("stop"); got.code != 0 {
			t.Errorf("stop answers %+v", got)
		}
		exited(t, stray)
		s.over()
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want the master's 0", code)
		}
	})
}

// A stray that ignores TERM gets KILL, after ten seconds or at the next TERM to
// the shim.
func TestStraysKillStubborn(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepareDaemon(t, c, spawned, `trap "" TERM; exec sleep infinity`)
		r, stray := s.serveWithDaemon()
		s.quitMaster(r)
		s.leaves(r, stray)
		s.signalledAll(r, "TERM", stray.PID)
		r.send(syscall.SIGTERM)
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want the master's 0", code)
		}
		s.signalledAll(r, "KILL", stray.PID)
		exited(t, stray)
		s.over()
	})
}

// The shim waits for a stray, be it with the lock or without.
func TestStraysWait(t *testing.T) {
	eachDaemon(t, func(t *testing.T, s *service) {
		r, stray := s.serveWithDaemon("--strays", "wait")
		s.quitMaster(r)
		s.leaves(r, stray)
		if st := s.shows(r.pid); len(st.Strays) != 1 || st.Strays[0].PID != stray.PID {
			t.Errorf("status shows the strays %+v, want %d", st.Strays, stray.PID)
		}
		stray.send(syscall.SIGTERM)
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want the master's 0", code)
		}
		r.never(event.Signalled, event.Stopping)
		s.over()
	})
}

// A stop that is asked for ends the wait: then it is the strays that are stopped.
func TestStraysWaitStopped(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepareDaemon(t, c, spawned, plainDaemon)
		r, stray := s.serveWithDaemon("--strays", "wait")
		s.quitMaster(r)
		s.leaves(r, stray)
		r.send(syscall.SIGTERM)
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want the master's 0", code)
		}
		s.signalledAll(r, "TERM", stray.PID)
		exited(t, stray)
		s.over()
	})
}

// The shim leaves a stray alone and exits, and the next one starts a server
// beside it, and leaves it alone too.
func TestStraysLeave(t *testing.T) {
	eachDaemon(t, func(t *testing.T, s *service) {
		r, first := s.serveWithDaemon("--strays", "leave")
		s.quitMaster(r)
		if code := r.wait(); code != 0 {
			t.Errorf("the shim exits with %d, want the master's 0", code)
		}
		s.released()
		r, second := s.serveWithDaemon("--strays", "leave")
		both := []int{first.PID, second.PID}
		slices.Sort(both)
		st := s.shows(r.pid, s.current())
		if got := strayPIDs(st); !slices.Equal(got, both) {
			t.Errorf("status shows the strays %v, want %v", got, both)
		}
		s.quitMaster(r)
		if code := r.wait(); code != 0 {
			t.Errorf("the shim exits with %d, want the master's 0", code)
		}
		r.never(event.Signalled, event.Adopted)
		for _, stray := range []watched{first, second} {
			stray.send(syscall.SIGTERM) // it is there
			stray.gone()
		}
		s.over()
	})
}

func strayPIDs(st shim.Status) []int {
	var pids []int
	for _, p := range st.Strays {
		pids = append(pids, p.PID)
	}
	return pids
}

// quitMaster ends the server, and waits for the shim to tell of it.
func (s *service) quitMaster(r *shimRun) {
	s.t.Helper()
	watch(s.t, s.master).send(s.graceful)
	r.untilEnded(s.master)
}

// leaves fails the test unless the next that the shim tells of strays names this
// one, and the lock that belongs to it.
func (s *service) leaves(r *shimRun, stray watched) {
	s.t.Helper()
	e := r.until(event.StrayLeft)
	if !slices.Equal(e.pids(), []int{stray.PID}) || e.Processes[0].Locked == s.hook {
		s.t.Errorf("the shim tells of the strays %+v, want %d, locked: %v", e.Processes, stray.PID, !s.hook)
	}
}

// signalledAll blocks until the shim has told that it sent a signal to exactly
// these processes.
func (s *service) signalledAll(r *shimRun, signal string, pids ...int) {
	s.t.Helper()
	sent := func(e toldEvent) bool { return e.Event == event.Signalled && e.Signal == signal }
	e := toldEvent{}
	if i := slices.IndexFunc(r.told, sent); i >= 0 {
		e = r.told[i]
	} else {
		e = r.event("the sending of "+signal, sent)
	}
	if !slices.Equal(e.pids(), pids) {
		s.t.Errorf("the shim sent %s to %v, want %v", signal, e.pids(), pids)
	}
}
