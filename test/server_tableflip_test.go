//go:build linux

package test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/hooks"
	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
)

// Upgrades under load lose nothing: the old process is left to end by itself, and
// is not sent what would end it in the middle of a request. With the hook every
// generation has the lock, of which the next one is told as ready before the old
// one goes.
func TestFlipUpgrades(t *testing.T) {
	eachFlip(t, func(t *testing.T, s flip) {
		r := s.serve()
		requests := s.client()
		for i := range testkit.Times(3, 20) {
			old := watch(t, s.master)
			_, answers := s.hang()
			up := s.beginVerb("upgrade")
			s.next()
			r.knows(s.master)
			r.event("the new generation's readiness", func(e toldEvent) bool { return e.Event == event.Ready && e.PID == s.master })
			if st := s.status(); s.hook && (len(st.Generations) != 2 || !st.Generations[0].Locked || !st.Generations[1].Locked) {
				t.Errorf("status shows %+v, want two generations with the lock", st.Generations)
			}
			s.release()
			if a := <-answers; a.err != nil || a.pid != old.PID {
				t.Errorf("the request was answered by %d, %v; want by %d", a.pid, a.err, old.PID)
			}
			if got := up.result(); got.code != 0 {
				t.Errorf("upgrade %d answers %+v", i, got)
			}
			exited(t, old)
			s.shows(r.pid, s.current())
			requests.servedBy(s.master)
		}
		requests.finish()
		if n := s.said("term"); n > 0 {
			t.Errorf("%d processes were sent TERM", n)
		}
		r.never(event.Trouble, event.UpgradeFailed, event.Unlocked, event.Masterless, event.StrayLeft)
		s.stop(r, s.hook)
	})
}

// A new generation that fails is none: it is named, the old one serves, and the
// next good one comes.
func TestFlipFails(t *testing.T) {
	t.Parallel()
	for name, why := range map[string]string{
		"broken": "the new generation ended",
		"dying":  "the new generation ended",
		"mute":   "the new generation was not ready in time",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := prepareFlip(t, name != "broken")
			r := s.serve("--ready-timeout", "5")
			first := s.master
			requests := s.client()
			s.put(name, "")
			got := s.verb("upgrade")
			if got.code != 1 || !strings.Contains(got.err, why) {
				t.Errorf("upgrade answers %+v, want %q", got, why)
			}
			must(t, os.Remove(s.file(name)))
			requests.more()
			s.shows(r.pid, gen{first, nil})
			if got := s.verb("upgrade"); got.code != 0 {
				t.Errorf("the next upgrade answers %+v", got)
			}
			s.next()
			s.shows(r.pid, s.current())
			requests.finish()
			s.stop(r, true)
		})
	}
}

// A reload is a new process too, and the shim follows it. A graceful stop lets a
// request be answered.
func TestFlipReloadsAndStops(t *testing.T) {
	eachFlip(t, func(t *testing.T, s flip) {
		r := s.serve()
		for _, reload := range []func(){
			func() { s.verbAnswers(0, pidLines(s.master), "reload") },
			func() { r.send(syscall.SIGHUP) },
			func() { r.send(syscall.SIGUSR2) },
		} {
			old := watch(t, s.master)
			reload()
			s.next()
			s.settles(r)
			i := r.find(0, "the old master's end", func(e toldEvent) bool { return e.Event == event.Ended && e.PID == old.PID })
			if code := *r.told[i].Code; code != 0 {
				t.Errorf("the old master ended with %d, want 0", code)
			}
		}
		s.shows(r.pid, s.current())
		_, answers := s.hang()
		r.send(syscall.SIGTERM)
		s.line("term")
		s.release()
		if a := <-answers; a.err != nil || a.pid != s.master {
			t.Errorf("the request was answered by %d, %v; want by %d", a.pid, a.err, s.master)
		}
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want 0", code)
		}
		s.over()
	})
}

