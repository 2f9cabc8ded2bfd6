//go:build linux

package test

import (
	"bufio"
	"fmt"
	"testing"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
)

// Each check says when a generation is ready, the first one too.
func TestReadyChecks(t *testing.T) {
	t.Parallel()
	for _, check := range []string{"notify", "listen", "after:0.1s"} {
		t.Run(check, func(t *testing.T) {
			eachServer(t, func(t *testing.T, c setup) {
				s := prepare(t, c)
				r := s.serve("--ready", check)
				s.ready(r)
				s.upgradeByVerb(r)
				s.stop(r, false)
				r.never(event.Trouble, event.NotReady)
			})
		})
	}
}

// A command says when: no generation is ready before it has succeeded, and the old
// one is not told to go. What runs there is no part of the tree.
func TestReadyCommand(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		gate, asked := s.fifo("gate"), bufio.NewReader(s.fifo("asked"))
		r := s.serve("--ready", fmt.Sprintf("exec:test \"$LOCKSHIM_LOCK\" = %s && echo asked >%s && read go <%s", s.lock, s.file("asked"), s.file("gate")))
		_, err := asked.ReadString('\n')
		must(t, err)
		if st := s.shows(r.pid, s.current()); st.State != shim.Starting || len(st.Strays) > 0 {
			t.Errorf("before the command has succeeded the state is %q, the strays are %+v", st.State, st.Strays)
		}
		_, err = gate.WriteString("go\n")
		must(t, err)
		s.ready(r)
		got := s.beginVerb("upgrade")
		old := s.current()
		s.generation()
		_, err = asked.ReadString('\n')
		must(t, err)
		s.shows(r.pid, old, s.current())
		r.never(event.Retiring)
		_, err = gate.WriteString("go\n")
		must(t, err)
		s.succeeded(got)
		s.shows(r.pid, s.current())
		s.promoted()
		s.stop(r, false)
		r.never(event.Trouble, event.StrayLeft)
	})
}

// A generation that is never ready is told of once, and serves all the same.
func TestNeverReady(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve("--ready", "exec:false", "--ready-timeout", "0.3s")
		r.until(event.NotReady)
		s.shows(r.pid, s.current())
		s.failed(s.beginVerb("upgrade"), exitUpgrade, "was not ready in time")
		s.shows(r.pid, s.current())
		s.stop(r, false)
		if n := len(r.all(event.NotReady)); n != 1 {
			t.Errorf("the shim told %d times that the first generation is not ready", n)
		}
	})
}
