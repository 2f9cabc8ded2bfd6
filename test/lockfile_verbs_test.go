//go:build linux

package test

import "testing"

// The verbs find a service whose lockfile was lost and whose shim is dead.
func TestLockfileLostVerbs(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		c.workers = 1
		inMidLife := func(l loss) bool { return l.inMidLife }
		eachLoss(t, inMidLife, func(t *testing.T, l loss) {
			s := prepare(t, c)
			r := s.serve()
			l.strike(s)
			r.kill()
			old := s.current()
			if got := s.verb("signal", "USR2"); got.code != 0 || !names("pid "+got.out, old.master) {
				t.Errorf("signal answers %+v, want the pid %d", got, old.master)
			}
			s.generation()
			s.shows(0, old, s.current())
			everyone := watchAll(t, append(s.everyone(), old.master, old.workers[0]))
			if got := s.verb("stop"); got.code != 0 {
				t.Errorf("stop answers %+v", got)
			}
			exited(t, everyone...)
			s.gone()
			if got := s.verb("stop"); got.code != 1 {
				t.Errorf("a second stop answers %+v, want code 1", got)
			}
		})
	})
}
