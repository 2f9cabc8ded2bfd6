//go:build linux

package hooks_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/hooks"
	"github.com/lockshim/lockshim/internal/testkit"
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
	pid        string // name of the server's pid file, if it has one
	absentLock bool   // there is no lockfile
	uid        uint32
	notify     string // NOTIFY_SOCKET, not set if empty
	exclusive  bool   // the test has the exclusive lock when the server starts
	limit      uint64 // RLIMIT_NOFILE, if not 0
}

// A service is a server under its launcher, in a directory of its own.
type service struct {
	setup
	t        *testing.T
	dir      string
	path     string   // of the lockfile
	other    string   // of the file that LOCKSHIM_FD may be open on instead
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
	if _, err := os.Stat("/usr/bin/" + c.name); err != nil {
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
	s.makeOther()
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
	must(s.t, os.MkdirAll(filepath.Dir(s.path), 0o755))
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

// makeOther makes the file that LOCKSHIM_FD may be open on instead.
func (s *service) makeOther() {
	name := "another.lock"
	if s.way == namesake {
		name = filepath.Base(s.path)
	}
	s.other = s.file("other/" + name)
	must(s.t, os.Mkdir(s.file("other"), 0o755))
	must(s.t, os.WriteFile(s.other, nil, 0o644))
}

// makeEvents makes the FIFO and the log.
func (s *service) makeEvents() {
	must(s.t, os.WriteFile(s.file("log"), nil, 0o666))
	must(s.t, os.Chmod(s.file("log"), 0o666)) // whatever the umask is
	s.fifo = testkit.FIFO(s.t, s.file("events"))
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
	env := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=" + s.dir, "PYTHONDONTWRITEBYTECODE=1"}
	if s.notify != "" {
		env = append(env, "NOTIFY_SOCKET="+s.notify)
	}
	text, err := json.Marshal(orders{
		Lock: s.path, Way: s.way, Other: s.other, Args: args, Dir: s.dir, Log: s.file("log"), UID: s.uid, Limit: s.limit, Env: env,
	})
	must(s.t, err)
	s.launcher = testkit.Helper("launcher")
	s.launcher.Env = append(s.launcher.Env, launcherOrders+"="+string(text))
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

// everyone is the latest master and its workers.
func (s *service) everyone() []int { return append([]int{s.master}, s.children...) }
