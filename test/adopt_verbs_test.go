//go:build linux

package test

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim"
)

// A service whose shim is dead can be seen, signalled, waited for and stopped:
// the verbs need nothing but the lockfile.
func TestVerbsWithoutShim(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		s.killShim(s.serve())
		waiter := s.beginVerb("wait")
		s.verbAnswers(exitLocked, "", "wait", "--timeout", "0.01")
		before, old := s.current(), watch(t, s.master)
		s.verbAnswers(0, pidLines(s.master), "signal", "USR2")
		s.generation()
		if st := s.shows(0, before, s.current()); st.State != shim.Upgrading {
			t.Errorf("status says %q with two generations", st.State)
		}
		old.send(s.graceful)
		old.reaped()
		if st := s.shows(0, s.current()); st.State != shim.Serving {
			t.Errorf("status says %q, want %q", st.State, shim.Serving)
		}
		if !waiter.running() {
			t.Errorf("wait has ended while the service runs: %+v", waiter.result())
		}
		s.stopsWithoutShim()
		if got := waiter.result(); got.code != 0 {
			t.Errorf("wait answers %+v", got)
		}
	})
}

// verbAnswers fails the test unless the verb exits with that code, and has written
// that to standard output.
func (s *service) verbAnswers(code int, out, verb string, args ...string) {
	s.t.Helper()
	if got := s.verb(verb, args...); got.code != code || got.out != out {
		s.t.Errorf("%s %v answers %+v, want code %d, output %q", verb, args, got, code, out)
	}
}

// pidLines is what the verb signal prints.
func pidLines(pids ...int) string {
	slices.Sort(pids)
	var b strings.Builder
	for _, pid := range pids {
		fmt.Fprintln(&b, pid)
	}
	return b.String()
}

// stopsWithoutShim stops a service that has no shim. When the verb returns,
// nothing is left, and the verbs say so.
func (s *service) stopsWithoutShim() {
	s.t.Helper()
	everyone := watchAll(s.t, s.everyone())
	s.verbAnswers(0, "", "stop")
	exited(s.t, everyone...)
	s.over()
	s.verbAnswers(exitNotRunning, "", "stop")
	s.verbAnswers(exitLocked, "", "signal", "TERM")
	s.verbAnswers(0, "", "wait")
}

func TestStopTwoGenerationsWithoutShim(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		old := watchAll(t, s.everyone())
		s.usr2()
		s.killShim(r)
		s.stopsWithoutShim()
		exited(t, old...)
	})
}

// A signal that stops goes to every master.
func TestSignalTwoGenerations(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		for _, alive := range []bool{true, false} {
			t.Run(fmt.Sprintf("shim=%v", alive), func(t *testing.T) {
				s := prepare(t, c)
				r := s.serve()
				old := watchAll(t, s.everyone())
				first := s.usr2()
				if !alive {
					s.killShim(r)
				}
				next := watchAll(t, s.everyone())
				graceful := map[syscall.Signal]string{syscall.SIGTERM: "TERM", syscall.SIGQUIT: "QUIT"}[s.graceful]
				s.verbAnswers(0, pidLines(first.PID, s.master), "signal", graceful)
				s.freed()
				for _, w := range append(old, next...) {
					w.gone()
				}
				if alive {
					if code := r.finish(); code != 0 {
						t.Errorf("the shim exits with %d, want 0", code)
					}
				}
				s.over()
			})
		}
	})
}

// The workers of a master that was killed are the service still. A stop ends
// them, those too that are in the middle of a request.
func TestStopOrphanedWorkers(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		s.killShim(s.serve())
		busy, answers := s.hang()
		w := watch(t, busy)
		master := watch(t, s.master)
		master.send(syscall.SIGKILL)
		master.reaped()
		if st := s.status(); st.State != shim.NoMaster {
			t.Errorf("status says %q, want %q", st.State, shim.NoMaster)
		}
		s.held()
		stop := s.runArgs([]string{lockshim, "stop", s.lock}, spec{})
		stop.says("sent " + signalName(s.graceful))
		s.release()
		if a := <-answers; a.err != nil || a.pid != busy {
			t.Errorf("the request was answered by %d, %v; want by %d, gracefully", a.pid, a.err, busy)
		}
		if code := stop.finish(); code != 0 {
			t.Errorf("stop exits with %d, want 0", code)
		}
		exited(t, w)
		s.over()
	})
}
