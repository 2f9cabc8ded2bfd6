//go:build linux

package test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
)

// A shim that is started without some of its standard descriptors works, and no
// lock becomes one of them, its own or the server's.
func TestLaunchClosedDescriptors(t *testing.T) {
	t.Parallel()
	for _, closed := range []string{"<&-", ">&-", "2>&-", "<&- >&- 2>&-"} {
		for _, server := range []server{unicorn, gunicorn} {
			t.Run(server.name+" "+closed, func(t *testing.T) {
				t.Parallel()
				s := prepare(t, setup{server: server, hook: true, workers: 1})
				args := []string{"/bin/sh", "-c", `exec "$@" ` + closed, "sh", lockshim, "run", "--lock", s.lock, "--log-format", "json", "--"}
				r := s.runArgs(append(args, s.command()...), spec{})
				s.generation()
				s.shows(r.pid, s.current())
				for _, pid := range append(s.everyone(), r.pid) {
					s.noStandardLock(pid)
				}
				old := s.current()
				s.usr2()
				s.noStandardLock(s.master)
				watch(t, old.master).send(s.graceful)
				everyone := watchAll(t, append(s.everyone(), old.master))
				everyone[len(everyone)-1].gone()
				r.send(syscall.SIGTERM)
				if code := r.finish(); code != 0 {
					t.Errorf("the shim exits with %d, want 0", code)
				}
				exited(t, everyone...)
				s.over()
			})
		}
	}
}

// noStandardLock fails the test if the lockfile is descriptor 0, 1 or 2 of a
// process.
func (s *service) noStandardLock(pid int) {
	s.t.Helper()
	for fd := range 3 {
		if link, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd)); err == nil && link == s.lock {
			s.t.Errorf("descriptor %d of %s is the lockfile", fd, commandLine(pid))
		}
	}
}
