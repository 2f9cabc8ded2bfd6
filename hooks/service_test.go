package hooks_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/hooks"
	"golang.org/x/sys/unix"
)

// A setup is what a test chooses about a service.
type setup struct {
	server
	background bool
	workers    int // 0 means 1
	preload    bool
	without    bool   // the hook's lines are not there
	lines      string // other lines that load it; %s is its path
	above      string // the user's own configuration, above those lines
	below      string // and below
	app        string // code that runs when the application is loaded
	way        string // how the lock is handed over
	lockName   string // base name of the lockfile, "web.lock" if empty
	absentLock bool   // there is no lockfile
	uid        uint32
	exclusive  bool // the test has the exclusive lock when the server starts
}

// A service is a server under its launcher, in a directory of its own.
type service struct {
	setup
	t        *testing.T
	dir      string
	path     string   // of the lockfile
	lock     *os.File // a description of the test's own
	info     os.FileInfo
	fifo     *os.File
	events   *bufio.Reader
	seen     []string // every line that has been read from the FIFO
	launcher *exec.Cmd
	stdin    io.Closer
	ended    chan struct{} // closed when the launcher has reaped everybody
	master   int           // of the latest generation
	children []int         // its workers
}

// serve starts the service and returns when its workers are ready.
func serve(t *testing.T, c setup) *service {
	t.Helper()
	s := prepare(t, c)
	s.launch()
	s.generation()
	return s
}

// prepare makes the directory, the lockfile and the configuration.
func prepare(t *testing.T, c setup) *service {
	t.Helper()
	if _, err := os.Stat(c.program); err != nil {
		t.Skipf("needs the package %s", c.name)
	}
	dir, err := os.MkdirTemp("", "hook")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	c.workers = max(c.workers, 1)
	s := &service{setup: c, t: t, dir: dir}
	s.path = s.file("web.lock")
	if c.lockName != "" {
		s.path = s.file(c.lockName)
	}
	s.makeLock()
	s.makeEvents()
	s.write()
	return s
}

// file is a path in the service's directory.
func (s *service) file(name string) string { return filepath.Join(s.dir, name) }

// loading is the text that loads the hook.
func (s *service) loading() string {
	if s.without {
		return ""
	}
	lines := s.load
	if s.lines != "" {
		lines = s.lines
	}
	return fmt.Sprintf(lines, s.file("hook"+filepath.Ext(hookFile(s.name))))
}

// makeLock creates the lockfile and opens it for the test.
func (s *service) makeLock() {
	var err error
	s.lock, err = os.OpenFile(s.path, os.O_RDONLY|os.O_CREATE, 0o640)
	must(s.t, err)
	s.t.Cleanup(func() { s.lock.Close() })
	s.info, err = s.lock.Stat()
	must(s.t, err)
	if s.absentLock {
		must(s.t, os.Remove(s.path))
	}
	if s.exclusive {
		must(s.t, unix.Flock(int(s.lock.Fd()), unix.LOCK_EX))
	}
}

// makeEvents makes the FIFO; the test keeps it open for writing as well, so
// that it has no end of file.
func (s *service) makeEvents() {
	must(s.t, unix.Mkfifo(s.file("events"), 0o666))
	must(s.t, os.WriteFile(s.file("log"), nil, 0o666))
	for _, name := range []string{"events", "log"} { // whatever the umask is
		must(s.t, os.Chmod(s.file(name), 0o666))
	}
	var err error
	s.fifo, err = os.OpenFile(s.file("events"), os.O_RDWR, 0)
	must(s.t, err)
	s.t.Cleanup(func() { s.fifo.Close() })
	s.events = bufio.NewReader(s.fifo)
}

// write writes the hook, the configuration and the application.
func (s *service) write() {
	text, err := hooks.Get(s.name)
	must(s.t, err)
	files := s.files(s)
	files["hook"+filepath.Ext(hookFile(s.name))] = string(text)
	name, config := s.config(s)
	files[name] = config
	for name, text := range files {
		must(s.t, os.WriteFile(s.file(name), []byte(text), 0o644))
	}
}

