//go:build linux

package test

import (
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
)

const killed = 128 + int(syscall.SIGKILL)

func TestKillOnlyMaster(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		crew := watchAll(t, s.crew)
		watch(t, s.master).send(syscall.SIGKILL)
		if code := r.finish(); code != killed {
			t.Errorf("the shim exits with %d, want %d", code, killed)
		}
		exited(t, crew...)
		s.over()
		r.order(event.Launched, event.Ended, event.Exiting)
	})
}

// A worker in the middle of a request does not notice that its master is gone,
// and no timeout ends it while a test runs: the shim does.
func TestKillMasterOfBusyWorker(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		quick := map[string]string{"unicorn": "TERM", "gunicorn": "QUIT"}[s.name]
		r := s.serve("--stop", quick+"/forever")
		worker, _ := s.hang()
		busy := watch(t, worker)
		watch(t, s.master).send(syscall.SIGKILL)
		if code := r.finish(); code != killed {
			t.Errorf("the shim exits with %d, want %d", code, killed)
		}
		exited(t, busy)
		r.order(event.Ended, event.Masterless, event.Stopping, event.Signalled, event.Exiting)
		for _, kind := range []event.Kind{event.Masterless, event.Signalled} {
			if told := r.all(kind); len(told) != 1 || !slices.Contains(told[0].pids(), worker) {
				t.Errorf("the shim told of %q: %+v, want it once, of worker %d", kind, told, worker)
			}
		}
		s.over()
	})
}

// The last master's status counts, not the first one's, nor the worst.
func TestKillAfterUpgrade(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		s.upgrade(r, true)
		watch(t, s.master).send(syscall.SIGKILL)
		if code := r.finish(); code != killed {
			t.Errorf("the shim exits with %d, want %d", code, killed)
		}
		s.over()
	})
}

func TestKillOldMasterInUpgrade(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		requests := s.client()
		old := s.usr2()
		old.send(syscall.SIGKILL)
		if e := r.untilEnded(old.PID); *e.Code != killed {
			t.Errorf("the shim says that the old master ended with %d, want %d", *e.Code, killed)
		}
		r.knows(s.master)
		s.promoted()
		requests.servedBy(s.crew...)
		s.leads(r, s.master)
		s.upgrade(r, !c.hook)
		requests.finish()
		r.never(event.Masterless)
		s.stop(r, c.background)
	})
}

func TestKillNewMasterInUpgrade(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		requests := s.client()
		first := s.current()
		old := s.usr2()
		next := watch(t, s.master)
		next.send(syscall.SIGKILL)
		next.reaped() // by the old one, which takes a USR2 again
		requests.more()
		s.master, s.crew = first.master, first.workers
		s.leads(r, old.PID)
		s.upgrade(r, !c.hook)
		requests.finish()
		r.never(event.Masterless)
		s.stop(r, c.background)
	})
}

func TestKillBothMastersInUpgrade(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		old := s.usr2()
		next := watch(t, s.master)
		next.send(syscall.SIGKILL)
		old.send(syscall.SIGKILL)
		if code := r.finish(); code != killed {
			t.Errorf("the shim exits with %d, want %d", code, killed)
		}
		s.over()
	})
}

// leads fails the test unless the shim lives and status says that this is the
// current master, and the only one.
func (s *service) leads(r *shimRun, master int) {
	s.t.Helper()
	if !r.running() {
		s.t.Fatal("the shim has exited")
	}
	st := s.status()
	var masters []string
	for _, g := range gens(st) {
		if g.master != 0 {
			masters = append(masters, strconv.Itoa(g.master))
		}
	}
	if !slices.Equal(masters, []string{strconv.Itoa(master)}) || st.State != shim.Serving && st.State != shim.Starting {
		s.t.Errorf("status says %q with the masters %v, want %q with %d", st.State, masters, shim.Serving, master)
	}
}
