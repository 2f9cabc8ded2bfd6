//go:build linux

package flock

import (
	"os"
	"testing"
)

func TestGuardIsIndependentOfFlock(t *testing.T) {
	path := lockfile(t)
	a, b := open(t, path, nil), open(t, path, nil)
	do(t, a.Wait())
	gets(t, "the guard beside another's exclusive lock", b.Guard, true)
	gets(t, "the guard of two", a.Guard, false)
	gets(t, "the guard that it has", b.Guard, true)
	do(t, a.Release())
	gets(t, "the exclusive lock beside another's guard", a.TryWait, true)
	do(t, b.Close())
	gets(t, "the guard after its owner's close", a.Guard, true)
}

func TestGuardEndsWithItsProcess(t *testing.T) {
	path := lockfile(t)
	h := start(t, nil)
	h.must("open", "a", path)
	if got := h.must("guard", "a"); got != "true" {
		t.Fatalf("the helper's guard: %s", got)
	}
	f := open(t, path, nil)
	gets(t, "the guard of a living process", f.Guard, false)
	h.Kill()
	gets(t, "the guard of a killed process", f.Guard, true)
}

func TestReopenADeletedFile(t *testing.T) {
	path := lockfile(t)
	f := open(t, path, nil)
	do(t, f.Share())
	do(t, os.Remove(path))
	do(t, os.WriteFile(path, nil, 0o640)) // somebody puts another one there
	g, err := f.Reopen()
	do(t, err)
	defer g.Close()
	if g.ID() != f.ID() || g.Path() != f.Path() {
		t.Errorf("reopened %v at %s, want %v at %s", g.ID(), g.Path(), f.ID(), f.Path())
	}
	gets(t, "exclusive on the reopened File", g.TryWait, false)
	gets(t, "exclusive on the file at the path", open(t, path, nil).TryWait, true)
}
