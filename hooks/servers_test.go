//go:build linux

package hooks_test

import (
	"fmt"
	"strings"
	"syscall"

	"github.com/lockshim/lockshim/internal/testkit"
)

// A server is one that hooks are for, and how a test writes its files.
type server struct {
	name     string
	program  string // the package's, whatever else PATH has
	load     string // the lines that load the hook; %s is its path
	daemon   string // the flag that sends it to the background
	graceful syscall.Signal
	settling bool // a worker must not be killed before the master has noted it
	config   func(*service) (file, text string)
	files    func(*service) map[string]string // what the configuration and the application need
	args     func(*service) []string
}

var servers = []server{
	{
		name:     "unicorn",
		program:  "/usr/bin/unicorn",
		load:     "require %q\nLockshim.hook(self)",
		daemon:   "-D",
		graceful: syscall.SIGQUIT,
		config:   unicornConfig,
		files:    unicornFiles,
		args:     func(s *service) []string { return []string{"-c", s.file("unicorn.rb"), s.file("config.ru")} },
	},
	{
		name:     "gunicorn",
		program:  "/usr/bin/gunicorn",
		load:     "exec(open(%q).read())",
		daemon:   "--daemon",
		graceful: syscall.SIGTERM,
		settling: true,
		config:   gunicornConfig,
		files:    gunicornFiles,
		args:     func(s *service) []string { return []string{"-c", s.file("gunicorn.conf.py"), "app:app"} },
	},
}

// unicornConfig says in a line of the FIFO when a worker is ready.
func unicornConfig(s *service) (string, string) {
	pid := ""
	if s.pid != "" {
		pid = fmt.Sprintf("pid %q", s.file(s.pid))
	}
	return "unicorn.rb", fmt.Sprintf(`
require %q
worker_processes %d
listen %q
stderr_path %q
preload_app %v
%s
after_worker_ready { |server, worker| say "worker #{$$} #{Process.ppid}" }
%s
%s
%s
`, s.file("say.rb"), s.workers, s.file("s"), s.file("log"), s.preload, pid, s.above, s.loading(), s.below)
}

func unicornFiles(s *service) map[string]string {
	return map[string]string{
		"say.rb": fmt.Sprintf(`
def say(line)
  File.open(%q, "a") { |f| f.syswrite("#{line}\n") }
end
def start(how)
  case how
  when "spawn" then Process.spawn("sleep", "infinity", in: :close)
  when "system" then system("sleep infinity >/dev/null & echo $! > program"); File.read("program").to_i
  when "backtick" then %s.to_i
  when "popen" then IO.popen(["sleep", "infinity"]).pid
  end
end
def collect
  %d.times { GC.start; GC.compact if GC.respond_to?(:compact) }
end
`, s.file("events"), "`sleep infinity >/dev/null & echo $!`", testkit.Times(3, 20)),
		"config.ru": s.app + `
run lambda { |env|
  answer = env["PATH_INFO"] == "/collect" ? collect : start(env["PATH_INFO"].delete("/"))
  [200, { "Content-Type" => "text/plain" }, [answer.to_s]]
}
`,
	}
}

// gunicornConfig says it too, and when the master's loop has taken up a USR1.
func gunicornConfig(s *service) (string, string) {
	return "gunicorn.conf.py", fmt.Sprintf(`
import os
from gunicorn.glogging import Logger
from say import *
class Log(Logger):
    def reopen_files(self):
        super().reopen_files()
        say("settled %%d" %% os.getpid())
logger_class = Log
workers = %d
bind = %q
errorlog = %q
preload_app = %s
def post_worker_init(worker):
    say("worker %%d %%d" %% (os.getpid(), os.getppid()))
%s
%s
%s
`, s.workers, "unix:"+s.file("s"), s.file("log"), title(s.preload), s.above, s.loading(), s.below)
}

func gunicornFiles(s *service) map[string]string {
	return map[string]string{
		"say.py": fmt.Sprintf(`
import gc, os, subprocess
def say(line):
    fd = os.open(%q, os.O_WRONLY)
    os.write(fd, (line + "\n").encode())
    os.close(fd)
def start(how):
    if how == "popen":
        return subprocess.Popen(["sleep", "infinity"], close_fds=False).pid
    if how == "system":
        os.system("sleep infinity >/dev/null & echo $! > program")
        return int(open("program").read())
    if how == "spawn":
        return os.posix_spawnp("sleep", ["sleep", "infinity"], os.environ)
def collect():
    for _ in range(%d):
        gc.collect()
`, s.file("events"), testkit.Times(3, 20)),
		"app.py": "from say import *\n" + s.app + `
def app(environ, start_response):
    path = environ["PATH_INFO"]
    answer = collect() if path == "/collect" else start(path.strip("/"))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(answer).encode()]
`,
	}
}

// title writes a truth value as Python does.
func title(b bool) string {
	s := fmt.Sprint(b)
	return strings.ToUpper(s[:1]) + s[1:]
}
