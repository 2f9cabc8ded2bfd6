//go:build linux

package test

import (
	"syscall"
	"testing"
	"time"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/history"
)

// Two upgrades, a master that is killed, and what is left of it: the shim tells
// what it wrote to its log, and of each generation when it began and how it ended.
func TestHistory(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		masters := []int{s.master}
		for _, byShim := range []bool{true, false} {
			s.upgrade(r, byShim)
			masters = append(masters, s.master)
		}
		h := s.history()
		lives := s.lives(h, masters...)
		for i, g := range lives {
			last := i == len(lives)-1
			if g.Number != i+1 || !g.Seen || g.Lives != last || (g.Ended == nil) != last || !last && *g.Code != 0 {
				t.Errorf("generation %d: %+v", i+1, g)
			}
		}
		s.kinds(h.Service(), event.Launched, event.Upgrading, event.Upgraded)
		r.logged(h)
		s.drawn(masters...)
		s.historyOfAKill(r, masters)
	})
}

// historyOfAKill kills the master of a worker in the middle of a request.
func (s *service) historyOfAKill(r *shimRun, masters []int) {
	s.t.Helper()
	busy, answers := s.hang()
	watch(s.t, s.master).send(syscall.SIGKILL)
	r.until(event.Masterless)
	h := s.history()
	lives := s.lives(h, masters...)
	last := lives[len(lives)-1]
	if !last.Lives || last.Code == nil || *last.Code != killed || len(last.Workers) == 0 {
		s.t.Errorf("the generation of the killed master: %+v", last)
	}
	if h.State != string(shim.NoMaster) {
		s.t.Errorf("the state is %q", h.State)
	}
	s.kinds(h.Service(), event.Launched, event.Masterless, event.Stopping)
	r.logged(h)
	s.release()
	<-answers // of a server that has a graceful stop for workers alone
	if code := r.finish(); code != killed {
		s.t.Errorf("the shim exits with %d, want %d; worker %d was busy", code, killed, busy)
	}
	s.over()
	if got := s.verb("history"); got.code != 3 || got.err != "" {
		s.t.Errorf("history of a service that is over answers %+v", got)
	}
}

// A stop that waits for a request is seen in the history of the moment.
func TestHistoryOfAStop(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		_, answers := s.hang()
		stop := s.beginVerb("stop")
		r.until(event.Signalled)
		h := s.history()
		if h.State != string(shim.StateStop) {
			t.Errorf("the state is %q", h.State)
		}
		s.kinds(h.Service(), event.Launched, event.Stopping)
		s.kinds(h.Marks(0), event.Signalled)
		s.release()
		if a := <-answers; a.err != nil {
			t.Error(a.err)
		}
		if got := stop.result(); got.code != 0 {
			t.Errorf("stop answers %+v", got)
		}
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want 0", code)
		}
	})
}

// The shim remembers its last events, and how many it has forgotten; what lives
// is known all the same, and the next upgrade has its place.
func TestHistoryForgets(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{server: unicorn, hook: true})
	r := s.serve()
	const sent = 300
	for range sent {
		if _, err := shim.Signal(s.lock, syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	first := s.master
	s.upgrade(r, true)
	h := s.history()
	told := sent + len(h.Events) - countKind(h, event.Signalled) // and those that are neither
	if len(h.Events) != history.Room || h.Forgotten < sent-history.Room || h.Forgotten > told {
		t.Errorf("%d events are there, %d are forgotten", len(h.Events), h.Forgotten)
	}
	if h.Since == nil || !h.Since.Equal(h.Events[0].Time) {
		t.Errorf("the events are there since %v, the first is of %v", h.Since, h.Events[0].Time)
	}
	lives := s.lives(h, first, s.master)
	if old := lives[0]; old.Born != nil || old.Ended == nil || *old.Code != 0 || old.Lives {
		t.Errorf("the generation whose launch is forgotten: %+v", old)
	}
	if next := lives[1]; !next.Lives || !next.Seen || next.Born.Before(*h.Since) {
		t.Errorf("the generation that lives: %+v", next)
	}
	s.kinds(h.Events, event.Signalled, event.NewGeneration)
	s.drawn(first, s.master)
	s.stop(r, true)
}

// countKind counts the events of a kind.
func countKind(h history.History, kind event.Kind) int {
	n := 0
	for _, e := range h.Events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// What nobody saw is told by the start times of processes, and marked so; a shim
// that adopts remembers from its own start on.
func TestHistoryAfterAdoption(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		first := s.serve()
		masters := []int{s.master}
		old := s.usr2()
		masters = append(masters, s.master)
		s.killShim(first)

		h := s.history()
		for _, g := range s.lives(h, masters...) {
			s.fromProc(g)
		}
		if h.Since != nil || h.Shim != nil || len(h.Events) != 0 {
			t.Errorf("nobody remembers, and the history has %+v", h)
		}
		s.drawn(masters...)

		began := time.Now()
		r := s.run()
		r.until(event.Adopted)
		h = s.history()
		for _, g := range s.lives(h, masters...) {
			s.fromProc(g)
		}
		if h.Since == nil || h.Since.Before(began) || h.Shim == nil || h.Shim.PID != r.pid || !h.Shim.Adopted {
			t.Errorf("a shim began at %v, and the history has %+v", began, h)
		}
		s.kinds(h.Events, event.Adopted, event.NewGeneration, event.NewGeneration)
		r.logged(h)
		s.retire(r, old)
		s.historyGoesOn(r, masters)
	})
}

// historyGoesOn upgrades once more after an adoption, and stops.
func (s *service) historyGoesOn(r *shimRun, masters []int) {
	s.t.Helper()
	s.upgrade(r, true)
	h := s.history()
	lives := s.lives(h, append(masters, s.master)...)
	for i, g := range lives {
		last := i == len(lives)-1
		if g.Seen != last || g.Lives != last || (g.Ended == nil) != last {
			s.t.Errorf("generation %d of the history: %+v", i+1, g)
		}
	}
	r.logged(h)
	s.drawn(append(masters, s.master)...)
	s.stop(r, true)
}
