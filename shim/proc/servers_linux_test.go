package proc

import (
	"fmt"
	"os"
	"syscall"
	"testing"
)

// A server is one that says who its workers are, and stops at gates: FIFOs
// called gate.NAME that it opens where there is one.
type server struct {
	name     string
	program  string
	graceful syscall.Signal
	daemon   string // the flag that sends it to the background
	promoted string // what it logs when the old master's end has been noticed
	preload  bool
	extra    string // code that the first worker of the first generation runs
	command  []string
	files    func(server, *service, int)
}

// unicorn is Unicorn 6; gates: config, before_exec, before_fork.
func unicorn() server {
	return server{
		name: "unicorn", program: "/usr/bin/unicorn", graceful: syscall.SIGQUIT, daemon: "-D",
		command: []string{"unicorn", "-c", "unicorn.rb", "config.ru"},
		files: func(v server, s *service, workers int) {
			s.write("config.ru", "run lambda { |env| [200, {}, []] }\n")
			s.write("unicorn.rb", fmt.Sprintf(`
def say(line)
  File.open("DIR/events", "a") { |f| f.syswrite("#{line}\n") }
end
def gate(name)
  return unless File.exist?("DIR/gate.#{name}")
  say "at #{name} #{$$}"
  File.read("DIR/gate.#{name}")
end
gate "config"
worker_processes %d
listen "DIR/s"
stderr_path "DIR/events"
preload_app %v
before_exec { |server| gate "before_exec" }
before_fork { |server, worker| gate "before_fork" }
after_worker_ready { |server, worker|
  if worker.nr == 0 && !ENV["UNICORN_FD"] && !File.exist?("DIR/started")
    %s
  end
  say "its worker #{$$} #{Process.ppid}"
}
`, workers, v.preload, v.extra))
		},
	}
}

// unicornStrays starts two daemons: one that executes a program, and one that is
// a copy of the worker.
const unicornStrays = `
    File.write("DIR/started", "")
    say "stray #{spawn("sleep", "infinity")}"
    fork { Process.daemon(true, true); say "copy #{$$}"; sleep }
`

// gunicorn is Gunicorn 20; gates: the same.
func gunicorn() server {
	return server{
		name: "gunicorn", program: "/usr/bin/gunicorn", graceful: syscall.SIGTERM, daemon: "--daemon", promoted: "Master has been promoted.",
		command: []string{"gunicorn", "-c", "gunicorn.conf.py", "app:app"},
		files: func(v server, s *service, workers int) {
			s.write("app.py", "def app(environ, start_response):\n    start_response('200 OK', [])\n    return []\n")
			s.write("gunicorn.conf.py", fmt.Sprintf(`
import os, time, subprocess
def say(line):
    fd = os.open("DIR/events", os.O_WRONLY)
    os.write(fd, (line + "\n").encode())
    os.close(fd)
def gate(name):
    if os.path.exists("DIR/gate." + name):
        say("at %%s %%d" %% (name, os.getpid()))
        open("DIR/gate." + name).read()
gate("config")
workers = %d
bind = "unix:DIR/s"
errorlog = "DIR/events"
preload_app = %s
def pre_exec(server):
    gate("before_exec")
def pre_fork(server, worker):
    gate("before_fork")
def post_worker_init(worker):
    if worker.age == 1 and "GUNICORN_PID" not in os.environ and not os.path.exists("DIR/started"):
        %s
    say("its worker %%d %%d" %% (os.getpid(), os.getppid()))
`, workers, map[bool]string{true: "True", false: "False"}[v.preload], v.extra+"\n        pass"))
		},
	}
}

// gunicornStrays is to Gunicorn what unicornStrays is to Unicorn.
const gunicornStrays = `
        open("DIR/started", "w").close()
        say("stray %d" % subprocess.Popen(["sleep", "infinity"], close_fds=False).pid)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                say("copy %d" % os.getpid())
                time.sleep(1e6)
            os._exit(0)
`

// need skips the test where the server's package is missing.
func (v server) need(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(v.program); err != nil {
		t.Skipf("needs the package %s", v.name)
	}
}

// background is the server with its flag to daemonize.
func (v server) background() server {
	v.command = append([]string{v.command[0], v.daemon}, v.command[1:]...)
	return v
}

// below is the server launched by a wrapper.
func (v server) below(wrapper ...string) server {
	v.command = append(wrapper, v.command...)
	return v
}
