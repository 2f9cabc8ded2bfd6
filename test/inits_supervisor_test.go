//go:build linux

package test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim"
)

// newSupervised makes a world with supervisord, not yet booted, for its first tenant.
func newSupervised(t *testing.T) (*supervisord, *tenant) {
	t.Helper()
	testkit.Need(t, "/usr/bin/supervisord", "supervisor")
	w := newWorld(t)
	s := newSupervisord(w).(*supervisord)
	w.init = s
	return s, w.tenants[0]
}

// becomes blocks until supervisorctl says one of these states.
func (s *supervisord) becomes(x *tenant, states ...string) {
	x.t.Helper()
	again(x.t, strings.Join(states, " or "), func() (any, bool) {
		state := s.state(x)
		return state, slices.Contains(states, state)
	})
}

// supervisorctl says what is, restarts, and passes signals on; the service is its
// user's, and has its log where supervisor's users look for it.
func TestSupervisordTells(t *testing.T) {
	t.Parallel()
	s, x := newSupervised(t)
	s.install(x)
	s.boot()
	x.alive()
	s.becomes(x, "RUNNING")
	keeper, members := x.keeper(), x.members()
	for _, pid := range append(x.members(), keeper) {
		x.isUsers(pid)
	}
	s.restart(x)
	x.alive()
	if s.state(x) != "RUNNING" || x.keeper() == keeper || slices.ContainsFunc(x.members(), func(pid int) bool { return slices.Contains(members, pid) }) {
		t.Errorf("it is %s after a restart, with the shim %d and %v, which were %d and %v", s.state(x), x.keeper(), x.members(), keeper, members)
	}
	keeper = x.keeper()
	s.must("signal", "USR2", x.name)
	x.alive()
	if x.keeper() != keeper {
		t.Error("an upgrade has changed the pid")
	}
	s.end()
	x.empty()
	log, err := os.ReadFile("/var/log/supervisor/" + x.name + ".log")
	if err != nil || !strings.Contains(string(log), "upgraded to generation 2") {
		t.Errorf("%v in the log:\n%s", err, log)
	}
}

// isUsers fails the test unless a process runs as the tenant's user, with its groups.
func (x *tenant) isUsers(pid int) {
	x.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(x.t, err)
	id := fmt.Sprint(userID(x.t, tenantUser))
	for _, want := range [][]string{{"Uid:", id, id, id, id}, {"Gid:", id, id, id, id}, {"Groups:", id}} {
		has := func(line string) bool { return slices.Equal(strings.Fields(line), want) }
		if !slices.ContainsFunc(strings.Split(string(text), "\n"), has) {
			x.t.Errorf("process %d has not %q:\n%s", pid, want, text)
		}
	}
}

// A SIGKILL of supervisord is one of the shim, so that the next supervisord has the
// service again, and no request is lost.
func TestSupervisordKilled(t *testing.T) {
	t.Parallel()
	s, x := newSupervised(t)
	s.install(x)
	s.boot()
	x.alive()
	keeper, members, c := watch(t, x.keeper()), x.members(), x.client()
	s.cut()
	keeper.gone()
	s.boot()
	x.until("a shim that adopts", func(st shim.Status) bool { return st.Shim != nil && st.Shim.Adopted })
	x.keeper()
	c.more()
	c.finish()
	if now := x.members(); !slices.Equal(now, members) {
		t.Errorf("the processes of the service are %v, and were %v", now, members)
	}
	s.end()
	x.empty()
}

// A server that ends by itself comes again, also with a code of supervisor's own
// choosing; what will not get better does not, neither after a while nor at once.
func TestSupervisordGivesUp(t *testing.T) {
	t.Parallel()
	s, x := newSupervised(t)
	x.put("ends", "#!/bin/sh\necho alive >"+x.file("events")+"\nread code <"+x.file("hang")+"\nexit $code\n")
	must(t, os.Chmod(x.file("ends"), 0o755))
	s.install(x, contrib.Setting{Key: "command", Value: x.file("ends")})
	s.boot()
	for _, code := range []string{"1", "75", "3", "78"} {
		x.line("alive")
		s.becomes(x, "RUNNING")
		_, err := x.block.WriteString(code + "\n")
		must(t, err)
	}
	s.becomes(x, "EXITED")
	s.must("start", x.name) // an error if it has been started
	x.line("alive")
	s.end()
	x.empty()
}

// What ends in its first second is tried a few times. (On a busy machine that may have
// been more than a second, and the code counts.)
func TestSupervisordEndsALoop(t *testing.T) {
	t.Parallel()
	s, x := newSupervised(t)
	s.install(x, contrib.Setting{Key: "command", Value: x.file("nothing")})
	text, err := os.ReadFile(s.of(x))
	must(t, err)
	fewer := strings.Replace(string(text), "startretries=10", "startretries=1", 1)
	must(t, os.WriteFile(s.of(x), []byte(fewer), 0o644))
	s.boot()
	s.becomes(x, "FATAL", "EXITED")
	s.end()
	x.empty()
}

// Supervisor's own parser reads the file as it lies in its folder.
func TestSupervisorParses(t *testing.T) {
	t.Parallel()
	testkit.NeedRoot(t)
	testkit.Need(t, "/usr/bin/supervisord", "supervisor")
	w := newWorld(t)
	s := newSupervisord(w).(*supervisord)
	text, err := contrib.Get("supervisor/web.conf")
	must(t, err)
	must(t, os.WriteFile(w.file("conf.d/web.conf"), text, 0o644))
	out := w.must("/usr/bin/python3", "-c", `
import json, shlex, sys
from supervisor.options import ServerOptions
o = ServerOptions()
o.realize(["-c", sys.argv[1]])
p = o.process_group_configs[0].process_configs[0]
print(json.dumps([p.name, shlex.split(p.command)[4:], p.stopwaitsecs, int(p.stopsignal), p.killasgroup, p.stopasgroup, p.exitcodes, p.startretries]))
`, s.conf())
	want := fmt.Sprintf(`["web", ["lockshim", "run", "--lock", "/run/lockshim/web/web.lock", "--clear-pidfile", "/srv/web/unicorn.pid", `+
		`"--", "unicorn", "-c", "/srv/web/unicorn.rb"], 90, %d, true, false, [0, 64, 69, 73, 77, 78, 126, 127], 10]`, syscall.SIGTERM)
	if out != want {
		t.Errorf("it reads\n%s, not\n%s", out, want)
	}
}
