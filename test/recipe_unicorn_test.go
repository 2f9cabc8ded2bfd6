//go:build linux

package test

import (
	"os"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// recipe is what people have in their unicorn.rb since before there was a hook.
// It truncates the lockfile, and its descriptor is the garbage collector's.
const recipe = `
before_fork { |server, worker| f = File.open("#{server.config[:pid]}.lock", 'w'); exit unless f.flock(File::LOCK_SH) }
`

// prepareRecipe writes a Unicorn with the recipe, and says "master PID" too.
func prepareRecipe(t *testing.T, background bool) *service {
	t.Helper()
	c := setup{server: unicorn, pidfile: true, background: background, workers: 1, more: recipe}
	s := prepare(t, c)
	s.lock = s.file("server.pid.lock")
	return s
}

// The recipe works unchanged, through generations: nobody but the service's
// processes has the lock, the shim keeps its pid, and a shell sees the same lock.
func TestRecipe(t *testing.T) {
	t.Parallel()
	for _, background := range []bool{false, true} {
		t.Run(setup{server: unicorn, background: background}.title(), func(t *testing.T) {
			t.Parallel()
			s := prepareRecipe(t, background)
			r := s.settle()
			c := s.client()
			for range 3 {
				old := s.current()
				s.shellSees("locked")
				s.usr2()
				s.shows(r.pid, old, s.current())
				s.quitOld(r, old)
			}
			c.more()
			s.shellSees("locked")
			r.never(event.Unlocked, event.Trouble, event.Foreign, event.Replaced)
			c.finish()
			s.stopsWith(r, 0)
			s.shellSees("free")
			s.over()
		})
	}
}

// What the recipe writes over, lockshim does not need: the file is empty, and
// the shim is found, adopted and refused all the same.
func TestRecipeAdopted(t *testing.T) {
	t.Parallel()
	s := prepareRecipe(t, false)
	r := s.serve()
	second := s.run()
	if code := second.finish(); code != 75 {
		t.Errorf("the second shim exits with %d, want 75", code)
	}
	s.refusedFor(second, r.pid)
	old := s.current()
	s.usr2()
	r.kill()
	r = s.run()
	r.until(event.Adopted)
	s.shows(r.pid, old, s.current())
	s.quitOld(r, old)
	s.stopsWith(r, 0)
	s.over()
	if info, err := os.Stat(s.lock); err != nil || info.Size() != 0 {
		t.Errorf("the lockfile is %+v, %v", info, err)
	}
}

// shellSees fails the test unless a shell's flock(1) finds that: of a locked
// service the exclusive lock is refused and the shared one granted.
func (s *service) shellSees(want string) {
	s.t.Helper()
	if _, err := os.Stat("/usr/bin/flock"); err != nil {
		s.t.Skip("needs the package util-linux")
	}
	script := "flock -s -n 0 || exit 1; flock -u 0; flock -x -n 0 && echo free || echo locked"
	got := s.begin("/bin/sh", "-c", "exec <\"$0\"; "+script, s.lock).result()
	if got.code != 0 || got.out != want+"\n" {
		s.t.Errorf("a shell's flock answers %+v, want %s", got, want)
	}
}
