//go:build linux

package test

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// A refusal is a start that run refuses: what is prepared, the flags and the
// command, the code, and what check says.
type refusal struct {
	name    string
	make    func(*service) error
	args    []string
	code    int
	topic   string
	why     string
	command []string // nil: one that would leave a trace
}

var refusals = []refusal{
	{name: "no such command", code: 127, topic: "command", why: "command not found; mend: command -v no-such", command: []string{"no-such", "x"}},
	{name: "no program", code: 126, topic: "command", why: "permission denied; mend: ls -l ./plain", command: []string{"./plain"},
		make: func(s *service) error { return os.WriteFile(s.file("plain"), nil, 0o644) }},
	{name: "a directory", code: 126, topic: "command", why: "is a directory", command: []string{"/"}},
	{name: "refuse first looks at the command", args: []string{"--if-running", "refuse"}, code: 127, topic: "command", why: "not found", command: []string{"no-such"}},
	{name: "pid file nowhere", args: []string{"--pidfile", "no/pid"}, code: 78, topic: "pidfile", why: "no such file or directory; mend: ls -ld no"},
	{name: "pid file is a directory", args: []string{"--pidfile", "."}, code: 78, topic: "pidfile", why: "cannot write ."},
	{name: "pid file to clear", args: []string{"--clear-pidfile", "/"}, code: 78, topic: "pidfile", why: "not a regular file"},
	{name: "both wrong", args: []string{"--pidfile", "no/pid"}, code: 78, topic: "pidfile", why: "cannot write no/pid", command: []string{"no-such"}},
	{name: "lock before pid file", args: []string{"--pidfile", "no/pid"}, code: 78, topic: "lockfile", why: "a directory",
		make: func(s *service) error { return os.Mkdir(s.lock, 0o755) }},
}

// What check calls an error run refuses, with the same code; and check executes
// nothing and leaves nothing.
func TestCheckAgreesWithRun(t *testing.T) {
	t.Parallel()
	all := refusals
	for _, k := range kinds {
		all = append(all, refusal{name: k.name, code: k.run, topic: "lockfile", why: k.why, make: func(s *service) error {
			s.put("plain", "")
			return k.make(s)
		}})
	}
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, setup{})
			if r.make != nil {
				if err := r.make(s); errors.Is(err, fs.ErrPermission) {
					t.Skip("needs root")
				} else {
					must(t, err)
				}
			}
			if r.command == nil {
				r.command = []string{"sh", "-c", "echo ran >ran"}
			}
			args := append(append(r.args, "--"), r.command...)
			finds(t, s.check(r.code, args...), "error", r.topic, r.why)
			s.answers(r.code, append([]string{"run", "--lock", s.lock}, args...)...)
			if _, err := os.Stat(s.file("ran")); err == nil {
				t.Error("the command was executed")
			}
		})
	}
}

// Wrong usage is the same of both, and no finding.
func TestCheckUsage(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	for _, args := range [][]string{
		{"--strays", "all", "--lock", s.lock, "--", "true"}, {"--lock", "web.lock", "--", "true"}, {"--map", "HUP", "--lock", s.lock, "--", "true"},
		{"--stop", "60", "--lock", s.lock, "--", "true"}, {"--profile", "none", "--lock", s.lock, "--", "true"}, {"--", "true"}, {"--lock", s.lock, "--", ""},
		{"--lock-mode", "666", "--lock", s.lock, "--", "true"}, {"--clear-pidfile=", "--lock", s.lock, "--", "true"}, {"--nothing"},
	} {
		for _, verb := range []string{"check", "run"} {
			if got := s.answers(64, append([]string{verb}, args...)...); got.out != "" || !strings.HasPrefix(got.err, "lockshim: error: cannot ") {
				t.Errorf("%s %q answers %+v", verb, args, got)
			}
		}
	}
	for _, args := range [][]string{{"check", s.lock, "true"}, {"check", s.lock, "--", ""}, {"check", s.lock, "--stop", "TERM", "word"}} {
		s.answers(64, args...)
	}
}

