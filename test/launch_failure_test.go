//go:build linux

package test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/event"
)

// A failure is a command that cannot be launched, or that ends at once.
var failures = []struct {
	name    string
	command []string
	want    int
	runs    bool // there is a process that ends with that code
}{
	{"not in PATH", []string{"no-such-program"}, 127, false},
	{"no such path", []string{"./no-such-program"}, 127, false},
	{"below a file", []string{"./plain/program"}, 127, false},
	{"no interpreter", []string{"./orphan"}, 127, false},
	{"mode", []string{"./plain"}, 126, false},
	{"mode, in PATH", []string{"plain"}, 126, false},
	{"directory", []string{"./bin"}, 126, false},
	{"format", []string{"./format"}, 126, false},
	{"exits with 0", []string{"true"}, 0, true},
	{"exits with 3", []string{"sh", "-c", "exit 3"}, 3, true},
	{"exits with 255", []string{"sh", "-c", "exit 255"}, 255, true},
	{"killed", []string{"sh", "-c", "kill -KILL $$"}, 137, true},
	{"ended by a signal", []string{"sh", "-c", "kill -USR1 $$"}, 128 + int(syscall.SIGUSR1), true},
}

// What cannot be launched leaves nothing behind, and the service can be started.
func TestLaunchFailure(t *testing.T) {
	t.Parallel()
	for _, f := range failures {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := prepareFailure(t)
			r := s.runFailure(f.command)
			if code := r.finish(); code != f.want {
				t.Errorf("the shim exits with %d, want %d", code, f.want)
			}
			if f.runs {
				r.never(failure, event.Trouble, event.StrayLeft, event.Masterless)
				if told := r.all(event.Ended); len(told) != 1 || told[0].Code == nil || *told[0].Code != f.want {
					t.Errorf("the shim tells of the ends %+v, want one with %d", told, f.want)
				}
			} else {
				s.saysWhy(r, f.command[0])
			}
			s.leftNothing(r)
		})
	}
}

func prepareFailure(t *testing.T) *service {
	t.Helper()
	s := prepare(t, setup{})
	s.put("plain", "no program")
	s.put("format", "no format that a kernel knows")
	s.put("orphan", "#!/no/such/interpreter\n")
	must(t, os.Mkdir(s.file("bin"), 0o755))
	must(t, os.Chmod(s.file("format"), 0o755))
	must(t, os.Chmod(s.file("orphan"), 0o755))
	return s
}

// runFailure starts a shim with a pid file of its own, whose PATH ends in the
// service's directory.
func (s *service) runFailure(command []string, flags ...string) *shimRun {
	s.t.Helper()
	args := []string{lockshim, "run", "--lock", s.lock, "--log-format", "json", "--pidfile", s.file("shim.pid")}
	args = append(append(args, flags...), "--")
	env := s.env()
	for i, v := range env {
		if strings.HasPrefix(v, "PATH=") {
			env[i] += ":" + s.dir
		}
	}
	return s.runArgs(append(args, command...), spec{env: env})
}

// saysWhy fails the test unless the shim ended with one error that names the
// command, and has a hint.
func (s *service) saysWhy(r *shimRun, command string) {
	s.t.Helper()
	r.never(event.Launched, event.Ended, event.Exiting)
	told := r.all(failure)
	if len(told) != 1 || !strings.Contains(told[0].Error, command) || told[0].Hint == "" {
		s.t.Errorf("the shim tells of %+v, want one error that names %s and has a hint", told, command)
	}
}

// leftNothing fails the test unless the shim and its server have left no
// process, lock or pid file.
func (s *service) leftNothing(r *shimRun) {
	s.t.Helper()
	if _, err := os.Stat(s.file("shim.pid")); !errors.Is(err, fs.ErrNotExist) {
		s.t.Errorf("the pid file is left: %v", err)
	}
	s.over()
	again := s.runFailure([]string{"sh", "-c", "exit 4"})
	if code := again.finish(); code != 4 {
		s.t.Errorf("the next shim exits with %d, want 4", code)
	}
}

// A system that refuses to fork is 71. It must not refuse threads: Go's runtime
// makes one when it needs it, and ends the program that may not.
func TestLaunchForkRefused(t *testing.T) {
	t.Parallel()
	s := prepareFailure(t)
	args := []string{"/proc/self/exe", lockshim, "run", "--lock", s.lock, "--log-format", "json", "--pidfile", s.file("shim.pid"), "--", "true"}
	r := s.runArgs(args, spec{env: append(s.env(), testkit.HelperEnv("no-fork")...)})
	if code := r.finish(); code != 71 {
		t.Errorf("the shim exits with %d, want 71", code)
	}
	r.never(event.Launched)
	if told := r.all(failure); len(told) != 1 || !strings.Contains(told[0].Error, "resource temporarily unavailable") {
		t.Errorf("the shim tells of %+v", told)
	}
	s.leftNothing(r)
}
