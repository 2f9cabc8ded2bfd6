//go:build linux

package test

import (
	"slices"
	"testing"

	"github.com/lockshim/lockshim/shim"
)

// status says which generation serves: the first one once it is ready, and after
// an upgrade by hand the next one in its place.
func TestStatusOfReadiness(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		s.ready(r)
		s.stands(shim.Serving, "ready")
		old := s.usr2()
		s.ready(r)
		s.stands(shim.Upgrading, "draining", "ready")
		s.retire(r, old)
		s.stands(shim.Serving, "ready")
		s.stop(r, true)
	})
}

// A generation that never says that it is ready is seen to start, and no longer
// once it has had its time.
func TestStatusOfAServerThatIsNeverReady(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	block := s.file("hang")
	r := s.runCommand([]string{"sh", "-c", "exec cat " + block}, "--ready", "notify", "--ready-timeout", "1s")
	r.until("launched")
	s.stands(shim.Starting, "starting")
	r.until("not-ready")
	s.stands(shim.Serving, "ready")
	if got := s.verb("stop"); got.code != 0 {
		t.Errorf("stop answers %+v", got)
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
