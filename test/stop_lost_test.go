//go:build linux

package test

import (
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// A stop goes on when the shim is killed that carries it out.
func TestStopLosesShim(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		everyone := watchAll(t, s.everyone())
		_, answers := s.hang()
		stop := s.beginVerb("stop")
		r.until(event.Signalled)
		r.send(syscall.SIGKILL)
		r.wait()
		s.release()
		if a := <-answers; a.err != nil {
			t.Errorf("the request that the stop waited for: %v", a.err)
		}
		if got := stop.result(); got.code != 0 {
			t.Errorf("stop answers %+v", got)
		}
		exited(t, everyone...)
		s.over()
	})
}
