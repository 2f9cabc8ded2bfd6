//go:build linux

package test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
)

// eachHookedASGI runs a test in parallel for uvicorn and Hypercorn with the hook.
func eachHookedASGI(t *testing.T, more string, test func(*testing.T, *service)) {
	t.Helper()
	t.Parallel()
	for _, server := range []server{uvicorn, hypercorn} {
		t.Run(server.name, func(t *testing.T) {
			t.Parallel()
			test(t, prepareASGI(t, setup{server: server, hook: true, more: more}))
		})
	}
}

// With the hook every worker has the lock, so that it stays held when master and
// shim are gone. The shim is told when the first of them serves.
func TestASGIHook(t *testing.T) {
	eachHookedASGI(t, "", func(t *testing.T, s *service) {
		r := s.serve()
		r.until(event.Ready)
		requests := s.client()
		st := s.shows(r.pid, s.current())
		for _, g := range st.Generations {
			for _, p := range append(g.Workers, *g.Master) {
				if !p.Locked {
					t.Errorf("process %d has not the lock", p.PID)
				}
			}
		}
		if st.State != shim.Serving {
			t.Errorf("the state is %q, want %q", st.State, shim.Serving)
		}
		requests.more()
		requests.finish()
		s.killShim(r)
		crew := watchAll(t, s.crew)
		master := watch(t, s.master)
		master.send(syscall.SIGKILL)
		master.reaped()
		s.held()
		r2 := s.run()
		if code := r2.finish(); code != 1 {
			t.Errorf("the shim exits with %d, want 1", code)
		}
		exited(t, crew...)
		s.over()
	})
}

// unspoken makes of the application one that knows no lifespan: servers go on
// without when it raises an exception.
const unspoken = `
spoken = app
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        asyncio.get_running_loop().create_task(tell())
        raise ValueError("what is that?")
    await spoken(scope, receive, send)
`

// An application that knows no lifespan is ready when its server listens.
func TestASGIHookWithoutLifespan(t *testing.T) {
	eachHookedASGI(t, unspoken, func(t *testing.T, s *service) {
		r := s.serve()
		r.until(event.Ready)
		s.stop(r, true)
	})
}

// A lockfile that cannot be had is told in the server's log, and the server
// serves.
func TestASGIHookInTrouble(t *testing.T) {
	t.Parallel()
	s := prepareASGI(t, setup{server: uvicorn, hook: true, app: "import os\nos.environ['LOCKSHIM_LOCK'] += '/none'\n"})
	r := s.serve()
	requests := s.client()
	requests.more()
	requests.finish()
	s.stop(r, false)
	if log := strings.Join(r.lines, "\n"); strings.Count(log, "runs without the lock of '"+s.lock+"/none': [Errno 20] Not a directory") != s.workers {
		t.Errorf("the log does not say once a worker what is wrong:\n%s", log)
	}
}
