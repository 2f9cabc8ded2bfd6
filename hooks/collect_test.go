//go:build linux

package hooks_test

import (
	"testing"
)

// collecting makes each server's master force its garbage collector before each
// fork, and once more when it is about to replace itself.
var collecting = map[string]string{
	"unicorn": `
before_fork { |server, worker| collect; say "collected #{$$}" }
before_exec { |server| collect; say "collected #{$$}" }
`,
	"gunicorn": `
def pre_fork(server, worker):
    collect()
    say("collected %d" % os.getpid())
def pre_exec(server):
    collect()
    say("collected %d" % os.getpid())
`,
}

// A collector that finds the lock's descriptor unreferenced closes it, and the
// lock is gone: in the master, or in a worker, which has its own copy.
func TestGarbageCollection(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		for _, way := range []string{shared, closed} { // inherited, and opened by the hook
			t.Run("way="+way, func(t *testing.T) {
				t.Parallel()
				c := c
				c.way, c.above = way, collecting[c.name]
				s := serve(t, c)
				for range 3 {
					s.get("collect")
					s.holds(s.everyone()...)
					s.respawn()
					s.holds(s.everyone()...)
				}
				s.upgrade()
				s.get("collect")
				s.holds(s.everyone()...)
				if got := s.count("collected"); got != 6 { // a boot, three respawns, an exec, a boot
					t.Errorf("the masters collected %d times, want 6", got)
				}
				s.stop()
			})
		}
	})
}
