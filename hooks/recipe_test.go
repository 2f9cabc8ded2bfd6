//go:build linux

package hooks_test

import (
	"fmt"
	"testing"
)

// The recipe that Unicorn's users have in their configuration, with the idiom
// that sends the old master away when the last worker of the new one is there.
const recipe = `
before_fork { |server, worker|
  f = File.open("#{server.config[:pid]}.lock", 'w')
  exit unless f.flock(File::LOCK_SH)
  old = "#{server.config[:pid]}.oldbin"
  Process.kill(:QUIT, File.read(old).to_i) if worker.nr == server.worker_processes - 1 && File.exist?(old)
  say "recipe #{$$}"
}
`

// It works unchanged, without our lines and above or below them, and a shell's
// flock sees the same lock.
func TestRecipe(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name         string
		above, below string
		without      bool
	}{
		{name: "alone", above: recipe, without: true},
		{name: "above", above: recipe},
		{name: "below", below: recipe},
	}
	unicorn := servers[0]
	for _, background := range []bool{false, true} {
		for _, test := range cases {
			t.Run(fmt.Sprintf("background=%v/%s", background, test.name), func(t *testing.T) {
				t.Parallel()
				s := prepare(t, setup{
					server: unicorn, background: background, workers: 2, lockName: "unicorn.pid.lock",
					above: test.above, below: test.below, without: test.without, pid: "unicorn.pid",
				})
				s.launch()
				s.generation()
				s.besideShell()
				for range 3 {
					old := s.usr2() // the recipe's idiom stops the old master
					await(t, old)
					s.besideShell()
				}
				if got := s.count("recipe"); got != 8 {
					t.Errorf("the recipe ran %d times for eight workers", got)
				}
				s.stop()
				if !s.flock("-x") {
					t.Error("flock -x is refused though every process is gone")
				}
			})
		}
	}
}

// besideShell fails the test unless flock(1) is refused the exclusive lock and
// granted the shared one.
func (s *service) besideShell() {
	s.t.Helper()
	if s.flock("-x") {
		s.t.Error("flock -x has the lock of a running server")
	}
	if !s.flock("-s") {
		s.t.Error("flock -s is refused beside a running server")
	}
	for _, pid := range s.everyone() {
		if len(lockFDs(pid, s.info)) == 0 {
			s.t.Errorf("process %d does not have the lock", pid)
		}
	}
}
