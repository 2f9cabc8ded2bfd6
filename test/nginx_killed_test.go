//go:build linux

package test

import (
	"os"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// moments of a launch through a parent, as strace(1) tells of them, which slows
// all of it down.
var moments = []struct{ name, call string }{
	{"parent forked", "CLONE_VFORK"},
	{"parent executed", "/proc/self/exe"},
	{"server executed", `execve("/usr/sbin/nginx"`},
	{"first worker forked", "CLONE_CHILD_SETTID"},
}

// A shim that is killed while its parent launches the server leaves it to the
// next shim, which comes at once: there is one server, and it takes an upgrade.
func TestNginxShimKilledWhileLaunching(t *testing.T) {
	t.Parallel()
	for _, m := range moments {
		t.Run(m.name, func(t *testing.T) {
			eachNginx(t, func(t *testing.T, c setup) {
				s := prepare(t, c)
				first := s.traced()
				first.says(m.call)
				first.send(syscall.SIGKILL)
				first.wait()
				r := s.takesOver()
				s.generation()
				s.shows(r.pid, s.current())
				if n := s.said("master"); n != 1 {
					t.Errorf("%d masters have begun, want 1", n)
				}
				s.upgrade(r, false)
				s.shows(r.pid, s.current())
				s.stop(r, c.background)
				first.finish()
				r.never(event.Masterless, event.StrayLeft)
			})
		})
	}
}

// traced starts the shim under strace, whose lines are between the shim's, and
// which is no process of the service.
func (s *service) traced() *shimRun {
	s.t.Helper()
	const strace = "/usr/bin/strace"
	if _, err := os.Stat(strace); err != nil {
		s.t.Skip("needs the package strace")
	}
	env := s.env()
	args := []string{strace, "-D", "-f", "-qq", "-e", "trace=clone,clone3,vfork,execve", "-e", "signal=none", "-E", env[len(env)-1]}
	args = append(args, lockshim, "run", "--lock", s.lock, "--log-format", "json", "--")
	return s.runArgs(append(args, s.command()...), spec{env: env[:len(env)-1]})
}

// takesOver starts a shim, again where it is refused, as an init system does,
// and returns when it follows a server.
func (s *service) takesOver() *shimRun {
	s.t.Helper()
	for {
		r := s.run()
		for r.read() {
			if n := len(r.told); n > 0 && (r.told[n-1].Event == event.Launched || r.told[n-1].Event == event.Adopted) {
				return r
			}
		}
		if code := r.wait(); code != exitLocked {
			s.t.Fatalf("the next shim exits with %d", code)
		}
	}
}
