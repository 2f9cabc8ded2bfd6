//go:build linux

package test

import (
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// The end of a launcher that has left a daemon behind is not the service's.
func TestDaemonIsFollowed(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		if !c.background {
			return
		}
		s := prepare(t, c)
		r := s.serve()
		launched := r.all(event.Launched)
		if len(launched) != 1 || launched[0].PID == s.master {
			t.Fatalf("the shim told of the launch %+v, want a launcher's", launched)
		}
		if e := r.untilEnded(launched[0].PID); *e.Code != 0 {
			t.Errorf("the shim says that the launcher ended with %d, want 0", *e.Code)
		}
		s.held()
		s.shows(r.pid, s.current())
		s.stop(r, c.hook)
		r.never(event.Masterless, event.StrayLeft, event.Trouble)
	})
}

// A failure is an application, or lines of configuration, with which a server
// does not come up, and the code that it gives then.
var bootFailures = []struct {
	name   string
	server server
	more   string // lines of configuration
	app    string // the whole application, "" for one that works
	code   int
}{
	{"unicorn, configuration", unicorn, `raise "no"`, "", 1},
	{"unicorn, application", unicorn, `preload_app true`, `raise "no"`, 1},
	{"gunicorn, configuration", gunicorn, `raise RuntimeError("no")`, "", 1},
	{"gunicorn, boot of a worker", gunicorn, "", `raise RuntimeError("no")`, 3},
	{"gunicorn, no application", gunicorn, "", `nothing = 0`, 4},
	{"gunicorn, preloaded", gunicorn, "preload_app = True", `raise RuntimeError("no")`, 1},
}

// The code arrives unchanged: from a server in the foreground, from a launcher
// that failed, and from a daemon that failed when its launcher was gone.
//
// One worker: a second one that fails while Gunicorn halts for the first makes a
// traceback and a 1 of its code.
func TestBootFailure(t *testing.T) {
	t.Parallel()
	for _, f := range bootFailures {
		for _, background := range []bool{false, true} {
			c := setup{server: f.server, background: background, hook: true, workers: 1, more: f.more}
			t.Run(f.name+", "+c.title(), func(t *testing.T) {
				t.Parallel()
				s := prepare(t, c)
				if f.app != "" {
					s.put(map[string]string{"unicorn": "config.ru", "gunicorn": "app.py"}[f.server.name], f.app+"\n")
				}
				if !background {
					if alone := s.begin(s.command()...).result(); alone.code != f.code {
						t.Fatalf("alone the server answers %+v, want %d", alone, f.code)
					}
				}
				r := s.run()
				if code := r.finish(); code != f.code {
					t.Errorf("the shim exits with %d, want %d", code, f.code)
				}
				s.over()
				r.never(event.Trouble, event.StrayLeft)
			})
		}
	}
}
