//go:build linux

package test

import (
	"os"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
)

// unseen are ways to a daemon on which nobody sees what forks it: wrappers and
// scripts that execute another program.
var unseen = map[string][]string{
	"script": {"sh", "-c", `exec "$0" "$@"`},
	"chain":  {"s6-setuidgid", "root", "env", "A=b"},
	"chpst":  {"chpst", "-P", "env", "A=b"},
}

// eachUnseen runs a test in parallel for each of them, several times.
func eachUnseen(t *testing.T, test func(*testing.T, []string)) {
	t.Helper()
	t.Parallel()
	testkit.Need(t, "/usr/bin/chpst", "runit")
	testkit.Need(t, "/usr/bin/s6-setuidgid", "s6")
	for range testkit.Times(1, 10) {
		for name, way := range unseen {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, way)
			})
		}
	}
}

// quickDaemon is a program that leaves a daemon of another name behind it, as soon
// as that has the name.
const quickDaemon = `#!/usr/bin/perl
use POSIX;
pipe(my $named, my $name);
if (fork) { close $name; sysread($named, my $end, 1); POSIX::_exit(0) }
setsid();
$0 = "served by nobody";
close $name;
open(my $up, ">>", $ENV{HOME} . "/events");
syswrite($up, "daemon $$\n");
close($up);
open(my $hang, "<", $ENV{HOME} . "/hang");
sysread($hang, my $line, 1);
`

// A daemon of a program that nobody knows is the server, whatever its launcher was
// seen as last.
func TestDaemonOfAnUnseenLauncher(t *testing.T) {
	eachUnseen(t, func(t *testing.T, way []string) {
		s := prepare(t, setup{})
		s.put("daemon", quickDaemon)
		must(t, os.Chmod(s.file("daemon"), 0o755))
		r := s.runCommand(append(way[:len(way):len(way)], s.file("daemon")), "--ready", "after:1h", "--ready-timeout", "2h")
		s.master = number(t, s.line("daemon")[1])
		r.knows(s.master)
		s.held()
		s.shows(r.pid, gen{s.master, nil})
		w := watch(t, s.master)
		if got := s.verb("stop"); got.code != 0 {
			t.Errorf("stop answers %+v", got)
		}
		exited(t, w)
		r.finish()
		r.never(event.Masterless, event.StrayLeft, event.Trouble)
		s.over()
	})
}

// slowLauncher is quickDaemon, but for its launcher, which waits to be told to end.
var slowLauncher = strings.Replace(quickDaemon, "POSIX::_exit", `open(my $told, "<", $ENV{HOME} . "/launched"); <$told>; POSIX::_exit`, 1)

// A launcher that lives on until its generation is ready by time alone is one all the
// same: the daemon is the server when it has ended.
func TestDaemonOfASlowLauncher(t *testing.T) {
	eachUnseen(t, func(t *testing.T, way []string) {
		for name, flags := range map[string][]string{"trial": nil, "after": {"--ready", "after:1ms"}} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := prepare(t, setup{})
				s.put("daemon", slowLauncher)
				must(t, os.Chmod(s.file("daemon"), 0o755))
				told := s.fifo("launched")
				r := s.runCommand(append(way[:len(way):len(way)], s.file("daemon")), flags...)
				launched := r.until(event.Launched)
				s.master = number(t, s.line("daemon")[1])
				r.until(event.Ready)
				_, err := told.WriteString("\n")
				must(t, err)
				r.untilEnded(launched.PID)
				r.knows(s.master)
				s.held()
				s.shows(r.pid, gen{s.master, nil})
				s.stopsWith(r, 143)
				r.never(event.Masterless, event.StrayLeft, event.Trouble)
			})
		}
	})
}

// slowSetsid is Gunicorn's configuration: a daemon waits before it starts its
// session.
const slowSetsid = `
own_setsid = os.setsid
def setsid():
    say("forked %d" % os.getpid())
    with open(os.environ["HOME"] + "/session") as gate:
        gate.readline()
    own_setsid()
os.setsid = setsid
`

// A daemon that is looked at before it has a session of its own is the server, with
// whatever its launcher has executed before. While a shim waits to be told that the
// server is ready, it does not look.
func TestDaemonBeforeItsSession(t *testing.T) {
	eachUnseen(t, func(t *testing.T, way []string) {
		s := prepare(t, setup{server: gunicorn, background: true, hook: true, more: slowSetsid})
		gate := s.fifo("session")
		r := s.runCommand(append(way[:len(way):len(way)], s.command()...), "--profile", "gunicorn", "--ready", "notify")
		launched := r.until(event.Launched)
		s.line("forked")
		r.untilEnded(launched.PID)
		st, err := shim.Inspect(s.lock)
		must(t, err)
		if len(st.Generations) != 1 || st.Generations[0].Master == nil {
			t.Errorf("before its session the daemon is %+v", st.Generations)
		}
		_, err = gate.WriteString("\n")
		must(t, err)
		s.generation()
		s.settled(r)
		s.shows(r.pid, s.current())
		s.stop(r, true)
		r.never(event.Masterless, event.StrayLeft, event.Trouble)
	})
}