// An end by KILL is seen at once, of the only process and of the new one of two;
// the old one serves on then, and can be upgraded.
func TestFlipKilled(t *testing.T) {
	eachFlip(t, func(t *testing.T, s flip) {
		r := s.serve()
		requests := s.client()
		first := s.current()
		_, answers := s.hang()
		r.send(syscall.SIGHUP)
		s.next()
		r.knows(s.master)
		watch(t, s.master).send(syscall.SIGKILL) // the old one takes no request any more
		r.untilEnded(s.master)
		requests.end()
		s.shows(r.pid, first)
		s.release()
		if a := <-answers; a.err != nil || a.pid != first.master {
			t.Errorf("the request was answered by %d, %v; want by %d", a.pid, a.err, first.master)
		}
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want the last master's 0", code)
		}
		s.over()
		must(t, removeSocket(s.service))

		r = s.serve()
		r.send(syscall.SIGINT)
		if code := r.finish(); code != killed {
			t.Errorf("the shim exits with %d, want %d", code, killed)
		}
		s.over()
	})
}

// A shim that was killed is followed by one that finds the program, and upgrades
// it.
func TestFlipAdopted(t *testing.T) {
	eachFlip(t, func(t *testing.T, s flip) {
		s.killShim(s.serve())
		requests := s.client()
		s.shows(0, s.current())
		r := s.shim()
		if e := r.until(event.Adopted); e.PID != s.master {
			t.Errorf("the shim adopts %d, want %d", e.PID, s.master)
		}
		if got := s.verb("upgrade"); got.code != 0 {
			t.Errorf("upgrade answers %+v", got)
		}
		s.next()
		if st := s.shows(r.pid, s.current()); st.State != shim.Serving || slices.ContainsFunc(st.Generations, func(g shim.GenerationStatus) bool { return !g.Locked }) {
			t.Errorf("status shows %+v", st)
		}
		requests.finish()
		r.never(event.Launched, event.Unlocked)
		s.stop(r, false)
	})
}

// A program with a re-exec of its own, which nobody knows, never lets the lock go:
// in place, or in a process that takes the lock itself. The shim goes with it, and
// ends with it.
func TestFlipReexecutes(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"exec", "fork"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := prepareFlip(t, true)
			r := s.runCommand([]string{s.program, "-reexec=" + way})
			s.next()
			s.settles(r)
			waiter := s.beginVerb("wait")
			for range 5 {
				old := watch(t, s.master)
				s.verbAnswers(0, pidLines(s.master), "signal", "HUP")
				s.next()
				if (s.master == old.PID) != (way == "exec") {
					t.Errorf("the program had the pid %d, and has %d", old.PID, s.master)
				}
				if way == "fork" {
					old.reaped()
				}
				if st := s.shows(r.pid, s.current()); !st.Generations[0].Locked {
					t.Error("the program has not the lock")
				}
			}
			if !waiter.running() {
				t.Error("the lock was free in between")
			}
			watch(t, s.master).send(syscall.SIGTERM)
			if code := r.finish(); code != 128+int(syscall.SIGTERM) {
				t.Errorf("the shim exits with %d, want 143", code)
			}
			if got := waiter.result(); got.code != 0 {
				t.Errorf("wait answers %+v", got)
			}
			r.never(event.Unlocked, event.StrayLeft, event.Masterless, event.Trouble)
			s.over()
		})
	}
}

// Who imports the package hooks for itself carries none of its files.
func TestFlipCarriesNoHook(t *testing.T) {
	t.Parallel()
	s := prepareFlip(t, true)
	program, err := os.ReadFile(s.program)
	must(t, err)
	if text, err := hooks.Get("unicorn"); err != nil || bytes.Contains(program, text[:200]) || !bytes.Contains(program, []byte("X_LOCKSHIM=ready")) {
		t.Errorf("the program has the text of a hook, or not the hook, %v", err)
	}
}
