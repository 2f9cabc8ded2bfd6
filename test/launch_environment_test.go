//go:build linux

package test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// Under nohup HUP stays ignored: by the shim, which passes none on, and by the
// server.
func TestLaunchNohup(t *testing.T) {
	t.Parallel()
	s, command := prepareCounting(t)
	args := []string{"/usr/bin/nohup", lockshim, "run", "--lock", s.lock, "--log-format", "json", "--"}
	r := s.runArgs(append(args, command...), spec{})
	if words := s.line("up"); !slices.Equal(words[3:], []string{"HUP"}) {
		t.Errorf("the server ignores the signals %v, want HUP", words[3:])
	}
	r.until(event.Launched)
	r.send(syscall.SIGHUP)
	r.send(syscall.SIGUSR1)
	s.line("got", "USR1")
	if s.said("got") != 1 {
		t.Errorf("the server says %q", s.seen)
	}
	r.send(syscall.SIGTERM)
	if code := r.finish(); code != 128+int(syscall.SIGTERM) {
		t.Errorf("the shim exits with %d", code)
	}
	if told := r.all(event.Signalled); len(told) != 2 || told[0].Signal != "USR1" || told[1].Signal != "TERM" {
		t.Errorf("the shim sent %+v, want USR1 and TERM", told)
	}
	s.over()
}

// The server sees which lock is its own, and none of the shim's settings; its
// working directory keeps the name that it was entered by.
func TestLaunchEnvironment(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	must(t, os.Mkdir(s.file("release-7"), 0o755))
	must(t, os.Symlink("release-7", s.file("current")))
	env := append(s.env(), "PWD="+s.file("current"), "LOCKSHIM_PIDFILE="+s.file("shim.pid"), "LOCKSHIM_STRAYS=wait",
		"LOCKSHIM_LOG_FORMAT=json", "LOCKSHIM_LOCK=./web.lock", "LOCKSHIM_FD=7", "LOCKSHIM_HOLD=1", "LISTEN_FDS=1", "EMPTY=")
	script := `env >../env; cp ../shim.pid ../pid; readlink /proc/$$/fd/$LOCKSHIM_FD >../link; pwd >../pwd`
	r := s.runArgs([]string{lockshim, "run", "--", "sh", "-c", script}, spec{env: env, dir: s.file("current")})
	if code := r.finish(); code != 0 {
		t.Errorf("the shim exits with %d", code)
	}
	lock := s.file("current/web.lock")
	got := map[string]string{}
	for line := range strings.Lines(s.text("env")) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		got[name] = value
	}
	want := map[string]string{"LOCKSHIM_LOCK": lock, "LOCKSHIM_FD": "1025", "PWD": s.file("current"), "LISTEN_FDS": "1", "EMPTY": ""}
	for name, value := range want {
		if have, there := got[name]; !there || have != value {
			t.Errorf("%s is %q, want %q", name, have, value)
		}
	}
	for name := range got {
		if strings.HasPrefix(name, "LOCKSHIM_") && name != "LOCKSHIM_LOCK" && name != "LOCKSHIM_FD" {
			t.Errorf("the server sees %s", name)
		}
	}
	real, err := filepath.EvalSymlinks(lock)
	must(t, err)
	for name, want := range map[string]string{"link": real + "\n", "pwd": s.file("current") + "\n", "pid": strconv.Itoa(r.pid) + "\n"} {
		if text := s.text(name); text != want {
			t.Errorf("%s is %q, want %q", name, text, want)
		}
	}
	s.lock = lock
	s.over()
}

// text is what a file of the service contains.
func (s *service) text(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.file(name))
	must(s.t, err)
	return string(text)
}
