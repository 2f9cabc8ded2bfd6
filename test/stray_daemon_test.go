//go:build linux

package test

import (
	"fmt"
	"strings"
	"testing"
)

// How an application starts a daemon when a worker loads it.
const (
	spawned = "spawned"       // a program in a session of its own
	forked  = "double-forked" // the worker's grandchild executes the program
)

// plainDaemon is a program that TERM ends.
const plainDaemon = "exec sleep infinity"

// daemonCode is the application's code that starts /bin/sh -c 'echo "daemon $$"
// into the FIFO; SCRIPT' in each way. %[1]q is that script; %[1]s in Python.
var daemonCode = map[string]map[string]string{
	"unicorn": {
		spawned: `Process.spawn("setsid", "sh", "-c", %[1]q, in: "/dev/null", out: "/dev/null", err: "/dev/null")
`,
		forked: `Process.wait(fork {
  Process.setsid
  fork { [$stdin, $stdout, $stderr].each { |io| io.reopen("/dev/null") }; exec("sh", "-c", %[1]q) }
  exit!
})
`,
	},
	"gunicorn": {
		spawned: `import subprocess
subprocess.Popen(["setsid", "sh", "-c", %[1]q], close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
`,
		forked: `child = os.fork()
if child == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        os.execvp("sh", ["sh", "-c", %[1]q])
    os._exit(0)
os.waitpid(child, 0)
`,
	},
}

// eachDaemon runs a test in parallel for each server, with and without the hook,
// and for each way to start a daemon.
func eachDaemon(t *testing.T, test func(*testing.T, *service)) {
	t.Helper()
	t.Parallel()
	for _, server := range []server{unicorn, gunicorn} {
		for _, hook := range []bool{false, true} {
			for _, how := range []string{spawned, forked} {
				c := setup{server: server, hook: hook}
				t.Run(c.title()+"/"+how, func(t *testing.T) {
					t.Parallel()
					test(t, prepareDaemon(t, c, how, plainDaemon))
				})
			}
		}
	}
}

// prepareDaemon writes a service of one worker whose application starts a daemon.
func prepareDaemon(t *testing.T, c setup, how, script string) *service {
	t.Helper()
	c.workers = 1
	s := prepare(t, c)
	code := fmt.Sprintf(daemonCode[c.name][how], fmt.Sprintf(`echo "daemon $$" > %s; %s`, s.file("events"), script))
	// Ruby would put its own variables into a string in double quotes.
	s.app = strings.ReplaceAll(code, "$$", map[string]string{"unicorn": `\$\$`, "gunicorn": "$$"}[c.name])
	s.writeFiles()
	return s
}

// daemonStarted blocks until the worker is ready and its daemon runs.
func (s *service) daemonStarted() (daemon int) {
	s.t.Helper()
	for ready := false; daemon == 0 || !ready; {
		words := s.next()
		switch words[0] {
		case "daemon":
			daemon = number(s.t, words[1])
		case "worker":
			s.master, s.crew, ready = number(s.t, words[3]), []int{number(s.t, words[1])}, true
		}
	}
	return daemon
}

// serveWithDaemon starts the shim, and returns when the worker is ready and its
// daemon runs. With the hook it has no lock, without it it has.
func (s *service) serveWithDaemon(flags ...string) (*shimRun, watched) {
	s.t.Helper()
	r := s.run(flags...)
	stray := s.daemonStarted()
	if st := s.shows(r.pid, s.current()); len(st.Strays) == 0 {
		s.t.Errorf("status shows no stray, want %d", stray)
	}
	for _, p := range s.status().Strays {
		if p.PID == stray && p.Locked == s.hook {
			s.t.Errorf("the daemon's lock is shown as %v, want %v", p.Locked, !s.hook)
		}
	}
	return r, watch(s.t, stray)
}
