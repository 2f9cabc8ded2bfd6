package shim

import (
	"slices"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/profile"
)

// An old generation that leaves by itself is not told to, as that might end it in
// the middle of a request; one that stays beyond its time is killed, and nobody
// else.
func TestLeaverIsLeftAlone(t *testing.T) {
	p, err := profile.Lookup("tableflip")
	if err != nil {
		t.Fatal(err)
	}
	r := rules{profile: p}
	s, first := r.retire(state{upgrade: upgrade{stage: retiring, old: 1, new: 2, at: -1}}, 0)
	if hasKind(first, send) || !hasKind(first, stepIn) {
		t.Errorf("at first: %v", first)
	}
	_, second := r.retire(s, 1)
	if !slices.ContainsFunc(second, func(a action) bool {
		return a.kind == send && a.signal == syscall.SIGKILL && a.target == allRetirees && a.number == 1
	}) {
		t.Errorf("at last: %v", second)
	}
}

// A new one that fails is killed at once: told to stop, it would remove the socket
// that the old one listens on.
func TestLeaverIsRolledBackByKill(t *testing.T) {
	p, err := profile.Lookup("tableflip")
	if err != nil {
		t.Fatal(err)
	}
	r := rules{profile: p}
	_, actions := r.undo(state{upgrade: upgrade{stage: failing, old: 1, new: 2}}, 0)
	i := slices.IndexFunc(actions, func(a action) bool { return a.kind == send })
	if i < 0 || actions[i].signal != syscall.SIGKILL || actions[i].target != allNewcomers || hasKind(actions, stepIn) {
		t.Errorf("it is rolled back by %v", actions)
	}
}
