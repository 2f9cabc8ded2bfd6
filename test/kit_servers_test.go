//go:build linux

package test

import (
	"cmp"
	"fmt"
	"syscall"

	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// A server is one of those that the tests run, and how a test writes its files.
type server struct {
	name     string
	program  string // the package's, whatever else PATH has
	daemon   string // the flag that sends it to the background
	graceful syscall.Signal
	quick    syscall.Signal
	config   string // name of the configuration file
	load     string // the lines that load the hook; %s is its path
	write    func(*service) map[string]string
	args     func(*service) []string
	tcp      bool                          // it cannot listen on a socket with a path
	single   bool                          // it is one process
	means    func(*service, string) string // what a line of its own log says in the words of the kit; nil where it writes these
}

var unicorn = server{
	name:     "unicorn",
	program:  "/usr/bin/unicorn",
	daemon:   "-D",
	graceful: syscall.SIGQUIT,
	quick:    syscall.SIGTERM,
	config:   "unicorn.rb",
	load:     "require %q\nLockshim.hook(self)\n",
	write:    unicornFiles,
	args:     func(s *service) []string { return []string{"-c", s.file("unicorn.rb"), s.file("config.ru")} },
}

var gunicorn = server{
	name:     "gunicorn",
	program:  "/usr/bin/gunicorn",
	daemon:   "--daemon",
	graceful: syscall.SIGTERM,
	quick:    syscall.SIGQUIT,
	config:   "gunicorn.conf.py",
	load:     "exec(open(%q).read())\n",
	write:    gunicornFiles,
	args: func(s *service) []string {
		return []string{"-c", s.file("gunicorn.conf.py"), "--chdir", s.dir, "app:app"}
	},
}

// A setup is what a test chooses about a service.
type setup struct {
	server
	background bool
	hook       bool
	workers    int    // 0 means 2
	pidfile    bool   // the server writes one, s.file("server.pid")
	more       string // lines of configuration, in the server's language
	app        string // lines of the application's file, run when a worker loads it
	fragile    bool   // see fragile
}

// name says it in the name of a subtest.
func (c setup) title() string {
	name := c.name
	if c.background {
		name += cmp.Or(c.daemon, " daemon")
	}
	if c.hook {
		name += "+hook"
	}
	return name
}

// each runs a test for each server, in the foreground and in the background, with
// and without the hook. All of it is parallel, to other tests too.
//
// `make soak` runs all eight; `make test` four in which every two of these choices meet
// in each way. Which four it is differs from test to test.
func each(t *testing.T, test func(*testing.T, setup)) {
	t.Helper()
	t.Parallel()
	kind := len(t.Name()) % 2
	for n, server := range []server{unicorn, gunicorn} {
		for i := range 4 {
			if testkit.Times(0, 1) == 0 && (n+i+i>>1)%2 != kind {
				continue
			}
			c := setup{server: server, background: i&1 != 0, hook: i&2 != 0}
			t.Run(c.title(), func(t *testing.T) {
				t.Parallel()
				test(t, c)
			})
		}
	}
}

// eachServer runs a test likewise for each server, in the foreground, with the
// hook: where neither makes a difference.
func eachServer(t *testing.T, test func(*testing.T, setup)) {
	t.Helper()
	t.Parallel()
	for _, server := range []server{unicorn, gunicorn} {
		c := setup{server: server, hook: true}
		t.Run(c.title(), func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

// unicornFiles tell of a master when it forks its first worker, and of a worker
// when it can be stopped. Nothing times out while a test runs.
//
// The application answers / with its pid; /hang says "hanging PID" and answers
// once the test has written a line into the FIFO hang.
func unicornFiles(s *service) map[string]string {
	pidfile := ""
	if s.pidfile {
		pidfile = fmt.Sprintf("pid %q\n", s.file("server.pid"))
	}
	return map[string]string{
		"unicorn.rb": fmt.Sprintf(`
def say(line)
  File.open(%q, "a") { |f| f.syswrite("#{line}\n") }
end
worker_processes %d
listen %q
stderr_path %q
stdout_path %[4]q
timeout 7200
before_fork { |server, worker| say "master #{$$}" if worker.nr == 0 }
after_worker_ready { |server, worker| say "worker #{$$} of #{Process.ppid}" }
`, s.file("events"), s.workers, s.socket(), s.file("log")) + pidfile + s.more + "\n" + s.loading(),
		"config.ru": s.app + fmt.Sprintf(`
run lambda { |env|
  if env["PATH_INFO"] == "/hang"
    File.open(%q, "a") { |f| f.syswrite("hanging #{$$}\n") }
    File.open(%q) { |f| f.gets }
  end
  [200, { "Content-Type" => "text/plain" }, [$$.to_s]]
}
`, s.file("events"), s.file("hang")),
	}
}

// gunicornFiles do the same for Gunicorn. They tell of a promotion too: before
// it a new master ignores USR2.
func gunicornFiles(s *service) map[string]string {
	pidfile := ""
	if s.pidfile {
		pidfile = fmt.Sprintf("pidfile = %q\n", s.file("server.pid"))
	}
	return map[string]string{
		"gunicorn.conf.py": fmt.Sprintf(`
import logging, os
def say(line):
    fd = os.open(%q, os.O_WRONLY)
    os.write(fd, (line + "\n").encode())
    os.close(fd)
class Promotion(logging.Handler):
    def emit(self, record):
        if record.getMessage() == "Master has been promoted.":
            say("promoted %%d" %% os.getpid())
logging.getLogger("gunicorn.error").addHandler(Promotion())
workers = %d
bind = %q
errorlog = %q
timeout = 7200
graceful_timeout = 7200
def when_ready(server):
    say("master %%d" %% os.getpid())
def post_worker_init(worker):
    say("worker %%d of %%d" %% (os.getpid(), os.getppid()))
`, s.file("events"), s.workers, "unix:"+s.socket(), s.file("log")) + pidfile + s.more + "\n" + s.loading(),
		"app.py": "import os\n" + s.app + fmt.Sprintf(`
def app(environ, start_response):
    if environ["PATH_INFO"] == "/hang":
        with open(%q, "w") as f:
            f.write("hanging %%d\n" %% os.getpid())
        open(%q).readline()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
`, s.file("events"), s.file("hang")),
	}
}
