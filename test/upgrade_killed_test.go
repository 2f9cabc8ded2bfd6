//go:build linux

package test

import (
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// The steps of an upgrade at which the shim is killed, and how the test brings
// the service there.
var deaths = []struct {
	name  string
	begin func(*service, *shimRun) (release bool) // whether a request or an application waits for release then
}{
	{"coming", func(s *service, r *shimRun) bool {
		r.send(syscall.SIGUSR2)
		r.until(event.Signalled)
		return false
	}},
	{"proving", func(s *service, r *shimRun) bool {
		s.breaks(stuck)
		r.send(syscall.SIGUSR2)
		s.line("loading")
		s.mends()
		return true
	}},
	{"trial", func(s *service, r *shimRun) bool {
		r.send(syscall.SIGUSR2)
		r.event("the second generation's readiness", func(e toldEvent) bool { return e.Event == event.Ready && e.Generation == 2 })
		return false
	}},
	{"retiring", func(s *service, r *shimRun) bool {
		go func() { _, _ = get(s.http(), "/hang") }()
		s.line("hanging")
		r.send(syscall.SIGUSR2)
		r.until(event.Retiring)
		return true
	}},
}

// The shim is killed in the middle of an upgrade and started again: the service
// is served all the time, the new shim says what it found, and the next upgrade
// ends what is left of the first one, and brings the next generation in.
func TestUpgradeSurvivesItsShim(t *testing.T) {
	t.Parallel()
	for _, d := range deaths {
		t.Run(d.name, func(t *testing.T) {
			eachFragile(t, func(t *testing.T, c setup) {
				s := prepare(t, c)
				r := s.serve()
				s.ready(r)
				requests := s.client()
				waits := d.begin(s, r)
				s.killShim(r)
				requests.more()
				r = s.run()
				r.until(event.Adopted)
				got := s.beginVerb("upgrade")
				if waits {
					s.release()
				}
				s.succeeded(got)
				st := s.status()
				if len(st.Generations) != 1 || st.Shim == nil || st.Shim.PID != r.pid {
					t.Errorf("after the upgrade status shows %+v", st)
				}
				for lead := leader(st); s.master != lead; {
					s.generation()
				}
				requests.finish()
				s.promoted()
				r.never(event.Launched, event.Trouble, event.Masterless)
				s.stop(r, false)
			})
		})
	}
}

// Two generations that nobody leads: the new shim says which is the old one, and a
// stop ends both.
func TestInterruptedUpgradeIsTold(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		before := s.current()
		s.usr2()
		r.knows(s.master)
		s.killShim(r)
		r = s.run()
		if e := r.until(event.Interrupted); e.PID != before.master {
			t.Errorf("the shim says that %d is the old one, want %d", e.PID, before.master)
		}
		s.shows(r.pid, before, s.current())
		everyone := watchAll(t, append(s.everyone(), append(before.workers, before.master)...))
		if got := s.verb("stop"); got.code != 0 {
			t.Errorf("stop answers %+v", got)
		}
		r.finish()
		exited(t, everyone...)
		s.over()
	})
}

// Without a shim the verb does the same.
func TestUpgradeWithoutShim(t *testing.T) {
	eachFragile(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		s.killShim(r)
		requests := s.client()
		s.succeeded(s.beginVerb("upgrade"))
		s.generation()
		s.shows(0, s.current())
		s.promoted()
		s.breaks(wrong)
		s.failed(s.beginVerb("upgrade"), exitUpgrade, "ended")
		s.shows(0, s.current())
		s.mends()
		requests.finish()
		r = s.adopted(s.current())
		s.stop(r, false)
	})
}
