//go:build linux

package test

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
)

// notReady is the code of status --ready where no generation serves.
const notReady = 3

// status says which generation serves: the first one once it is ready, and after
// an upgrade by hand the next one in its place.
func TestStatusOfReadiness(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		s.ready(r)
		s.stands(shim.Serving, "ready")
		s.probes(0)
		old := s.usr2()
		s.ready(r)
		s.stands(shim.Upgrading, "draining", "ready")
		s.probes(0)
		s.retire(r, old)
		s.stands(shim.Serving, "ready")
		s.stop(r, true)
		s.probes(notReady)
	})
}

// While a service stops it serves no more, whatever its generation was.
func TestStatusReadyWhileStopping(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		s.ready(r)
		_, answers := s.hang()
		r.send(syscall.SIGTERM)
		r.until(event.Signalled)
		s.probes(notReady)
		s.release()
		<-answers
		r.finish()
	})
}

// probes fails the test unless status --ready exits with the code, and prints what
// status prints.
func (s *service) probes(code int) {
	s.t.Helper()
	if got := s.verb("status", "--ready"); got.code != code || !strings.Contains(got.out, "state") {
		s.t.Errorf("status --ready answers %+v, want code %d", got, code)
	}
}

// A generation that never says that it is ready is seen to start, and no longer
// once it has had its time.
func TestStatusOfAServerThatIsNeverReady(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	command := []string{"sh", "-c", "exec cat " + s.file("hang")}
	r := s.runCommand(command, "--ready", "notify", "--ready-timeout", "1h")
	r.until("launched")
	s.stands(shim.Starting, "starting")
	s.probes(notReady)
	s.ends(r)
	r = s.runCommand(command, "--ready", "notify", "--ready-timeout", "1s")
	r.until("not-ready")
	s.stands(shim.Serving, "ready")
	s.ends(r)
}

// ends stops the service by the verb.
func (s *service) ends(r *shimRun) {
	s.t.Helper()
	if got := s.verb("stop"); got.code != 0 {
		s.t.Errorf("stop answers %+v", got)
	}
	r.finish()
}

// stands fails the test unless status shows the service in that state, and its
// generations in those, oldest first.
func (s *service) stands(state shim.State, generations ...string) {
	s.t.Helper()
	st := s.status()
	var got []string
	for _, g := range st.Generations {
		got = append(got, g.State)
	}
	if st.State != state || !slices.Equal(got, generations) {
		s.t.Errorf("status says %q with the generations %q, want %q with %q", st.State, got, state, generations)
	}
}
