package profile

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// A kit is what it takes to run one server with a tongue: its configuration
// writes an event a line into the FIFO DIR/events. "config PID 0 CMDLINE" says
// that PID evaluates the configuration, "worker PID PPID CMDLINE" that a worker
// serves, "ready PID PPID CMDLINE" that a master does, "request PID PPID CMDLINE" that one holds a request, which it answers
// once DIR/gate is written to. CMDLINE is its own, in hexadecimal.
type kit struct {
	pkg   string // Debian's name of the package
	prog  string
	files map[string]string
}

var unicornKit = kit{"unicorn", "/usr/bin/unicorn", map[string]string{
	"config.ru": "run lambda { |env| $say.call('request'); File.open('DIR/gate', &:gets); [200, {}, ['done']] }\n",
	"conf.rb": `
$say = lambda do |what|
  line = [what, $$, Process.ppid, File.binread("/proc/self/cmdline").unpack1("H*")].join(" ") + "\n"
  File.open("DIR/events", "w") { |f| f.syswrite(line) }
end
$say.call("config")
logger(Class.new(Logger) {
  def info(text)
    $say.call("ready") if text == "master process ready"
    super
  end
}.new($stderr))
listen "DIR/sock"
pid "DIR/pid"
worker_processes 2
timeout 3600
after_worker_ready { |server, worker| $say.call("worker") }
`}}

var gunicornKit = kit{"gunicorn", "/usr/bin/gunicorn", map[string]string{
	"app.py": `
from conf import say
def app(environ, start_response):
    say("request")
    open("DIR/gate").readline()
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]
`,
	"conf.py": `
import os
def say(what):
    cmdline = open("/proc/self/cmdline", "rb").read().hex()
    with open("DIR/events", "w") as f:
        f.write("%s %d %d %s\n" % (what, os.getpid(), os.getppid(), cmdline))
if __name__ != "conf":
    say("config")
def when_ready(server):
    say("ready")
bind = "unix:DIR/sock"
pidfile = "DIR/pid"
workers = 2
timeout = graceful_timeout = 3600
def post_worker_init(worker):
    say("worker")
`}}

// A server is a real one, and every process of it that spoke.
type server struct {
	t      *testing.T
	dir    string
	argv   []string
	cmd    *exec.Cmd
	events *os.File
	lines  *bufio.Reader
	gate   *os.File
	seen   map[int]int // pid: pidfd
}

// start runs a server from command, in which DIR stands for its directory, and
// ends all of it with the test.
func (k kit) start(t *testing.T, command string) *server {
	t.Helper()
	if _, err := os.Stat(k.prog); err != nil {
		t.Skip("needs the package " + k.pkg)
	}
	s := &server{t: t, dir: shortDir(t), seen: map[int]int{}}
	for name, text := range k.files {
		s.rewrite(name, strings.ReplaceAll(text, "DIR", s.dir))
	}
	s.events, s.gate = testkit.FIFO(t, filepath.Join(s.dir, "events")), testkit.FIFO(t, filepath.Join(s.dir, "gate"))
	s.lines = bufio.NewReader(s.events)
	s.argv = strings.Fields(strings.ReplaceAll(command, "DIR", s.dir))
	s.cmd = exec.Command(s.argv[0], s.argv[1:]...)
	s.cmd.Dir = s.dir
	s.cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	return s
}

// run starts the process. Its output is for the one who looks at a failure.
func (s *server) run() {
	s.t.Helper()
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.t.Skipf("needs the program %s: %v", s.argv[0], err)
	}
	s.watch(s.cmd.Process.Pid)
	s.t.Cleanup(s.end)
}

// watch keeps a pidfd of a process that lives at this moment.
func (s *server) watch(pid int) {
	if _, ok := s.seen[pid]; ok {
		return
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		s.t.Fatalf("pidfd of %d: %v", pid, err)
	}
	s.seen[pid] = fd
}

// signal sends sig to one process.
func (s *server) signal(pid int, sig syscall.Signal) {
	s.t.Helper()
	if err := unix.PidfdSendSignal(s.seen[pid], sig, nil, 0); err != nil {
		s.t.Fatalf("%s to %d: %v", SignalName(sig), pid, err)
	}
}

// gone waits for the end of a process. Its exit status it knows of children.
func (s *server) gone(pid int) (status syscall.WaitStatus) {
	s.t.Helper()
	testkit.AwaitEnd(s.t, s.seen[pid])
	unix.Wait4(pid, (*unix.WaitStatus)(&status), unix.WNOHANG, nil)
	return status
}

// end kills what lives of the server, and waits for it: what its parents leave
// becomes a child of the test.
func (s *server) end() {
	for _, fd := range s.seen {
		unix.Close(fd)
	}
	for {
		children := myChildren(s.t)
		if len(children) == 0 {
			return
		}
		for _, pid := range children {
			unix.Kill(pid, unix.SIGKILL)
		}
		for _, pid := range children {
			unix.Wait4(pid, nil, 0, nil)
		}
	}
}

// myChildren lists the children of this process, dead ones too.
func myChildren(t *testing.T) (pids []int) {
	t.Helper()
	files, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(files) == 0 {
		t.Fatalf("cannot list children: %v", err)
	}
	for _, file := range files {
		b, _ := os.ReadFile(file) // a thread may be gone by now
		for _, word := range strings.Fields(string(b)) {
			pid, _ := digits(word)
			pids = append(pids, pid)
		}
	}
	return pids
}

// cmdline is a process's command line now.
func (s *server) cmdline(pid int) []string {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil {
		s.t.Fatal(err)
	}
	return splitCmdline(string(b))
}

// imports says whether the server's Python has a module.
func (s *server) imports(module string) bool {
	return exec.Command("/usr/bin/python3", "-c", "import "+module).Run() == nil
}

// read is the text of a file of the kit.
func (s *server) read(name string) string {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// rewrite gives a file of the kit another text.
func (s *server) rewrite(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		s.t.Fatal(err)
	}
}
