//go:build linux

package hooks_test

import (
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// counting makes a master, before each fork, and a worker, when it is ready, say
// how many descriptors it has, and how deep it is in calls. The moments are chosen so that nothing else opens
// or closes any: the dead worker's are closed, the new one's open.
var counting = map[string]string{
	"unicorn": `
before_fork { |server, worker|
  say "depth #{caller.size}"
  say "master #{Dir.children("/proc/self/fd").size}"
}
after_fork { |server, worker| say "forked #{Dir.children("/proc/self/fd").size}" }
`,
	"gunicorn": `
import traceback
def pre_fork(server, worker):
    say("depth %d" % len(traceback.extract_stack()))
    say("master %d" % len(os.listdir("/proc/self/fd")))
def post_fork(server, worker):
    say("forked %d" % len(os.listdir("/proc/self/fd")))
`,
}

func TestDescriptorsAfterRespawns(t *testing.T) {
	respawns := testkit.Times(10, 50)
	each(t, func(t *testing.T, c setup) {
		for _, way := range []string{shared, closed} {
			t.Run("way="+way, func(t *testing.T) {
				t.Parallel()
				c := c
				c.way, c.below = way, counting[c.name]
				s := serve(t, c)
				s.respawn()
				master, worker := s.last("master"), s.last("forked")
				for range respawns {
					s.respawn()
				}
				if got := s.last("master"); got != master {
					t.Errorf("the master has %d descriptors after %d respawns, want %d", got, respawns, master)
				}
				if got := s.last("forked"); got != worker {
					t.Errorf("a fresh worker has %d descriptors after %d respawns, want %d", got, respawns, worker)
				}
				if got := s.count("forked"); got != respawns+2 {
					t.Errorf("%d workers were forked, want %d", got, respawns+2)
				}
				s.holds(s.everyone()...)
				s.stop()
			})
		}
	})
}

// An inherited descriptor is used as it is: no other is opened.
func TestNoSecondDescriptor(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.below = counting[c.name]
		s := serve(t, c)
		with, number := s.last("master"), lockFDs(s.master, s.info)
		s.upgrade()
		if next := lockFDs(s.master, s.info); next[0] != number[0] {
			t.Errorf("the lock's descriptor is %d in the next generation, want %d", next[0], number[0])
		}
		s.stop()

		c.without = true
		s = serve(t, c)
		if got := s.last("master"); got != with {
			t.Errorf("with the hook the master has %d descriptors, without it %d", with, got)
		}
		kill(t, s.master, s.graceful)
		s.gone()
	})
}
