//go:build linux

package test

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// beginStuck begins an upgrade whose new generation loads until release, and
// returns when it is at that.
func (s *service) beginStuck() *running {
	s.t.Helper()
	s.breaks(stuck)
	got := s.beginVerb("upgrade")
	s.line("loading")
	s.mends()
	return got
}

// A second upgrade is refused, and told who has asked for the first one, and when.
// So is a reload. The first one is not disturbed.
func TestUpgradeRefusesASecond(t *testing.T) {
	eachFragile(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		requests := s.client()
		first := s.beginStuck()
		s.failed(s.beginVerb("upgrade"), exitLocked, fmt.Sprintf("another upgrade runs: pid %d asked for it at 20", first.pid))
		if got := s.verb("reload"); got.code != exitLocked || !strings.Contains(got.err, "an upgrade runs") {
			t.Errorf("reload answers %+v", got)
		}
		for _, sig := range []syscall.Signal{syscall.SIGUSR2, syscall.SIGHUP} {
			r.send(sig)
			r.event("the refusal of "+signalName(sig), func(e toldEvent) bool { return e.Event == event.Ignored && e.Signal == signalName(sig) })
		}
		s.release()
		s.succeeded(first)
		s.generation()
		s.shows(r.pid, s.current())
		requests.finish()
		s.promoted()
		s.stop(r, false)
	})
}

// A stop in the middle of an upgrade ends both generations, and the upgrade.
func TestStopInMidUpgrade(t *testing.T) {
	eachFragile(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve("--stop", "TERM/1/KILL")
		first := s.beginStuck()
		everyone := watchAll(t, s.everyone())
		if got := s.verb("stop"); got.code != 0 {
			t.Errorf("stop answers %+v", got)
		}
		s.failed(first, exitUpgrade, "the service is being stopped")
		r.finish()
		exited(t, everyone...)
		s.over()
	})
}

// An upgrade in the middle of a stop is refused, and the stop goes on.
func TestUpgradeInMidStop(t *testing.T) {
	eachFragile(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		_, answers := s.hang()
		stop := s.beginVerb("stop")
		r.until(event.Stopping)
		s.failed(s.beginVerb("upgrade"), exitLocked, "the service is stopping")
		r.send(syscall.SIGHUP)
		r.until(event.Ignored)
		s.release()
		if a := <-answers; a.err != nil {
			t.Errorf("the request was lost: %v", a.err)
		}
		if got := stop.result(); got.code != 0 {
			t.Errorf("stop answers %+v", got)
		}
		r.finish()
		s.over()
	})
}

// schedules end what does not end by itself, soon.
var schedules = map[string]string{"unicorn": "QUIT/0.2/TERM/60/KILL", "gunicorn": "TERM/0.2/QUIT/0.2/KILL"}

// A request in the old generation that takes longer than the schedule costs that
// generation its grace, and nobody else.
func TestUpgradeEscalatesOnTheOldGeneration(t *testing.T) {
	eachFragile(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve("--stop", schedules[c.name])
		old := watchAll(t, s.everyone())
		_, answers := s.hang()
		s.upgradeByVerb(r)
		exited(t, old...)
		if a := <-answers; a.err == nil {
			t.Error("the request was answered, which nobody has let it")
		}
		if n := len(r.all(event.Retiring)); n < 2 {
			t.Errorf("the schedule had %d steps", n)
		}
		for _, e := range r.all(event.Signalled) {
			for _, pid := range e.pids() {
				if slices.Contains(s.everyone(), pid) {
					t.Errorf("%s went to the new generation, %d", e.Signal, pid)
				}
			}
		}
		requests := s.client()
		requests.more()
		requests.finish()
		if got := s.verb("stop"); got.code != 0 {
			t.Errorf("stop answers %+v", got)
		}
		r.finish() // by whichever step of so short a schedule
		s.over()
	})
}