// SERVICE may come first, with flags behind it, or be LOCKSHIM_LOCK; without a
// command the service alone is looked at.
func TestCheckCommandLines(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	for _, args := range [][]string{
		{lockshim, "check", s.lock, "--", "no-such"},
		{lockshim, "check", s.lock, "--stop", "TERM", "--", "no-such"},
		{lockshim, "check", "--stop=TERM", s.lock, "--map", "HUP=TERM", "--", "no-such", "--lock", "x"},
		{lockshim, "check", "--lock", s.lock, "no-such", "-x"},
		{"/usr/bin/env", "LOCKSHIM_LOCK=" + s.lock, lockshim, "check", "--", "no-such"},
		{"/usr/bin/env", "LOCKSHIM_LOCK=" + s.lock, lockshim, "check", "no-such", "-x"},
	} {
		finds(t, s.checkLine(127, args...), "error", "command", "no-such: command not found")
	}
	for _, f := range s.checkLine(0, lockshim, "check", s.lock) {
		if f.topic == "command" || f.topic == "profile" {
			t.Errorf("without a command check finds %q", f)
		}
	}
}

// A full file system, and a read-only one.
func TestCheckFilesystems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, options, script string
		want                  int
	}{
		{"no inode", "nr_inodes=1", "", 73},
		{"read-only", "size=1m", "mount -o remount,ro mnt;", 73},
		{"read-only with a lockfile", "size=1m", "umask 027; : >mnt/web.lock; mount -o remount,ro mnt;", 71},
		{"room", "size=1m", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, setup{})
			ask := "code=0; " + lockshim + " check --lock mnt/web.lock -- true || code=$?; test $code = "
			got := s.inNamespace(c.options, c.script+ask+"0 || "+lockshim+" run --lock mnt/web.lock -- true; exit $code")
			if got.code != c.want || c.want != 0 && !strings.Contains(got.out, "\nerror: ") && !strings.HasPrefix(got.out, "error: ") {
				t.Errorf("the script answers %+v, want code %d", got, c.want)
			}
			s2 := prepare(t, setup{})
			if run := s2.inNamespace(c.options, c.script+lockshim+" run --lock mnt/web.lock -- true"); run.code != c.want {
				t.Errorf("run answers %+v, want code %d", run, c.want)
			}
		})
	}
}

// A command for a service that has a shim is refused, and the shim named. Without the shim its
// server is adopted, refused or replaced, as the flag says.
func TestCheckRunningService(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		args := append([]string{"--"}, s.command()...)
		found := s.check(75, args...)
		finds(t, found, "error", "running", "locked by pid "+strconv.Itoa(r.pid)+" (")
		s.held()
		r.kill()
		finds(t, s.check(0, args...), "warning", "running", "pid "+strconv.Itoa(s.master)+" (")
		finds(t, s.check(0, "--", "no-such"), "warning", "command", "not found: the server runs")
		finds(t, s.check(0, append([]string{"--if-running", "replace"}, args...)...), "warning", "running", "stopped first")
		finds(t, s.check(75, append([]string{"--if-running", "refuse"}, args...)...), "error", "running", "locked by pid "+strconv.Itoa(s.master)+" (")
		r = s.run()
		if e := r.until(event.Adopted); e.PID != s.master {
			t.Errorf("the shim adopts %d, want %d", e.PID, s.master)
		}
		s.stopsWith(r, 0)
	})
}

// A neighbour's shared lock is worth a warning, and its exclusive one forbids a
// start. check has not signalled it.
func TestCheckForeignHolder(t *testing.T) {
	t.Parallel()
	for how, code := range map[string]int{"-s": 0, "-x": 75} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, setup{})
			s.put("web.lock", "")
			n := s.neighbour(how, 0)
			found := s.check(code, "--", "true")
			finds(t, found, "warning", "holder", "pid "+strconv.Itoa(n.pid)+" (")
			if code != 0 {
				finds(t, found, "error", "running", "locked by pid "+strconv.Itoa(n.pid)+" (")
			}
			if got := s.answers(code, "run", "--lock", s.lock, "--", "true"); got.out != "" {
				t.Errorf("run prints %q", got.out)
			}
			n.leave()
		})
	}
}

// A lock of which the holder cannot be seen forbids a start.
func TestCheckHiddenHolder(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	s := prepare(t, setup{})
	s.put("web.lock", "")
	n := s.neighbour("-s", 0)
	must(t, os.Chown(s.lock, nobody, nobody))
	must(t, os.Chown(s.dir, nobody, nobody))
	as := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	for verb, want := range map[string]int{"check": 75, "run": 75} {
		args := []string{lockshim, verb, "--lock", s.lock, "--", "true"}
		if code := start(t, spec{args: args, env: s.env(), dir: s.dir, sys: as}).wait(); code != want {
			t.Errorf("%s exits with %d, want %d", verb, code, want)
		}
	}
	n.leave()
}
