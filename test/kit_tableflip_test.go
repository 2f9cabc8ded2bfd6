//go:build linux

package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// flipper is the program of testdata/tableflip, built when a test first asks.
var flipper struct {
	sync.Once
	path    string
	missing string // why its modules cannot be had
}

// buildFlipper builds it in a module of its own, so that lockshim does not depend
// on tableflip.
func buildFlipper(t *testing.T) {
	t.Helper()
	flipper.path = filepath.Join(base, "flipper")
	if got := goCommand(t, "mod", "download"); got.code != 0 {
		flipper.missing = got.err
		return
	}
	if got := goCommand(t, "build", "-o", flipper.path, "."); got.code != 0 {
		t.Errorf("cannot build testdata/tableflip: %s", got.err)
	}
}

// goCommand runs the go command in the module.
func goCommand(t *testing.T, args ...string) result {
	t.Helper()
	path, err := exec.LookPath("go")
	must(t, err)
	out, outPipe := collect(t)
	errs, errPipe := collect(t)
	p := start(t, spec{args: append([]string{path}, args...), env: os.Environ(), dir: "testdata/tableflip", out: outPipe, err: errPipe})
	must(t, outPipe.Close())
	must(t, errPipe.Close())
	return (&running{p, out, errs}).result()
}

// A flip is a service of that program. It has no workers.
type flip struct{ *service }

// prepareFlip prepares one, with the hook or without.
func prepareFlip(t *testing.T, hook bool) flip {
	t.Helper()
	flipper.Do(func() { buildFlipper(t) })
	if flipper.missing != "" {
		t.Skipf("needs the module github.com/cloudflare/tableflip: %s", flipper.missing)
	}
	return flip{prepare(t, setup{hook: hook, server: server{
		name:    "tableflip",
		program: flipper.path,
		args:    func(s *service) []string { return []string{fmt.Sprintf("-hook=%v", s.hook)} },
	}})}
}

// eachFlip runs a test in parallel with the hook and without.
func eachFlip(t *testing.T, test func(*testing.T, flip)) {
	t.Helper()
	t.Parallel()
	for _, hook := range []bool{true, false} {
		t.Run(fmt.Sprintf("hook=%v", hook), func(t *testing.T) {
			t.Parallel()
			test(t, prepareFlip(t, hook))
		})
	}
}

// shim starts a shim with the profile, which no name tells.
func (s flip) shim(flags ...string) *shimRun {
	s.t.Helper()
	return s.run(append([]string{"--profile", "tableflip"}, flags...)...)
}

// serve starts the program, and returns when it is ready.
func (s flip) serve(flags ...string) *shimRun {
	s.t.Helper()
	r := s.shim(flags...)
	s.next()
	s.settles(r)
	return r
}

// settles blocks until the shim knows that the new master is ready.
func (s flip) settles(r *shimRun) {
	s.t.Helper()
	r.knows(s.master)
	r.event("the readiness of a generation", func(e toldEvent) bool { return e.Event == event.Ready && e.PID == s.master })
}

// next blocks until a new master is ready.
func (s flip) next() {
	s.t.Helper()
	s.master, s.crew = number(s.t, s.line("ready")[1]), nil
}
