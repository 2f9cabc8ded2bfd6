//go:build linux

package test

import (
	"fmt"
	"syscall"
	"testing"
)

// forkedCode starts a daemon that executes no program of its own: it says
// "daemon PID" and sleeps.
var forkedCode = map[string]string{
	"unicorn": `Process.wait(fork {
  Process.setsid
  fork {
    %%w[QUIT TERM INT].each { |sig| trap(sig, "DEFAULT") }
    File.open(%[1]q, "a") { |f| f.syswrite("daemon #{$$}\n") }
    sleep
  }
  exit!
})
`,
	"gunicorn": `import signal
child = os.fork()
if child == 0:
    os.setsid()
    if os.fork() == 0:
        for sig in (signal.SIGQUIT, signal.SIGTERM, signal.SIGINT):
            signal.signal(sig, signal.SIG_DFL)
        with open(%[1]q, "w") as f:
            f.write("daemon %%d\n" %% os.getpid())
        while True:
            signal.pause()
    os._exit(0)
os.waitpid(child, 0)
`,
}

// A daemon that the application forked and that executed nothing is a copy of a
// worker, and nobody can tell it from one: a stop ends it, whatever becomes of
// strays.
func TestForkedDaemon(t *testing.T) {
	t.Parallel()
	for _, c := range []setup{{server: unicorn}, {server: unicorn, hook: true}, {server: gunicorn}, {server: gunicorn, hook: true}} {
		t.Run(c.title(), func(t *testing.T) {
			t.Parallel()
			c.workers = 1
			s := prepare(t, c)
			s.app = fmt.Sprintf(forkedCode[c.name], s.file("events"))
			s.writeFiles()
			r := s.run("--strays", "leave")
			daemon := watch(t, s.daemonStarted())
			r.send(syscall.SIGTERM)
			if code := r.finish(); code != 0 {
				t.Errorf("the shim exits with %d, want the master's 0", code)
			}
			exited(t, daemon)
			s.over()
		})
	}
}
