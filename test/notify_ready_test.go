//go:build linux

package test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/lockshim/lockshim/shim/event"
)

// ready blocks until the shim has told that the generation of the latest master
// serves, and returns that. A daemon may be ready while its launcher still leads.
func (s *service) ready(r *shimRun) toldEvent {
	s.t.Helper()
	led := r.find(0, fmt.Sprintf("the generation of master %d", s.master), func(e toldEvent) bool {
		return e.PID == s.master && slices.Contains([]event.Kind{event.Launched, event.NewGeneration}, e.Event)
	})
	i := r.find(0, fmt.Sprintf("the readiness of master %d", s.master), func(e toldEvent) bool {
		return e.Event == event.Ready && e.Generation == r.told[led].Generation
	})
	return r.told[i]
}

// Gunicorn says READY=1 in every generation, whoever started it.
func TestNotifyGunicorn(t *testing.T) {
	t.Parallel()
	for _, background := range []bool{false, true} {
		c := setup{server: gunicorn, background: background}
		t.Run(c.title(), func(t *testing.T) {
			t.Parallel()
			s := prepare(t, c)
			r := s.serve()
			for generation := 1; ; generation++ {
				if e := s.ready(r); e.Generation != generation {
					t.Errorf("generation %d is ready, want %d", e.Generation, generation)
				}
				if generation == 3 {
					break
				}
				s.upgrade(r, false)
			}
			s.stop(r, false)
			r.never(event.Trouble, event.Forged)
			if told := r.all(event.Ready); len(told) != 3 {
				t.Errorf("the shim told %d times that a generation is ready, want 3", len(told))
			}
		})
	}
}

// With the hook a generation is ready when a worker has loaded the application,
// and not before: not with Gunicorn's own READY=1.
func TestNotifyHook(t *testing.T) {
	t.Parallel()
	for _, server := range []server{unicorn, gunicorn} {
		for _, background := range []bool{false, true} {
			c := setup{server: server, background: background, hook: true, workers: 1}
			t.Run(c.title(), func(t *testing.T) {
				t.Parallel()
				testNotifyHook(t, c)
			})
		}
	}
}

// loading is an application that says so, and waits to be let go.
var loading = map[string]string{
	"unicorn":  "File.open(%q, 'a') { |f| f.syswrite(\"loading #{$$}\\n\") }\nFile.open(%q) { |f| f.gets }\n",
	"gunicorn": "with open(%q, 'w') as f:\n    f.write('loading %%d\\n' %% os.getpid())\nopen(%q).readline()\n",
}

func testNotifyHook(t *testing.T, c setup) {
	s := prepare(t, c)
	s.app = fmt.Sprintf(loading[c.name], s.file("events"), s.file("hang"))
	s.writeFiles()
	r := s.run()
	s.loads(r, 1)
	old := watch(t, s.master)
	r.knows(s.master)
	old.send(syscall.SIGUSR2)
	s.loads(r, 2)
	s.retire(r, old)
	s.stop(r, false)
	r.never(event.Trouble, event.Forged)
	if told := r.all(event.Ready); len(told) != 2 {
		t.Errorf("the shim told %d times that a generation is ready, want 2", len(told))
	}
}

// loads lets the application of a new generation load, and fails the test if the
// shim has told before that it is ready.
func (s *service) loads(r *shimRun, generation int) {
	s.t.Helper()
	s.line("loading")
	before := time.Now()
	s.release()
	s.generation()
	i := r.find(0, "the readiness of a generation", func(e toldEvent) bool { return e.Event == event.Ready && e.Generation == generation })
	if r.told[i].Time.Before(before) {
		s.t.Errorf("generation %d was ready before its application was loaded", generation)
	}
}
