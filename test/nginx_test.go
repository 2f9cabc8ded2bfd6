//go:build linux

package test

import (
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/proc"
)

// A life of nginx: two upgrades and a reload without a lost request, in the
// foreground too, where it takes no upgrade from the parent that started it.
func TestNginxLife(t *testing.T) {
	eachNginx(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		s.shows(r.pid, s.current())
		requests := s.client()
		r.until(event.Ready)
		s.upgrades(r)
		s.shows(r.pid, s.current())
		s.reloads(r)
		s.shows(r.pid, s.current())
		s.upgrade(r, false)
		s.shows(r.pid, s.current())
		requests.servedBy(s.crew...)
		requests.finish()
		r.never(event.Trouble, event.Ignored, event.Masterless, event.StrayLeft, event.Unlocked)
		s.stop(r, c.background)
	})
}

// upgrades brings a new generation in by the verb, which answers when the old one
// is gone.
func (s *service) upgrades(r *shimRun, flags ...string) {
	s.t.Helper()
	old := watchAll(s.t, s.everyone())
	if got := s.verb("upgrade", flags...); got.code != 0 {
		s.t.Errorf("upgrade answers %+v", got)
	}
	s.generation()
	exited(s.t, old...)
	r.knows(s.master)
}

// reloads tells the master to reload, and waits until its old workers are gone.
// httpd replaces one now and then.
func (s *service) reloads(r *shimRun) {
	s.t.Helper()
	old := s.crew
	if got := s.verb("reload"); got.code != 0 {
		s.t.Errorf("reload answers %+v", got)
	}
	s.refilled()
	for _, pid := range old {
		if p, err := proc.Find(pid); err == nil && testkit.Parent(pid) == s.master {
			h, err := proc.Open(p.ID)
			if err == nil {
				watched{s.t, h}.reaped()
				h.Close()
			}
		}
	}
}

// refilled blocks until the current master has a new crew, and notes that.
func (s *service) refilled() {
	s.t.Helper()
	master := s.master
	s.master = 0
	s.generation()
	if s.master != master {
		s.t.Errorf("the new workers are of %d, want %d", s.master, master)
	}
}

// The reason for the parent: launched without one, nginx in the foreground
// ignores the signal. A daemon's parent has exited.
func TestNginxTakesNoUpgradeFromItsStarter(t *testing.T) {
	eachNginx(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve("--profile", "generic", "--stop", "QUIT")
		s.verb("signal", "USR2")
		if c.background {
			s.generation()
		} else if said := s.line("ignored"); number(t, said[1]) != s.master {
			t.Errorf("%q, want the master %d", said, s.master)
		}
		r.send(syscall.SIGTERM)
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want 0", code)
		}
		s.over()
	})
}
