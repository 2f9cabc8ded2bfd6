//go:build linux

package test

import (
	"slices"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// A server that re-executes itself in place is reloaded, upgraded and stopped as
// any other, under one pid; a request that was begun is answered.
func TestInPlace(t *testing.T) {
	eachInPlace(t, func(t *testing.T, p inPlace, s *service) {
		r := p.start(s)
		first := s.master
		r.send(syscall.SIGHUP)
		p.changed(s, r)
		p.ready(s, r)
		for range 2 {
			before := p.note(s, r)
			if got := s.verb("upgrade"); got.code != 0 {
				t.Fatalf("upgrade answers %+v", got)
			}
			if p.name == puma.name {
				s.line("booted")
			}
			if after := p.note(s, r); after != before+1 {
				t.Errorf("generation %d follows generation %d", after, before)
			}
			if (s.master == first) == p.moves {
				t.Errorf("the pid was %d and is %d", first, s.master)
			}
			first = s.master
		}
		p.unlocked(s, r)
		everyone := watchAll(t, s.everyone())
		p.lastRequest(s, r)
		p.end(s, r, p.stopped, true)
		exited(t, everyone...)
	})
}

// unlocked fails the test unless status, and the shim, say of all of the server's
// processes that they have the lock, or, once, that they have not.
func (p inPlace) unlocked(s *service, r *shimRun) {
	s.t.Helper()
	for _, g := range s.status().Generations {
		for _, w := range append(g.Workers, *g.Master) {
			if w.Locked == p.drops {
				s.t.Errorf("status says that %d has the lock: %v", w.PID, w.Locked)
			}
		}
	}
	if !p.drops {
		s.held()
		return
	}
	if e := r.once(event.Unlocked); !slices.Contains(e.pids(), s.master) {
		s.t.Errorf("the shim tells %+v, want that %d has no lock", e, s.master)
	}
	s.free()
}

// lastRequest stops the service while a request is in flight, which is answered
// where the server can do that.
func (p inPlace) lastRequest(s *service, r *shimRun) {
	s.t.Helper()
	busy, answers := s.hang()
	r.send(syscall.SIGTERM)
	r.until(event.Signalled)
	if p.abrupt {
		if a := <-answers; a.err == nil {
			s.t.Errorf("the request was answered by %d", a.pid)
		}
		return
	}
	s.release()
	if a := <-answers; a.err != nil || a.pid != busy {
		s.t.Errorf("the request was answered by %d, %v; want by %d", a.pid, a.err, busy)
	}
}

func TestInPlaceQuickStop(t *testing.T) {
	eachInPlace(t, func(t *testing.T, p inPlace, s *service) {
		r := p.start(s)
		everyone := watchAll(t, s.everyone())
		_, answers := s.hang()
		r.send(syscall.SIGINT)
		if a := <-answers; a.err == nil {
			t.Errorf("the request was answered by %d", a.pid)
		}
		p.end(s, r, p.quick, false)
		exited(t, everyone...)
	})
}

// The workers of a SIGKILLed master do not hold the service up, though one of them
// is in the middle of a request.
func TestInPlaceKillMaster(t *testing.T) {
	eachInPlace(t, func(t *testing.T, p inPlace, s *service) {
		r := p.start(s)
		everyone := watchAll(t, s.everyone())
		_, answers := s.hang()
		watch(t, s.master).send(syscall.SIGKILL)
		if a := <-answers; a.err == nil {
			t.Errorf("the request was answered by %d", a.pid)
		}
		p.end(s, r, killed, false)
		exited(t, everyone...)
	})
}

// The next shim finds a tree that was re-executed, with or without the lock, and
// goes on with it.
func TestInPlaceAdopted(t *testing.T) {
	eachInPlace(t, func(t *testing.T, p inPlace, s *service) {
		first := p.start(s)
		if got := s.verb("upgrade"); got.code != 0 {
			t.Fatalf("upgrade answers %+v", got)
		}
		p.note(s, first)
		first.kill()
		s.shows(0, s.current())
		r := s.run(p.flags...)
		if e := r.until(event.Adopted); e.PID != s.master {
			t.Errorf("the shim adopts %d, want %d", e.PID, s.master)
		}
		s.shows(r.pid, s.current())
		if got := s.verb("upgrade"); got.code != 0 {
			t.Fatalf("upgrade answers %+v", got)
		}
		p.note(s, r)
		everyone := watchAll(t, s.everyone())
		if got := s.verb("stop"); got.code != 0 {
			t.Errorf("stop answers %+v", got)
		}
		r.never(event.Launched)
		code := p.stopped
		if !kernelTells(t) {
			code = 0
		}
		p.end(s, r, code, true)
		exited(t, everyone...)
	})
}
