//go:build linux

package hooks_test

import (
	"fmt"
	"testing"
)

// With worker_exec a worker is a new image, which does not get its master's
// descriptor: its own evaluation of the file takes the lock.
func TestWorkerExec(t *testing.T) {
	t.Parallel()
	for _, background := range []bool{false, true} {
		t.Run(fmt.Sprintf("background=%v", background), func(t *testing.T) {
			t.Parallel()
			s := serve(t, setup{server: servers[0], background: background, workers: 2, below: "worker_exec true"})
			s.holds(s.everyone()...)
			s.respawn()
			s.holds(s.everyone()...)
			s.upgrade()
			s.holds(s.everyone()...)
			s.stop()
		})
	}
}
