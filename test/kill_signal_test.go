//go:build linux

package test

import (
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/event"
)

// signalName is a signal as events name it.
func signalName(sig syscall.Signal) string { return unix.SignalName(sig)[len("SIG"):] }

// signals are those of the events of a kind so far.
func (r *shimRun) signals(kind event.Kind) []string {
	var found []string
	for _, e := range r.all(kind) {
		found = append(found, e.Signal)
	}
	return found
}

// sent fails the test unless these signals, and no others, were sent. The same
// one may follow itself: what its master leaves behind is sent it again.
func (r *shimRun) sent(want ...syscall.Signal) {
	r.t.Helper()
	var names []string
	for _, sig := range want {
		names = append(names, signalName(sig))
	}
	if got := slices.Compact(r.signals(event.Signalled)); !slices.Equal(got, names) {
		r.t.Errorf("the shim sent %q, want %q", got, names)
	}
}

// TERM and QUIT let a request be answered that has begun.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT} {
		t.Run(signalName(sig), func(t *testing.T) {
			each(t, func(t *testing.T, c setup) {
				s := prepare(t, c)
				r := s.serve()
				busy, answers := s.hang()
				r.send(sig)
				r.until(event.Signalled)
				s.release()
				if a := <-answers; a.err != nil || a.pid != busy {
					t.Errorf("the request was answered by %d, %v; want by %d", a.pid, a.err, busy)
				}
				if code := r.finish(); code != 0 {
					t.Errorf("the shim exits with %d, want 0", code)
				}
				r.sent(c.graceful)
				s.over()
			})
		})
	}
}

// INT does not wait for a request.
func TestQuickStop(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		_, answers := s.hang()
		r.send(syscall.SIGINT)
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want 0", code)
		}
		if a := <-answers; a.err == nil {
			t.Errorf("the request was answered by %d", a.pid)
		}
		r.sent(c.quick)
		s.over()
	})
}

// A second TERM does not wait for a request either: it is the next step of the
// schedule, and reaches the worker that has the request.
func TestSecondTerm(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		_, answers := s.hang()
		r.send(syscall.SIGTERM)
		r.until(event.Signalled)
		r.send(syscall.SIGTERM)
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want 0", code)
		}
		if a := <-answers; a.err == nil {
			t.Errorf("the request was answered by %d", a.pid)
		}
		r.sent(c.graceful, c.quick)
		s.over()
	})
}

// stubborn are lines of configuration: workers that no signal ends but KILL.
var stubborn = map[string]string{
	"unicorn": `
after_worker_ready { |server, worker|
  [:QUIT, :TERM, :INT].each { |sig| trap(sig, "IGNORE") }
  say "worker #{$$} of #{Process.ppid}"
}`,
	"gunicorn": `
import signal
def post_worker_init(worker):
    for sig in (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT, signal.SIGABRT):
        signal.signal(sig, signal.SIG_IGN)
    say("worker %d of %d" % (os.getpid(), os.getppid()))`,
}

// The schedule goes on by itself, and its KILL reaches everybody.
func TestScheduleEndsInKill(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.more = stubborn[c.name]
		s := prepare(t, c)
		r := s.serve("--stop", signalName(c.graceful)+"/0.01/"+signalName(c.quick)+"/0.01/KILL")
		everyone := watchAll(t, s.everyone())
		r.send(syscall.SIGTERM)
		if code := r.finish(); code != killed {
			t.Errorf("the shim exits with %d, want %d", code, killed)
		}
		exited(t, everyone...)
		r.sent(c.graceful, c.quick, syscall.SIGKILL)
		last := r.all(event.Signalled)[2].pids()
		if want := s.everyone(); !slices.Equal(last, slices.Sorted(slices.Values(want))) {
			t.Errorf("KILL went to %v, want %v", last, want)
		}
		s.over()
	})
}

func TestHupReloads(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		requests := s.client()
		before := watchAll(t, s.crew)
		r.send(syscall.SIGHUP)
		s.recrewed()
		for _, w := range before {
			w.reaped()
		}
		s.shows(r.pid, s.current())
		requests.finish()
		r.until(event.Signalled)
		r.sent(syscall.SIGHUP)
		s.stop(r, c.hook)
	})
}

// recrewed blocks until the current master has as many new workers as it had.
func (s *service) recrewed() {
	s.t.Helper()
	var crew []int
	for len(crew) < s.workers {
		words := s.line("worker")
		if master := number(s.t, words[3]); master != s.master {
			s.t.Errorf("worker %s has the master %d, want %d", words[1], master, s.master)
		}
		crew = append(crew, number(s.t, words[1]))
	}
	slices.Sort(crew)
	s.crew = crew
}

func TestTtinAddsAWorker(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		r.send(syscall.SIGTTIN)
		words := s.line("worker")
		s.crew = append(s.crew, number(t, words[1]))
		slices.Sort(s.crew)
		s.shows(r.pid, s.current())
		r.until(event.Signalled)
		r.sent(syscall.SIGTTIN)
		s.stop(r, c.hook)
	})
}

func TestMapHupToUpgrade(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve("--map", "HUP=upgrade")
		old := watch(t, s.master)
		r.send(syscall.SIGHUP)
		s.generation()
		r.until(event.Upgraded)
		r.sent(syscall.SIGUSR2, c.graceful)
		exited(t, old)
		s.stop(r, c.hook)
	})
}
