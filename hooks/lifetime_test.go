//go:build linux

package hooks_test

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

func TestEveryProcessHoldsThroughGenerations(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		for _, preload := range []bool{false, true} {
			t.Run(fmt.Sprintf("preload=%v", preload), func(t *testing.T) {
				t.Parallel()
				c := c
				c.preload, c.workers = preload, 2
				s := serve(t, c)
				s.holds(s.everyone()...)
				for range testkit.Times(3, 20) {
					before := s.everyone()
					old := s.usr2()
					s.holds(append(before, s.everyone()...)...)
					kill(t, old, s.graceful)
					await(t, old)
					s.holds(s.everyone()...)
				}
				s.stop()
			})
		}
	})
}

// The lock is free when the last process is gone, and not a moment earlier: a
// stopped worker cannot notice that its master is dead.
func TestFreedWithTheLastProcess(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.workers = 2
		s := serve(t, c)
		last := s.children[0]
		kill(t, last, syscall.SIGSTOP)
		kill(t, s.children[1], syscall.SIGSTOP)
		kill(t, s.master, syscall.SIGKILL)
		await(t, s.master)
		kill(t, s.children[1], syscall.SIGKILL)
		await(t, s.children[1])
		s.holds(last)
		kill(t, last, syscall.SIGKILL)
		s.freed()
		s.gone()
	})
}

// The descriptor that was inherited needs no permission on the file.
func TestAnotherUser(t *testing.T) {
	if syscall.Geteuid() != 0 {
		t.Skip("needs root")
	}
	each(t, func(t *testing.T, c setup) {
		c.uid = 65534
		s := prepare(t, c)
		must(t, syscall.Chown(s.dir, 65534, 65534))
		must(t, syscall.Chmod(s.path, 0o600))
		s.launch()
		s.generation()
		s.holds(s.everyone()...)
		s.upgrade()
		s.holds(s.everyone()...)
		s.stop()
	})
}
