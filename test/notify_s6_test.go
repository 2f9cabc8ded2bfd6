//go:build linux

package test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// A supervision is a service directory under s6-supervise(8).
type supervision struct {
	*service
	dir string
}

// s6 starts s6-supervise for a service directory of that name, as a service that
// notifies by a descriptor; before is the script's before it executes lockshim.
func (s *service) s6(name, before, command string) supervision {
	s.t.Helper()
	v := supervision{s, s.file("sv")}
	must(s.t, os.Mkdir(v.dir, 0o755))
	s.put("sv/notification-fd", "7\n")
	s.put("sv/run", fmt.Sprintf("#!/bin/sh\n%sexec %s run --log-format json --lock %s -- sh -c 'cd %s && exec %s' 2>>%s\n", before, lockshim, s.lock, s.dir, command, s.file("log")))
	must(s.t, os.Chmod(s.file("sv/run"), 0o755))
	start(s.t, spec{args: []string{"/bin/s6-supervise", name}, env: s.env(), dir: s.dir})
	return v
}

// ask is what s6-svstat says of the service.
func (v supervision) ask(field string) string {
	v.t.Helper()
	got := v.begin("/bin/s6-svstat", "-o", field, v.dir).result()
	if got.code != 0 {
		v.t.Fatalf("s6-svstat answers %+v", got)
	}
	return strings.TrimSpace(got.out)
}

// s6 is told that the service is ready when its first generation is, and at once
// by a shim that adopts it. The server has no part in it.
func TestNotifyS6(t *testing.T) {
	t.Parallel()
	testkit.Need(t, "/bin/s6-supervise", "s6")
	s, command := prepareSpeaking(t)
	v := s.s6("sv", "", strings.Join(command, " "))
	s.up()
	wait := s.begin("/bin/s6-svwait", "-U", v.dir)
	s.speak("STATUS=booting")
	if got := v.ask("ready"); got != "false" {
		t.Errorf("s6 says that ready is %s before the server said so", got)
	}
	if _, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/7", s.master)); err == nil {
		t.Error("the server has the descriptor of s6")
	}
	s.speak("READY=1")
	if got := wait.result(); got.code != 0 {
		t.Errorf("s6-svwait answers %+v", got)
	}
	shim := watch(t, number(t, v.ask("pid")))
	again := s.begin("/bin/s6-svwait", "-d", v.dir)
	shim.send(syscall.SIGKILL)
	if got := again.result(); got.code != 0 {
		t.Errorf("s6-svwait answers %+v", got)
	}
	if got := s.begin("/bin/s6-svwait", "-U", v.dir).result(); got.code != 0 {
		t.Errorf("s6-svwait answers %+v", got)
	}
	if got := v.ask("pid"); got == fmt.Sprint(shim.PID) {
		t.Errorf("the shim is %s yet", got)
	}
	if got := s.begin("/bin/s6-svc", "-wD", "-dx", v.dir).result(); got.code != 0 {
		t.Errorf("s6-svc answers %+v", got)
	}
	s.over()
}

// The script may leave its directory before it executes lockshim. It may become
// another user too, who cannot see where s6-supervise works, but reads its path, if
// that is absolute.
func TestNotifyS6Elsewhere(t *testing.T) {
	t.Parallel()
	testkit.Need(t, "/bin/s6-supervise", "s6")
	for what, c := range map[string]struct{ name, before string }{
		"relative": {"sv", "cd /\n"}, "absolute": {"DIR/sv", "cd /\n"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s, command := prepareSpeaking(t)
			v := s.s6(strings.ReplaceAll(c.name, "DIR", s.dir), c.before, strings.Join(command, " "))
			s.up()
			wait := s.begin("/bin/s6-svwait", "-U", v.dir)
			s.speak("READY=1")
			if got := wait.result(); got.code != 0 {
				t.Errorf("s6-svwait answers %+v", got)
			}
			if got := s.begin("/bin/s6-svc", "-wD", "-dx", v.dir).result(); got.code != 0 {
				t.Errorf("s6-svc answers %+v", got)
			}
			s.over()
		})
	}
}
