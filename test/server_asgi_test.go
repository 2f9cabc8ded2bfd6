//go:build linux

package test

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// What uvicorn and Hypercorn do not have is refused and told with its reason, and
// they serve on. A graceful stop lets a request be answered that has begun, and
// leaves nothing, nor a word of multiprocessing's tracker.
func TestASGI(t *testing.T) {
	eachASGI(t, func(t *testing.T, s *service) {
		r := s.serve()
		s.shows(r.pid, s.current())
		c := s.client()
		for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGTTIN} {
			r.send(sig)
			if e := r.until(event.Ignored); e.Signal != signalName(sig) || !strings.Contains(e.Error, s.name) {
				t.Errorf("the shim, sent %v, tells %+v", sig, e)
			}
		}
		if got := s.verb("reload"); got.code != 69 || !strings.Contains(got.err, "no such operation: HUP would end its master") {
			t.Errorf("reload answers %+v", got)
		}
		if got := s.verb("upgrade"); got.code != 69 || !strings.Contains(got.err, "restart it\nlockshim: hint: lockshim stop ") {
			t.Errorf("upgrade answers %+v", got)
		}
		c.more()
		c.finish()
		busy, answers := s.hang()
		r.send(syscall.SIGTERM)
		r.until(event.Signalled)
		s.release()
		if a := <-answers; a.err != nil || a.pid != busy {
			t.Errorf("the request was answered by %d, %v; want by %d", a.pid, a.err, busy)
		}
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want 0", code)
		}
		r.sent(syscall.SIGTERM)
		r.never(event.StrayLeft, event.Masterless, event.Unlocked)
		s.over()
	})
}

func TestASGIQuickStop(t *testing.T) {
	eachASGI(t, func(t *testing.T, s *service) {
		r := s.serve()
		everyone := watchAll(t, s.everyone())
		_, answers := s.hang()
		r.send(syscall.SIGINT)
		if code := r.finish(); code != killed {
			t.Errorf("the shim exits with %d, want %d", code, killed)
		}
		if a := <-answers; a.err == nil {
			t.Errorf("the request was answered by %d", a.pid)
		}
		exited(t, everyone...)
		r.sent(syscall.SIGKILL)
		s.over()
	})
}

// The workers of neither server notice that their master is gone. uvicorn's do not
// hold the lock, so that nothing but the look for them keeps a second tree away.
func TestASGIKillMaster(t *testing.T) {
	eachASGI(t, func(t *testing.T, s *service) {
		r := s.serve()
		crew := watchAll(t, s.crew)
		watch(t, s.master).send(syscall.SIGKILL)
		if code := r.finish(); code != killed {
			t.Errorf("the shim exits with %d, want %d", code, killed)
		}
		exited(t, crew...)
		s.over()
		r.order(event.Ended, event.Masterless, event.Stopping, event.Signalled, event.Exiting)
		if told := r.all(event.Masterless); len(told) != 1 || !slices.Equal(told[0].pids(), s.crew) {
			t.Errorf("the shim told of workers without a master: %+v, want once, of %v", told, s.crew)
		}
		for _, e := range r.all(event.Masterless) {
			for _, p := range e.Processes {
				if p.Locked != (s.name == "hypercorn") {
					t.Errorf("the shim tells that %d has the lock: %v", p.PID, p.Locked)
				}
			}
		}
		r.never(event.StrayLeft, event.Unlocked)
	})
}

// The master of an adopted tree, or of one whose shim is dead, is killed.
func TestASGIAdopted(t *testing.T) {
	eachASGI(t, func(t *testing.T, s *service) {
		first := s.serve()
		requests := s.client()
		s.killShim(first)
		r := s.adopted(s.current())
		requests.more()
		requests.finish()
		r.never(event.Unlocked, event.Masterless)
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
		r.never(event.Launched, event.StrayLeft)
		s.over()
	})
}

func TestASGIAdoptedStop(t *testing.T) {
	eachASGI(t, func(t *testing.T, s *service) {
		s.killShim(s.serve())
		s.stop(s.adopted(s.current()), s.name == "uvicorn")
	})
}

// Workers that have lost shim and master are found: the next shim ends them,
// and so does a stop without one.
func TestASGIOrphans(t *testing.T) {
	eachASGI(t, func(t *testing.T, s *service) {
		for _, byVerb := range []bool{false, true} {
			s.killShim(s.serve())
			crew := watchAll(t, s.crew)
			master := watch(t, s.master)
			master.send(syscall.SIGKILL)
			master.reaped()
			s.shows(0, gen{0, s.crew})
			if byVerb {
				s.verbAnswers(0, "", "stop")
			} else {
				r := s.run()
				if code := r.finish(); code != 1 {
					t.Errorf("the shim exits with %d, want 1: nobody knows how the master ended", code)
				}
				r.once(event.Masterless)
				r.never(event.Launched, event.StrayLeft)
			}
			exited(t, crew...)
			s.over()
			must(t, removeSocket(s))
		}
	})
}
