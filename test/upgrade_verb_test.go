//go:build linux

package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/event"
)

// The verb brings a new generation in and the old one out, and no request of eight
// clients is lost, kept connections or fresh ones. (Neither by hand, where people
// wait for the new workers before they stop the old master: TestManyUpgrades.)
func TestUpgrade(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		requests := s.public()
		for range testkit.Times(2, 20) {
			s.upgradeByVerb(r)
			requests.more()
		}
		answers, perKind := requests.leaves()
		if lost := slices.Concat(perKind[:]...); len(lost) > 0 {
			t.Errorf("of %d requests %d were lost: %v", answers, len(lost), lost[:min(len(lost), 3)])
		}
		noZombies(t, r.pid)
		r.never(event.Trouble, event.Ignored, event.Masterless, event.StrayLeft, event.UpgradeFailed, event.NotReady)
		r.order(event.Ready, event.Upgrading, event.NewGeneration, event.Ready, event.Retiring, event.Ended, event.Upgraded)
		s.stop(r, c.background)
	})
}

// An upgrade in a pipe says what it does in plain lines: each with a time, and
// nothing that moves a cursor.
func TestUpgradeSaysWhatItDoes(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		got := s.beginVerb("upgrade").result()
		s.generation()
		for i, words := range []string{"upgrading generation 1", "generation 2 has master", "generation 2 is ready", "retiring generation 1", "upgraded to generation 2"} {
			if !strings.Contains(got.err, words) || strings.ContainsAny(got.err, "\r\x1b") {
				t.Errorf("line %d: no %q in %q", i, words, got.err)
			}
		}
		s.stop(r, false)
	})
}

// How new code can fail, and what is said about it.
var mishaps = []struct {
	how    string
	hidden bool // the master itself loads the application
	flags  []string
	why    map[string]string // by server
}{
	{how: wrong, why: map[string]string{"unicorn": "ended", "gunicorn": "ended"}},
	{how: broken, hidden: true, why: map[string]string{"unicorn": "ended before it was ready", "gunicorn": "ended before it was ready"}},
	{how: broken, flags: []string{"--ready-timeout", "3s"}, why: map[string]string{"unicorn": "was not ready in time", "gunicorn": "the new generation"}}, // Gunicorn may wait for the worker whose code is broken
	{how: stuck, flags: []string{"--ready-timeout", "2s"}, why: map[string]string{"unicorn": "was not ready in time", "gunicorn": "was not ready in time"}},
	{how: dying, why: map[string]string{"unicorn": "the new generation ended", "gunicorn": "the new generation ended"}}, // before the shim has read that it is ready, perhaps
}

// preload lets the master load the application.
var preload = map[string]string{"unicorn": "preload_app true\n", "gunicorn": "preload_app = True\n"}

// New code that does not serve is rolled back: the old generation goes on, no
// request is lost, and good code is brought in afterwards.
func TestUpgradeFails(t *testing.T) {
	t.Parallel()
	for _, f := range mishaps {
		name := f.how
		if f.hidden {
			name += "+preload"
		}
		t.Run(name, func(t *testing.T) {
			eachFragile(t, func(t *testing.T, c setup) {
				if f.hidden {
					c.more += preload[c.name]
				}
				s := prepare(t, c)
				r := s.serve(f.flags...)
				requests := s.client()
				s.breaks(f.how)
				s.failed(s.beginVerb("upgrade"), exitUpgrade, f.why[c.name])
				s.shows(r.pid, s.current())
				requests.more()
				s.mends()
				s.upgradeByVerb(r)
				requests.finish()
				r.never(event.Trouble, event.Masterless)
				s.stop(r, false)
			})
		})
	}
}

// What the new generation wrote last is shown, where that is in a file: Unicorn's
// standard error is one here.
func TestUpgradeFailureIsQuoted(t *testing.T) {
	t.Parallel()
	s := prepare(t, fragile(setup{server: unicorn, hook: true, more: preload["unicorn"]}))
	r := s.serve()
	s.breaks(broken)
	s.failed(s.beginVerb("upgrade"), exitUpgrade, "the code is broken")
	s.mends()
	s.stop(r, false)
}

// A preflight that fails keeps the server from being told anything.
func TestUpgradePreflight(t *testing.T) {
	eachFragile(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		check := fmt.Sprintf("if test -e %s; then echo 'no good' >&2; exit 3; fi", s.file(broken))
		r := s.serve("--preflight", check)
		requests := s.client()
		s.breaks(broken)
		s.failed(s.beginVerb("upgrade"), exitUpgrade, "the preflight failed")
		if got := s.verb("upgrade"); !strings.Contains(got.err, "it exited with 3: no good") {
			t.Errorf("the preflight's own words are missing:\n%s", got.err)
		}
		r.never(event.Signalled, event.Upgrading)
		s.shows(r.pid, s.current())
		s.mends()
		s.upgradeByVerb(r)
		requests.finish()
		r.never(event.Trouble, event.StrayLeft)
		s.stop(r, false)
	})
}
