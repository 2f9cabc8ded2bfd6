//go:build linux

package test

import (
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// stopsSoon is a schedule that waits for no request.
const stopsSoon = "CONT/0.01/KILL"

// A stop with a schedule of its own takes that, and not the shim's; everybody is
// gone when the verb returns.
func TestStopSchedule(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		_, answers := s.hang()
		everyone := watchAll(t, s.everyone())
		s.verbAnswers(0, "", "stop", "--stop", stopsSoon)
		if code := r.finish(); code != killed {
			t.Errorf("the shim exits with %d, want %d", code, killed)
		}
		if a := <-answers; a.err == nil {
			t.Errorf("the request was answered by %d", a.pid)
		}
		exited(t, everyone...)
		r.sent(syscall.SIGCONT, syscall.SIGKILL)
		s.over()
	})
}

// The same with the shim dead.
func TestStopScheduleWithoutShim(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		s.killShim(s.serve())
		_, answers := s.hang()
		everyone := watchAll(t, s.everyone())
		s.verbAnswers(0, "", "stop", "--stop", stopsSoon)
		<-answers
		exited(t, everyone...)
		s.over()
	})
}

// It takes the place of a stop that runs, and leaves a stray no more time.
func TestStopScheduleHurries(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepareDaemon(t, c, spawned, `trap "" TERM; exec sleep infinity`)
		r, stray := s.serveWithDaemon("--stop", signalName(c.graceful))
		_, answers := s.hang()
		r.send(syscall.SIGTERM)
		r.until(event.Signalled)
		s.verbAnswers(0, "", "stop", "--stop", signalName(c.quick)+"/0.01/KILL")
		<-answers
		r.finish()
		exited(t, stray)
		s.over()
	})
}

// One that ends in vain answers 2, and leaves the service as it is.
func TestStopScheduleInVain(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		s.verbAnswers(2, "", "stop", "--stop", "CONT/0.01")
		s.verbAnswers(0, "", "stop")
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want 0", code)
		}
		s.over()
	})
}
