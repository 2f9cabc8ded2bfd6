//go:build linux

package hooks_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// LOCKSHIM_FD may name anything by the time the server starts: a wrapper closed
// it, or uses the number. What it is now stays as it is, also when the garbage is
// collected; the lock is taken by way of the path, and the next generation
// inherits that descriptor.
func TestDescriptorIsSomethingElse(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		for _, way := range []string{closed, text, low, huge, otherFile, namesake, socket} {
			t.Run(way, func(t *testing.T) {
				t.Parallel()
				c := c
				c.way, c.above = way, collecting[c.name]
				s := serve(t, c)
				s.respawn()
				s.otherIsUntouched()
				s.takenByPath()
				s.upgrade()
				s.takenByPath()
				s.stop()
			})
		}
	})
}

// otherIsUntouched fails the test unless the master still has the other
// descriptor, and would still pass it on.
func (s *service) otherIsUntouched() {
	s.t.Helper()
	if !slices.Contains([]string{otherFile, namesake, socket}, s.way) {
		return
	}
	want := s.other
	if s.way == socket {
		want = "socket:"
	}
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", s.master, otherFD))
	must(s.t, err)
	if !strings.HasPrefix(link, want) {
		s.t.Errorf("descriptor %d is %s, want %s", otherFD, link, want)
	}
	if closesOnExec(s.t, s.master, otherFD) {
		s.t.Errorf("descriptor %d, which is not the lock's, is close-on-exec now", otherFD)
	}
}

// takenByPath fails the test unless master and workers hold the lock through a
// high descriptor of their own.
func (s *service) takenByPath() {
	s.t.Helper()
	s.holds(s.everyone()...)
	if fd := lockFDs(s.master, s.info)[0]; fd < 1025 || fd == otherFD {
		s.t.Errorf("the lock was taken through descriptor %d", fd)
	}
}

// The environment of the next generation names the descriptor that it inherits,
// also where Gunicorn restores the one that it was started with.
func TestNextGenerationIsTold(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.way = text
		s := serve(t, c)
		fd := lockFDs(s.master, s.info)[0]
		s.upgrade()
		s.told(fd)
		if got := lockFDs(s.master, s.info); got[0] != fd {
			t.Errorf("the next generation holds the lock through descriptor %d, want %d", got[0], fd)
		}
		s.stop()
	})
}

// told fails the test unless the master was executed with an environment that
// tells of the lock and of descriptor fd.
func (s *service) told(fd int) {
	s.t.Helper()
	for _, want := range []string{"LOCKSHIM_LOCK=" + s.path, fmt.Sprintf("LOCKSHIM_FD=%d", fd)} {
		if env := testkit.Environ(s.master); !slices.Contains(env, want) {
			s.t.Errorf("the environment %q lacks %s", env, want)
		}
	}
}

// Another process may have the lock exclusively: lockshim itself, for a moment,
// or somebody's flock -x. The server boots all the same, says so, and has the lock
// from the first fork on that finds it free.
func TestLockedExclusively(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.way, c.exclusive = closed, true
		s := serve(t, c)
		if fds := lockFDs(s.master, s.info); len(fds) > 0 {
			t.Errorf("the master shares a lock that is exclusive, through descriptors %v", fds)
		}
		s.warned("exclusively")
		s.unlock()
		s.respawn()
		s.holds(s.everyone()...)
		s.stop()
	})
}

// refusals makes a configuration say when a lock is refused, and, once the hook
// is loaded, whether it has the lock.
var refusals = map[string][2]string{
	"unicorn": {`
File.prepend(Module.new { def flock(how); super.tap { |had| say "refused" unless had }; end })
`, `
say "locked #{File.read("/proc/self/fdinfo/#{ENV["LOCKSHIM_FD"]}").scan("FLOCK").size}"
`},
	"gunicorn": {`
import fcntl
plain = fcntl.flock
def flock(fd, how):
    try:
        plain(fd, how)
    except BlockingIOError:
        say("refused")
        raise
fcntl.flock = flock
`, `
say("locked %d" % open("/proc/self/fdinfo/" + os.environ["LOCKSHIM_FD"]).read().count("FLOCK"))
`},
}

// A lock that is exclusive for a moment only is waited for.
func TestLockedForAMoment(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.way, c.exclusive, c.above, c.below = closed, true, refusals[c.name][0], refusals[c.name][1]
		s := prepare(t, c)
		s.launch()
		s.until("refused", 1)
		s.unlock()
		s.generation()
		if s.last("locked") != 1 {
			t.Error("the hook did not wait for the lock")
		}
		s.holds(s.everyone()...)
		s.silent()
		s.stop()
	})
}

// A user's own hook may clean the environment of the next master.
func TestUserCleansEnvironment(t *testing.T) {
	cleaning := map[string]string{
		"unicorn": `before_exec { |server| ENV.delete_if { |name, _| name.start_with?("LOCKSHIM") } }`,
		"gunicorn": `
def pre_exec(server):
    for name in [name for name in server.cfg.env_orig if name.startswith("LOCKSHIM")]:
        del server.cfg.env_orig[name]
`,
	}
	each(t, func(t *testing.T, c setup) {
		c.below = cleaning[c.name]
		s := serve(t, c)
		fd := lockFDs(s.master, s.info)[0]
		s.upgrade()
		s.holds(s.everyone()...)
		s.told(fd)
		s.stop()
	})
}

// A standard stream is the server's to use, and the programs', even if the lock
// is on it.
func TestStandardStream(t *testing.T) {
	t.Parallel()
	for _, server := range servers {
		t.Run(server.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, setup{server: server, way: stream})
			if fds := lockFDs(s.master, s.info); len(fds) != 2 || fds[0] != 0 || fds[1] < 1025 {
				t.Errorf("the master has the lock through descriptors %v, want 0 and a high one", fds)
			}
			if closesOnExec(t, s.master, 0) {
				t.Error("standard input is close-on-exec now")
			}
			s.stop()
		})
	}
}

// Where the limit of descriptors is below 1025, a low number has to do.
func TestLowLimit(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.way, c.limit = closed, 256
		s := serve(t, c)
		s.holds(s.everyone()...)
		s.upgrade()
		s.holds(s.everyone()...)
		if fd := lockFDs(s.master, s.info)[0]; fd >= 256 {
			t.Errorf("descriptor %d is above the limit", fd)
		}
		s.stop()
	})
}
