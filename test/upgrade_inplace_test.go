//go:build linux

package test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// A spoiler makes the new code of a server that it cannot load, and checks it as an
// operator would.
type spoiler struct {
	file, line string // what it begins with
	check      string // the command, without the file
	code       int    // what the server exits with
}

var spoilers = map[string]spoiler{
	"puma":    {"puma.rb", "end end\n", "ruby -c", 1},
	"php-fpm": {"fpm.conf", "no_such_directive = 1\n", "php-fpm8.2 -t -y", 78}, // EX_CONFIG of sysexits.h
	"uwsgi":   {"app.py", "raise Exception('the code is broken')\n", "python3", 22},
	"haproxy": {"haproxy.cfg", "no_such_keyword\n", "haproxy -c -q -f", 1},
}

// spoil writes code that does not load, and returns what writes the good code again.
func (p inPlace) spoil(s *service) (mend func()) {
	s.t.Helper()
	spoiler := spoilers[p.name]
	good := s.text(spoiler.file)
	s.put(spoiler.file, spoiler.line+good)
	return func() {
		s.t.Helper()
		s.put(spoiler.file, good)
	}
}

// Puma, php-fpm and uWSGI have given up the old code when they find that the new
// one does not load: the service ends, and the shim with it as the server did, so
// that the init system starts anew. The upgrade says why.
func TestInPlaceUpgradeEndsTheService(t *testing.T) {
	eachInPlace(t, func(t *testing.T, p inPlace, s *service) {
		if p.name == haproxy.name {
			return
		}
		r := p.start(s)
		everyone := watchAll(t, s.everyone())
		p.spoil(s)
		code := spoilers[p.name].code
		s.failed(s.beginVerb("upgrade"), exitUpgrade, fmt.Sprintf("no master is left: it exited with %d", code))
		p.leaves(s, r, code)
		exited(t, everyone...)
		r.once(event.UpgradeFailed)
	})
}

// HAProxy keeps its worker when it cannot load a configuration: nobody tells, but no
// generation follows. No request is lost, and a good configuration is brought in
// afterwards.
func TestInPlaceUpgradeKeepsTheWorker(t *testing.T) {
	eachInPlace(t, func(t *testing.T, p inPlace, s *service) {
		if p.name != haproxy.name {
			return
		}
		p.flags = []string{"--ready-timeout", "5s"}
		r := p.start(s)
		requests := s.client()
		number, before := p.note(s, r), s.current()
		mend := p.spoil(s)
		s.failed(s.beginVerb("upgrade"), exitUpgrade, "no new generation came in time")
		requests.more()
		if got := p.note(s, r); got != number || s.master != before.master || !slices.Equal(s.crew, before.workers) {
			t.Errorf("generation %d is %v, want %d and %v", got, s.current(), number, before)
		}
		mend()
		p.succeeds(s, r)
		requests.finish()
		r.send(syscall.SIGTERM)
		p.end(s, r, p.stopped, false)
	})
}

// succeeds upgrades by the verb, once.
func (p inPlace) succeeds(s *service, r *shimRun) {
	s.t.Helper()
	number := p.note(s, r)
	if got := s.verb("upgrade"); got.code != 0 {
		s.t.Fatalf("upgrade answers %+v", got)
	}
	if got := p.note(s, r); got != number+1 {
		s.t.Errorf("generation %d follows generation %d", got, number)
	}
}

// A preflight keeps new code from them that does not load: nothing is sent, no
// request is lost, and the next upgrade brings good code in.
func TestInPlacePreflight(t *testing.T) {
	eachInPlace(t, func(t *testing.T, p inPlace, s *service) {
		spoiler := spoilers[p.name]
		p.flags = append(slices.Clone(p.flags), "--preflight", spoiler.check+" "+s.file(spoiler.file))
		r := p.start(s)
		requests := s.client()
		mend := p.spoil(s)
		s.failed(s.beginVerb("upgrade"), exitUpgrade, "the preflight failed")
		r.never(event.Signalled, event.Upgrading)
		requests.more()
		requests.finish()
		mend()
		p.succeeds(s, r)
		r.send(syscall.SIGTERM)
		p.end(s, r, p.stopped, true)
	})
}
