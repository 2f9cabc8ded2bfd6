//go:build linux

package hooks_test

import (
	"testing"
)

// reporting makes each master say, after our lines, what the hook left behind.
var reporting = map[string]string{
	"unicorn": counting["unicorn"] + `
say "environment #{ENV.count { |name, _| name == "LOCKSHIM_FD" }}"
before_exec { |server| say "environment #{ENV.count { |name, _| name == "LOCKSHIM_FD" }}" }
`,
	"gunicorn": counting["gunicorn"] + `
say("environment %d" % ("LOCKSHIM_FD" in os.environ))
def pre_exec(server):
    say("environment %d" % ("LOCKSHIM_FD" in os.environ))
`,
}

// Without lockshim the server runs as if our lines were not there: nothing is
// opened, nothing is set. LOCKSHIM_LOCK may also be a name, which a person has
// set for the lockshim commands.
func TestWithoutLockshim(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		for _, way := range []string{absent, relative} {
			t.Run(way, func(t *testing.T) {
				t.Parallel()
				c := c
				c.way, c.below = way, reporting[c.name]
				with := serve(t, c).unhooked()
				c.without = true
				if bare := serve(t, c).unhooked(); with != bare {
					t.Errorf("the master has %d descriptors, and %d without our lines", with, bare)
				}
			})
		}
	})
}

// unhooked fails the test if the hook has done anything, ends the server, and
// returns how many descriptors its master has.
func (s *service) unhooked() int {
	s.t.Helper()
	s.upgrade()
	if !s.tryExclusive() {
		s.t.Error("somebody holds the lock")
	}
	for _, n := range s.all("environment") {
		if n != 0 {
			s.t.Error("the hook has set LOCKSHIM_FD")
		}
	}
	s.silent()
	kill(s.t, s.master, s.graceful)
	s.gone()
	return s.last("master")
}
