//go:build linux

package test

import (
	"fmt"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// ready blocks until the shim has told that the generation of the latest master
// serves, and returns that.
func (s *service) ready(r *shimRun) toldEvent {
	s.t.Helper()
	i := r.find(0, fmt.Sprintf("the readiness of master %d", s.master), func(e toldEvent) bool {
		return e.Event == event.Ready && e.PID == s.master
	})
	return r.told[i]
}

// Gunicorn says READY=1 in every generation, whoever started it.
func TestNotifyGunicorn(t *testing.T) {
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
