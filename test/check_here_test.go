//go:build linux

package test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/event"
)

// Few descriptors are a warning, and run tells the same.
func TestCheckLimits(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	for limit, level := range map[string]string{"1028": "warning", "1029": "ok"} {
		found := s.checkLine(0, "/bin/sh", "-c", `ulimit -n "$0" && exec "$@"`, limit, lockshim, "check", s.lock, "--", "true")
		finds(t, found, level, "limits", limit+" descriptors")
	}
	s.setup.program, s.setup.args = "/bin/true", func(*service) []string { return nil }
	for limit, low := range map[string]int{"1028": 1, "1029": 0} {
		r := s.runLimited(limit)
		if code := r.finish(); code != 0 || len(r.all(event.LowFD)) != low {
			t.Errorf("with %s descriptors the shim exits with %d and tells of %+v, want %d", limit, code, r.all(event.LowFD), low)
		}
	}
}

// strangers counts the users without rights that were given out.
var strangers atomic.Uint32

// stranger is the uid of a user without rights, of whom nothing else runs.
func stranger() uint32 { return 61000 + strangers.Add(1) }

// checkStranger is check as such a user, by way of a script of root's that ends in
// "$@".
func (s *service) checkStranger(script string) []finding {
	s.t.Helper()
	if os.Getuid() != 0 {
		s.t.Skip("needs root")
	}
	args := []string{"unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh"}
	path, err := exec.LookPath(args[0])
	if err != nil {
		s.t.Skip("needs the package util-linux")
	}
	args[0] = path
	user := int(stranger())
	must(s.t, os.Chown(s.dir, user, user))
	args = append(args, "setpriv", fmt.Sprintf("--reuid=%d", user), fmt.Sprintf("--regid=%d", user), "--clear-groups")
	return s.checkLine(0, append(args, lockshim, "check", s.lock, "--", "true")...)
}

// What /proc hides is a warning: other users' processes, or those of another pid
// namespace.
func TestCheckProc(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ script, level, words string }{
		"all":         {`exec "$@"`, "ok", "/proc shows the processes of this pid namespace"},
		"hidepid=2":   {`mount -t proc -o hidepid=2 proc /proc; exec "$@"`, "warning", "hides the processes of other users; mend"},
		"uncovered":   {`mount -t proc -o hidepid=2 proc /proc; mount -t proc -o hidepid=0 proc /proc; exec "$@"`, "ok", "/proc shows"},
		"another's":   {`exec unshare --pid --fork "$@"`, "warning", "that of another pid namespace"},
		"its own pid": {`exec unshare --pid --fork --mount-proc "$@"`, "ok", "/proc shows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, setup{})
			finds(t, s.checkStranger(c.script), c.level, "proc", strings.TrimSuffix(c.words, "; mend"))
		})
	}
}

// A user who has as many processes as he may is warned.
func TestCheckProcesses(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	finds(t, s.checkStranger(`exec prlimit --nproc=15 "$@"`), "warning", "limits", "of 15 processes and threads")
}

// The variables of another service, of none, and those that stand for flags.
func TestCheckEnvironment(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	env := []string{"/usr/bin/env", "LOCKSHIM_FD=1025", "LOCKSHIM_LOCK=/run/other.lock", "LOCKSHIM_STRAYS=wait", "LOCKSHIM_STRAY=wait", "LOCKSHIM_QUIET="}
	found := s.checkLine(0, append(env, lockshim, "check", "--lock", s.lock, "--", "true")...)
	finds(t, found, "warning", "environment", "LOCKSHIM_FD=1025 is a process's of a service")
	finds(t, found, "warning", "environment", "names another service than "+s.lock)
	finds(t, found, "ok", "environment", "LOCKSHIM_STRAYS=wait stands for a flag")
	finds(t, found, "warning", "environment", "LOCKSHIM_STRAY means nothing")
	for _, f := range found {
		if strings.Contains(f.text, "QUIET") {
			t.Errorf("an empty variable is no variable: %q", f)
		}
	}
}

// What stands in for the command: a wrapper that closes descriptors, one that
// would not find the server, a program that nobody knows.
func TestCheckCommands(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	s.put("script", "")
	for _, c := range []struct{ command, level, topic, words string }{
		{"sudo -u web unicorn -c u.rb", "warning", "wrapper", "sudo closes every descriptor from 3 up"},
		{"sudo -u web unicorn -c u.rb", "warning", "wrapper", "-u web unicorn -c u.rb"},
		{"env A=b nice no-such -x", "warning", "command", "nice would not find no-such"},
		{"ruby ./no-such.rb", "warning", "command", "ruby could not read ./no-such.rb"},
		{"sleep 1", "warning", "profile", "nobody knows what sleep makes of signals"},
		{"env sleep 1", "ok", "timeouts", "has no end"},
		{"haproxy -f x", "warning", "profile", "known with -W or -Ws alone"},
		{"nginx -c none.conf", "warning", "configuration", "cannot read " + s.file("none.conf")},
	} {
		words := strings.Fields(c.command)
		if _, err := exec.LookPath(words[0]); err != nil {
			t.Logf("needs %s", words[0])
			continue
		}
		finds(t, s.check(0, append([]string{"--"}, words...)...), c.level, c.topic, c.words)
	}
	finds(t, s.check(0, "--profile", "gunicorn", "--", "unicorn"), "warning", "profile", "it is gunicorn, and the command looks like unicorn; mend: --profile unicorn")
	finds(t, s.check(0, "--preflight", "no-such -t", "--", "true"), "warning", "preflight", "every upgrade would be refused")
	s.put("web.lock", "")
	must(t, os.Chmod(s.lock, 0o644))
	must(t, os.Chmod(s.dir, 0o775))
	s.put("web.control", "")
	found := s.check(0, "--", "true")
	finds(t, found, "warning", "lockfile", "anybody may read it (mode 0644)")
	finds(t, found, "warning", "directory", "mend: chmod g-w "+s.dir)
	finds(t, found, "warning", "socket", "mend: rm "+s.file("web.control"))
	must(t, os.Rename(s.file("web.control"), s.file("web.notify")))
	finds(t, s.check(0, "--", "true"), "warning", "socket", "mend: rm "+s.file("web.notify"))
}

// A kernel that makes no subreapers cannot have a shim.
func TestCheckWithoutASubreaper(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	for _, verb := range []string{"check", "run"} {
		args := []string{"/proc/self/exe", lockshim, verb, "--lock", s.lock, "--", "sh", "-c", "echo ran >ran"}
		out, pipe := collect(t)
		p := start(t, spec{args: args, env: append(s.env(), testkit.HelperEnv("no-subreaper")...), dir: s.dir, out: pipe, err: pipe})
		must(t, pipe.Close())
		code := p.wait()
		await(t, "the end of an output", out.done)
		if code != 69 || !strings.Contains(out.text.String(), "cannot become the reaper") {
			t.Errorf("%s exits with %d and says %q", verb, code, out.text.String())
		}
	}
	if _, err := os.Stat(s.file("ran")); err == nil {
		t.Error("the command was executed")
	}
}