// launch starts the launcher, which starts the server.
func (s *service) launch() {
	args := append([]string{s.program}, s.args(s)...)
	if s.background {
		args = append(args, s.daemon)
	}
	text, err := json.Marshal(orders{
		Lock: s.path, Way: s.way, Other: s.file("other/" + filepath.Base(s.path)), Args: args, Dir: s.dir, Log: s.file("log"), UID: s.uid,
		Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=" + s.dir, "PYTHONDONTWRITEBYTECODE=1"},
	})
	must(s.t, err)
	s.launcher = exec.Command("/proc/self/exe")
	s.launcher.Env = append(os.Environ(), launcherOrders+"="+string(text))
	s.launcher.Stderr = os.Stderr
	s.stdin, err = s.launcher.StdinPipe()
	must(s.t, err)
	must(s.t, s.launcher.Start())
	s.ended = make(chan struct{})
	go s.watch()
	s.t.Cleanup(s.close)
}

// watch waits for the launcher, and tells a test that still reads events.
func (s *service) watch() {
	_ = s.launcher.Wait()
	close(s.ended)
	_, _ = s.fifo.WriteString(over + "\n")
}

// over is the line that ends the events: no process of the tree is left.
const over = "over"

// close ends whatever is left, and shows the server's log of a failed test.
func (s *service) close() {
	if s.t.Failed() {
		log, _ := os.ReadFile(s.file("log"))
		s.t.Logf("events: %q\nlog:\n%s", s.seen, log)
	}
	s.stdin.Close()
	<-s.ended
}

// next blocks for the next line that the server wrote into the FIFO.
func (s *service) next() []string {
	s.t.Helper()
	line, err := s.events.ReadString('\n')
	must(s.t, err)
	line = strings.TrimSuffix(line, "\n")
	s.seen = append(s.seen, line)
	if line == over {
		s.t.Fatal("every process has ended, and the test waits for another event")
	}
	return strings.Fields(line)
}

// until reads lines until n of that kind have come, and returns their numbers.
func (s *service) until(kind string, n int) [][]int {
	s.t.Helper()
	var found [][]int
	for len(found) < n {
		if words := s.next(); words[0] == kind {
			found = append(found, numbers(s.t, words[1:]))
		}
	}
	return found
}

// count is how many lines of that kind have been read so far.
func (s *service) count(kind string) int {
	n := 0
	for _, line := range s.seen {
		if strings.Fields(line)[0] == kind {
			n++
		}
	}
	return n
}

// generation waits for all workers of one new master, and notes them.
func (s *service) generation() {
	s.t.Helper()
	s.children = nil
	for _, pids := range s.until("worker", s.workers) {
		if s.children == nil {
			s.master = pids[1]
		}
		if pids[1] != s.master {
			s.t.Fatalf("workers of %d and of %d are ready, want those of one master", s.master, pids[1])
		}
		s.children = append(s.children, pids[0])
	}
}

// upgrade brings a new generation in, and the old one out.
func (s *service) upgrade() {
	s.t.Helper()
	old := s.usr2()
	kill(s.t, old, s.graceful)
	await(s.t, old)
}

// usr2 brings a new generation in, and returns the old master.
func (s *service) usr2() int {
	s.t.Helper()
	old := s.master
	kill(s.t, old, syscall.SIGUSR2)
	s.generation()
	if s.master == old {
		s.t.Fatalf("USR2 to %d made no new master", old)
	}
	return old
}

// everyone is the latest master and its workers.
func (s *service) everyone() []int { return append([]int{s.master}, s.children...) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func numbers(t *testing.T, words []string) []int {
	t.Helper()
	found := make([]int, len(words))
	for i, word := range words {
		n, err := strconv.Atoi(word)
		must(t, err)
		found[i] = n
	}
	return found
}

// hookFile is the name of the file that belongs to a hook.
func hookFile(name string) string {
	return map[string]string{"unicorn": "unicorn.rb", "gunicorn": "gunicorn.py"}[name]
}

// without removes numbers from a list.
func without(list []int, numbers ...int) []int {
	return slices.DeleteFunc(slices.Clone(list), func(n int) bool { return slices.Contains(numbers, n) })
}
