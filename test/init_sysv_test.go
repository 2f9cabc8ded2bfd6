//go:build linux

package test

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/contrib"
)

// The script answers with the codes of the Linux Standard Base (Core 5.0, 22.2), and
// leaves the service beside it alone.
func TestSysVScriptAnswersAsLSBSays(t *testing.T) {
	t.Parallel()
	inWorld(t, "SysV script", func(w *world) {
		s, x, neighbour := w.init.(*scripts), w.tenants[0], w.tenants[1]
		others, ours := neighbour.all(), x.all()
		x.owned(tenantUser)
		neighbour.owned(tenantUser)
		s.answers(x, "status", 0)
		s.answers(x, "start", 0)
		if now := x.all(); !slices.Equal(now, ours) {
			t.Errorf("start of a service that runs: its processes are %v, and were %v", now, ours)
		}
		s.answers(x, "stop", 0)
		x.empty()
		for _, a := range []struct {
			action string
			code   int
		}{{"status", 3}, {"stop", 0}, {"try-restart", 0}, {"reload", 7}, {"force-reload", 7}, {"dance", 2}, {"", 2}} {
			s.answers(x, a.action, a.code)
		}
		user := append(w.init.enter(), "/usr/bin/setpriv", "--reuid", tenantUser, "/etc/init.d/"+x.name, "start")
		if got := w.ask(user...); got.code != 4 {
			t.Errorf("start by a user answers %+v", got)
		}
		x.empty()
		if now := neighbour.all(); !slices.Equal(now, others) {
			t.Errorf("the processes of the neighbour are %v, and were %v", now, others)
		}
	})
}

// Of a service that was killed there is a pid file; the next start takes no notice.
func TestSysVScriptStartsWhatWasKilled(t *testing.T) {
	t.Parallel()
	inWorld(t, "SysV script", func(w *world) {
		s, x := w.init.(*scripts), w.tenants[0]
		x.killed()
		s.answers(x, "status", 1)
		s.answers(x, "start", 0)
		if got := x.verb("status", "--ready"); got.code != 0 {
			t.Errorf("start came back before a generation was ready: %+v", got)
		}
		x.alive()
		x.keeper()
		s.answers(x, "reload", 0)
		x.generation()
		x.serves()
		x.killed()
		s.answers(x, "stop", 0)
		s.answers(x, "status", 3)
	})
}

// A shim that hangs is not waited for longer than the file says.
func TestSysVScriptStopsAShimThatHangs(t *testing.T) {
	t.Parallel()
	inWorld(t, "SysV script", func(w *world) {
		s, x := w.init.(*scripts), w.tenants[0]
		w.init.install(x, contrib.Setting{Key: "timeout", Value: "1"})
		watch(t, x.keeper()).send(syscall.SIGSTOP)
		s.answers(x, "stop", 0)
		x.empty()
		s.answers(x, "status", 3)
		s.answers(x, "start", 0)
		x.alive()
	})
}

// start says that it failed, and why.
func TestSysVScriptFailsToStart(t *testing.T) {
	t.Parallel()
	inWorld(t, "SysV script", func(w *world) {
		s, x := w.init.(*scripts), w.tenants[0]
		s.answers(x, "stop", 0)
		for _, c := range []struct {
			set  contrib.Setting
			code int
			says string
		}{
			{contrib.Setting{Key: "command", Value: "/bin/false"}, 1, "it ended with 1 before it was ready"},
			{contrib.Setting{Key: "command", Value: "no-such-server"}, 5, "its command is not installed"},
			{contrib.Setting{Key: "command", Value: "/etc/passwd"}, 4, "it is not permitted"},
			{contrib.Setting{Key: "flags", Value: "--pidfile /nonexistent/pid"}, 6, "it is not configured"},
			{contrib.Setting{Key: "directory", Value: "/nonexistent"}, 6, "its directory is missing"},
		} {
			w.init.install(x, c.set)
			if got := s.run(x, "start"); got.code != c.code || !strings.Contains(got.err, x.name+": "+c.says) {
				t.Errorf("%v: start answers %+v, want %d and %q", c.set, got, c.code, c.says)
			}
			s.answers(x, "status", 3)
		}
	})
}

// answers fails the test unless an action of the script has that code.
func (s *scripts) answers(x *tenant, action string, want int) {
	s.w.t.Helper()
	if got := s.run(x, action); got.code != want {
		s.w.t.Errorf("%s answers %+v, want %d", action, got, want)
	}
}

// A runlevel without services is reached when init has stopped them, gracefully: the
// shim alone is told, and a request that runs is answered. A runlevel with services
// starts them again.
func TestInittabStopsAtARunlevel(t *testing.T) {
	t.Parallel()
	inWorld(t, "inittab", func(w *world) {
		i, x := w.init.(*inittab), w.tenants[0]
		w.each(func(x *tenant) { x.owned(tenantUser) })
		worker, answers := x.hang()
		idle := slices.DeleteFunc(x.members(), func(pid int) bool { return pid == x.leader() || insidePID(pid) == worker })
		shims := watchAll(t, append(x.shims(), w.tenants[1].shims()...))
		spare := watchAll(t, idle)[0]
		w.must(append(i.enter(), sysvinit+"/sbin/telinit", "-t", "60", "1")...)
		spare.gone()
		x.release()
		if got := <-answers; got.err != nil {
			t.Errorf("the request that ran when the service was stopped: %v", got.err)
		}
		for _, p := range shims {
			p.reaped()
		}
		w.each((*tenant).empty)
		w.must(append(i.enter(), sysvinit+"/sbin/telinit", "2")...)
		w.each(func(x *tenant) { x.alive() })
	})
}
