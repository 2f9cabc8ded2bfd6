//go:build linux

package test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/event"
)

// A kind is something that cannot be a lockfile: how it is made, what run and
// hold answer, what the verbs that only look answer, and a word of why.
type kind struct {
	name     string
	make     func(*service) error
	run, see int
	why      string
}

var kinds = []kind{
	{"directory", func(s *service) error { return os.Mkdir(s.lock, 0o755) }, 78, 78, "not a regular file"},
	{"symlink", func(s *service) error { return os.Symlink(s.file("plain"), s.lock) }, 78, 78, "symbolic link"},
	{"dangling symlink", func(s *service) error { return os.Symlink("missing", s.lock) }, 78, 78, "symbolic link"},
	{"fifo", func(s *service) error { return unix.Mkfifo(s.lock, 0o640) }, 78, 78, "a FIFO"},
	{"device", func(s *service) error { return unix.Mknod(s.lock, unix.S_IFCHR|0o600, 1<<8|3) }, 78, 78, "a device"},
	{"written by others", func(s *service) error { return mode(s.lock, 0o666) }, 78, 78, "others may write it"},
	{"in a directory of others", func(s *service) error { return os.Chmod(s.dir, 0o777) }, 78, 78, "others may write its directory"},
	{"in no directory", func(s *service) error { s.lock = s.file("no/web.lock"); return nil }, 73, 0, "no such file"},
	{"below a file", func(s *service) error { s.lock = s.file("plain/web.lock"); return nil }, 73, 73, "not a directory"},
}

// mode makes a file with a mode, whatever the umask.
func mode(path string, mode os.FileMode) error {
	return errors.Join(os.WriteFile(path, nil, mode), os.Chmod(path, mode))
}

// What is no lockfile, or not a safe one, is refused by every verb, for the same
// reason, and nothing is executed or made.
func TestLockfileKinds(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, setup{})
			s.put("plain", "")
			if err := k.make(s); errors.Is(err, fs.ErrPermission) {
				t.Skip("needs root")
			} else {
				must(t, err)
			}
			s.refuses(k, k.run, "run", "--lock", s.lock, "--", "sh", "-c", "echo ran >ran")
			s.refuses(k, k.run, "hold", "--lock", s.lock, "--", "sh", "-c", "echo ran >ran")
			if _, err := os.Stat(s.file("ran")); err == nil {
				t.Error("the command was executed")
			}
			if k.see == 0 {
				s.answers(3, "status", s.lock)
				s.answers(0, "wait", s.lock)
				s.answers(1, "stop", s.lock)
				return
			}
			s.refuses(k, 4, "status", s.lock)
			s.refuses(k, k.see, "wait", s.lock)
			s.refuses(k, k.see, "stop", s.lock)
			s.refuses(k, k.see, "signal", s.lock, "HUP")
		})
	}
}

// answers fails the test unless lockshim exits so.
func (s *service) answers(code int, args ...string) result {
	s.t.Helper()
	got := s.begin(append([]string{lockshim}, args...)...).result()
	if got.code != code {
		s.t.Errorf("lockshim %q answers %+v, want code %d", args, got, code)
	}
	return got
}

// refuses fails the test unless lockshim exits so and says why, on one line.
func (s *service) refuses(k kind, code int, args ...string) {
	s.t.Helper()
	got := s.answers(code, args...)
	first, _, _ := strings.Cut(got.err, "\n")
	if !strings.HasPrefix(first, "lockshim: error: cannot ") || !strings.Contains(first, k.why) || got.out != "" {
		s.t.Errorf("lockshim %q answers %+v, want an error with %q", args, got, k.why)
	}
}

// A lockfile that another user may not read is refused to that user, and a start
// that was refused changes nothing for who may.
func TestLockfileUnreadable(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	s := prepare(t, setup{})
	r := s.runCommand([]string{"sh", "-c", "echo serving >events; exec sleep infinity"})
	s.line("serving")
	must(t, os.Chmod(s.lock, 0o640))
	as := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	for verb, want := range map[string]int{"run": 77, "hold": 77, "wait": 77, "status": 4, "stop": 77} {
		args := []string{lockshim, verb, s.lock}
		if verb == "run" || verb == "hold" {
			args = []string{lockshim, verb, "--lock", s.lock, "--", "true"}
		}
		if code := start(t, spec{args: args, env: s.env(), dir: s.dir, sys: as}).wait(); code != want {
			t.Errorf("%s exits with %d, want %d", verb, code, want)
		}
	}
	s.held()
	r.until(event.Launched)
	r.send(syscall.SIGTERM)
	if code := r.finish(); code != 128+int(syscall.SIGTERM) {
		t.Errorf("the shim exits with %d", code)
	}
	s.over()
}

// inNamespace runs a shell script as root of a mount namespace of its own, with
// a file system on mnt below the service's directory.
func (s *service) inNamespace(options, script string) result {
	s.t.Helper()
	if os.Getuid() != 0 {
		s.t.Skip("needs root")
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		s.t.Skip("needs the package util-linux")
	}
	must(s.t, os.MkdirAll(s.file("mnt"), 0o755))
	text := "set -e; mount -t tmpfs -o " + options + " none mnt; " + script
	return s.begin(unshare, "--mount", "--propagation", "private", "sh", "-c", text).result()
}

// A full file system cannot have one lockfile more (73); one that is there works
// on, since a lock is not a file; the shim's own pid file cannot be written (78).
func TestLockfileFullFilesystem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, options, script string
		want                  int
	}{
		{"no inode", "nr_inodes=1", lockshim + " run --lock mnt/web.lock -- sh -c 'echo ran >ran'", 73},
		{"no inode but the lockfile's", "nr_inodes=2", "umask 027; : >mnt/web.lock; " + lockshim + " run --lock mnt/web.lock -- sh -c 'exit 9'", 9},
		{"no room", "size=4k", "head -c 4096 /dev/zero >mnt/full; " + lockshim + " run --lock mnt/web.lock -- sh -c 'exit 9'", 9},
		{"no room for a pid file", "size=4k", "head -c 4096 /dev/zero >mnt/full; code=0; " + lockshim +
			" run --lock mnt/web.lock --pidfile mnt/pid -- sh -c 'echo ran >ran' || code=$?; test ! -e mnt/pid && test ! -e mnt/pid.tmp && exit $code", 78},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, setup{})
			if got := s.inNamespace(c.options, c.script); got.code != c.want {
				t.Errorf("the script answers %+v, want code %d", got, c.want)
			}
			if _, err := os.Stat(s.file("ran")); err == nil {
				t.Error("the command was executed")
			}
		})
	}
}

// On a read-only file system nothing can be made (73) or guarded (71), and what
// is there can be looked at.
func TestLockfileReadOnlyFilesystem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, script string
		want         int
	}{
		{"missing", "run --lock mnt/other.lock -- true", 73},
		{"run", "run --lock mnt/web.lock -- true", 71},
		{"hold", "hold --lock mnt/web.lock -- true", 71},
		{"status", "status mnt/web.lock", 3},
		{"wait", "wait mnt/web.lock", 0},
		{"stop", "stop mnt/web.lock", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, setup{})
			got := s.inNamespace("size=1m", "umask 027; : >mnt/web.lock; mount -o remount,ro mnt; "+lockshim+" "+c.script)
			if got.code != c.want {
				t.Errorf("lockshim %s answers %+v, want code %d", c.script, got, c.want)
			}
		})
	}
}
