//go:build linux

package test

import (
	"math"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// The shim is killed and started again by an init: the server does not notice,
// and the new shim does all that the first one did.
func TestAdopt(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		first := s.serve()
		requests := s.client()
		s.killShim(first)
		requests.more()
		r := s.adopted(s.current())
		s.upgrade(r, true)
		s.shows(r.pid, s.current())
		s.upgrade(r, false)
		s.shows(r.pid, s.current())
		requests.finish()
		s.stop(r, c.background)
		r.never(event.Launched, event.Trouble, event.Ignored, event.Masterless)
		if n := len(r.all(event.Ended)); n != 3 {
			t.Errorf("the shim told of the end of %d masters, want 3", n)
		}
	})
}

// killShim kills a shim. The lock stays held, and status shows what it did.
func (s *service) killShim(r *shimRun) {
	s.t.Helper()
	r.send(syscall.SIGKILL)
	r.wait()
	s.held()
}

// adopted starts a shim beside a tree, and returns when it follows exactly
// these generations. It has launched nothing.
func (s *service) adopted(want ...gen) *shimRun {
	s.t.Helper()
	masters := s.said("master")
	s.shows(0, want...)
	r := s.run()
	if e := r.until(event.Adopted); e.PID != s.master {
		s.t.Errorf("the shim adopted %d, want the current master %d", e.PID, s.master)
	}
	if st := s.shows(r.pid, want...); st.Shim != nil && !st.Shim.Adopted {
		s.t.Error("status does not say that the tree was adopted")
	}
	if s.said("master") != masters {
		s.t.Error("a server was launched")
	}
	return r
}

func TestAdoptTwoGenerations(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		first := s.serve()
		requests := s.client()
		before := s.current()
		old := s.usr2()
		s.killShim(first)
		requests.more()
		r := s.adopted(before, s.current())
		s.retire(r, old)
		s.shows(r.pid, s.current())
		s.upgrade(r, true)
		s.shows(r.pid, s.current())
		requests.finish()
		s.stop(r, c.hook)
		r.never(event.Launched, event.Trouble, event.Ignored, event.Masterless)
	})
}

// A stop reaches every generation of an adopted tree.
func TestStopTwoAdoptedGenerations(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		first := s.serve()
		before := s.current()
		s.usr2()
		s.killShim(first)
		r := s.adopted(before, s.current())
		old := watchAll(t, append(before.workers, before.master))
		s.stop(r, c.hook)
		exited(t, old...)
	})
}

// The kernel tells how a process ended that is nobody's child of the shim, if
// it is new enough.
func TestAdoptedMasterIsKilled(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		s.killShim(s.serve())
		r := s.adopted(s.current())
		crew := watchAll(t, s.crew)
		watch(t, s.master).send(syscall.SIGKILL)
		want := killed
		if !kernelTells(t) {
			want = 1
		}
		if code := r.finish(); code != want {
			t.Errorf("the shim exits with %d, want %d", code, want)
		}
		exited(t, crew...)
		s.over()
	})
}

// Somebody else stops the adopted server.
func TestAdoptedMasterExits(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		s.killShim(s.serve())
		r := s.adopted(s.current())
		watch(t, s.master).send(s.graceful)
		want := 0
		if !kernelTells(t) {
			want = 1
		}
		if code := r.finish(); code != want {
			t.Errorf("the shim exits with %d, want %d", code, want)
		}
		s.over()
	})
}

// kernelTells says whether the kernel tells of processes that were reaped how
// they ended, by trying: Linux 6.15 does.
func kernelTells(t *testing.T) bool {
	t.Helper()
	out, in := pipe(t)
	p := start(t, spec{args: []string{"/bin/cat"}, in: out})
	w := watch(t, p.pid)
	must(t, in.Close())
	p.wait()
	_, ok := w.Status(math.MaxInt32)
	return ok
}

// A shim that adopted is killed in its turn.
func TestAdoptAgain(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		s.killShim(s.serve())
		for range 3 {
			r := s.adopted(s.current())
			s.upgrade(r, true)
			s.killShim(r)
		}
		s.stop(s.adopted(s.current()), false)
	})
}
