//go:build linux

package test

import (
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

const (
	exitLocked     = 75
	exitNotRunning = 1 // of stop
)

func TestTenRunsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.contest()
		s.generation()
		s.settled(r)
		s.shows(r.pid, s.current())
		s.stop(r, false)
		if n := s.said("master"); n != 1 {
			t.Errorf("%d masters have begun, want 1", n)
		}
	})
}

func TestTenRunsAdoptAtOnce(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		s.killShim(s.serve())
		r := s.contest()
		if e := r.until(event.Adopted); e.PID != s.master {
			t.Errorf("the shim adopted %d, want %d", e.PID, s.master)
		}
		s.shows(r.pid, s.current())
		s.stop(r, false)
		if n := s.said("master"); n != 1 {
			t.Errorf("%d masters have begun, want 1", n)
		}
	})
}

// contest starts ten shims at once, and returns the one that stays. The others
// must say who that is.
func (s *service) contest() *shimRun {
	s.t.Helper()
	losers := make(chan *shimRun)
	winners := map[*shimRun]bool{}
	for range 10 {
		r := s.run()
		winners[r] = true
		go func() {
			<-r.done
			losers <- r
		}()
	}
	var lost []*shimRun
	for len(lost) < 9 {
		select {
		case r := <-losers:
			delete(winners, r)
			lost = append(lost, r)
		case <-expired(s.t):
			s.t.Fatalf("%d of ten shims exited, want 9", len(lost))
		}
	}
	go func() { <-losers }()
	for winner := range winners {
		for _, r := range lost {
			s.refused(r, winner.pid)
		}
		return winner
	}
	return nil
}

// refused fails the test unless the shim has exited because another process has
// the service, and said which, and has touched nothing.
func (s *service) refused(r *shimRun, by int) {
	s.t.Helper()
	if code := r.finish(); code != exitLocked {
		s.t.Errorf("a shim that came too late exits with %d, want %d", code, exitLocked)
	}
	why := r.all(failure)
	if len(why) != 1 || !strings.Contains(why[0].Error, "pid "+strconv.Itoa(by)+" ") {
		s.t.Errorf("a shim that came too late says %+v, want it to name pid %d", why, by)
	}
	r.never(event.Launched, event.Adopted, event.Signalled)
}

// Whoever has a live shim keeps it, whatever the policy of the next one.
func TestSecondRunIsRefused(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		for _, policy := range []string{"adopt", "refuse", "replace"} {
			s.refused(s.run("--if-running", policy), r.pid)
		}
		s.shows(r.pid, s.current())
		s.stop(r, false)
	})
}

func TestRefuseRunningTree(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		s.killShim(s.serve())
		s.refused(s.run("--if-running", "refuse"), s.master)
		s.stop(s.adopted(s.current()), false)
	})
}

func TestReplaceRunningTree(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		first := s.serve()
		s.usr2()
		s.killShim(first)
		old := watchAll(t, s.tree())
		r := s.run("--if-running", "replace")
		s.generation()
		exited(t, old...)
		r.until(event.Launched)
		s.settled(r)
		s.shows(r.pid, s.current())
		s.stop(r, c.background)
		r.never(event.Adopted, event.Trouble, event.Ignored)
	})
}

// tree lists the masters and workers that status shows.
func (s *service) tree() []int {
	s.t.Helper()
	var pids []int
	for _, g := range gens(s.status()) {
		pids = append(append(pids, g.master), g.workers...)
	}
	if len(pids) != 2*(s.workers+1) {
		s.t.Fatalf("status shows %v, want two generations", pids)
	}
	return pids
}

// A stop while the old tree is being replaced is a stop.
func TestStopWhileReplacing(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		s.killShim(s.serve())
		busy, answers := s.hang()
		r := s.run("--if-running", "replace")
		r.until(event.Signalled)
		r.send(syscall.SIGTERM)
		r.event("a signal to the worker", func(e toldEvent) bool { return e.Event == event.Stopping })
		r.finish()
		if a := <-answers; a.err == nil {
			t.Errorf("worker %d answered", busy)
		}
		s.over()
		r.never(event.Launched)
	})
}
