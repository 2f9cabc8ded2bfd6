package proc

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

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// A service is a real server under the helper shim, in a directory of its own.
type service struct {
	t       *testing.T
	dir     string
	lock    string
	files   []FileID
	fifo    *os.File      // what the server and its configuration write
	events  *bufio.Reader // the same
	seen    []string      // every line of it that was read
	pending []string      // those of them that nobody has taken
	shim    *exec.Cmd
	stdin   io.Closer
	launch
	reports

	master  int   // of the latest generation
	workers []int // its workers
}

// newService makes a directory with a lockfile and a FIFO for events in it. The
// path is short, for sockets, and open to servers that give up their rights.
func newService(t *testing.T) *service {
	t.Helper()
	dir, err := os.MkdirTemp("", "proc")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	must(t, os.Chmod(dir, 0o777))
	s := &service{t: t, dir: dir, lock: filepath.Join(dir, "web.lock")}
	must(t, os.WriteFile(s.lock, nil, 0o640))
	var st unix.Stat_t
	must(t, unix.Stat(s.lock, &st))
	s.files = []FileID{{Dev: st.Dev, Ino: st.Ino}}
	s.fifo = testkit.FIFO(t, filepath.Join(dir, "events"))
	s.events = bufio.NewReader(s.fifo)
	return s
}

// write makes a file; DIR in its text stands for the directory.
func (s *service) write(name, text string) {
	s.t.Helper()
	must(s.t, os.WriteFile(filepath.Join(s.dir, name), []byte(strings.ReplaceAll(text, "DIR", s.dir)), 0o755))
}

// start launches the command below the helper shim. Its output goes to the FIFO.
func (s *service) start(command ...string) {
	s.t.Helper()
	path, err := exec.LookPath(command[0])
	must(s.t, err)
	text, err := json.Marshal(orders{Lock: s.lock, Command: command, Path: path, Dir: s.dir, Env: []string{
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=" + s.dir, "PYTHONDONTWRITEBYTECODE=1", "PYTHONPATH=" + os.Getenv("PYTHONPATH"),
	}})
	must(s.t, err)
	s.shim = testkit.Helper("shim")
	s.shim.Args = append([]string{"lockshim", "run", "--lock", s.lock, "--"}, command...)
	s.shim.Env = append(s.shim.Env, shimEnv+"="+string(text))
	s.shim.Stderr = s.fifo
	s.shim.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	s.stdin, err = s.shim.StdinPipe()
	must(s.t, err)
	out, err := s.shim.StdoutPipe()
	must(s.t, err)
	must(s.t, s.shim.Start())
	s.t.Cleanup(s.close)
	s.lines = bufio.NewReader(out)
	s.launch, err = s.reports.launched()
	must(s.t, err)
}

// close ends whatever is left, the shim alive or not, and shows what the server
// wrote in a test that failed.
func (s *service) close() {
	if s.t.Failed() {
		s.t.Logf("events:\n%s", strings.Join(s.seen, "\n"))
	}
	s.stdin.Close()
	if s.shim.ProcessState == nil {
		_ = s.shim.Wait()
	}
	for _, p := range s.look().Processes {
		if p.PPID == os.Getpid() {
			_ = Signal(p.ID, syscall.SIGKILL)
			_, _ = unix.Wait4(p.PID, nil, 0, nil)
		}
	}
}

// look takes the snapshot that a live shim takes.
func (s *service) look() Snapshot {
	s.t.Helper()
	seen, err := Look(Query{Lock: s.lock, Files: s.files, Roots: []int{s.shim.Process.Pid}, Everyone: true})
	must(s.t, err)
	return seen
}

// next blocks for the next line of the server.
func (s *service) next() string {
	s.t.Helper()
	line, err := s.events.ReadString('\n')
	must(s.t, err)
	line = strings.TrimSpace(line)
	s.seen = append(s.seen, line)
	return line
}

// until takes the first line that has the text in it out of those that nobody
// has taken yet, read or to be read, and returns what follows the text there.
func (s *service) until(text string) string {
	s.t.Helper()
	for i := 0; ; i++ {
		if i == len(s.pending) {
			s.pending = append(s.pending, s.next())
		}
		if _, rest, found := strings.Cut(s.pending[i], text); found {
			s.pending = slices.Delete(s.pending, i, i+1)
			return rest
		}
	}
}

// untilPID reads lines until one has the text and then a number in it.
func (s *service) untilPID(text string) int {
	s.t.Helper()
	rest := strings.TrimLeft(s.until(text), " ")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	pid, err := strconv.Atoi(rest[:end])
	must(s.t, err)
	return pid
}

// generation waits for n workers of one new master, each of which says
// "its worker PID PPID", and notes them.
func (s *service) generation(n int) {
	s.t.Helper()
	s.workers = nil
	for range n {
		var pid, parent int
		_, err := fmt.Sscanf(s.until("its worker "), "%d %d", &pid, &parent)
		must(s.t, err)
		s.master, s.workers = parent, append(s.workers, pid)
	}
	slices.Sort(s.workers)
}

// kill signals a process and returns.
func (s *service) kill(pid int, sig syscall.Signal) {
	s.t.Helper()
	must(s.t, syscall.Kill(pid, sig))
}

// gone blocks until each of the processes has ended and was reaped.
func (s *service) gone(pids ...int) {
	s.t.Helper()
	for _, pid := range pids {
		p, err := Find(pid)
		if err != nil {
			continue
		}
		h, err := Open(p.ID)
		if err != nil {
			continue
		}
		if _, ok := h.Status(1 << 30); !ok {
			s.t.Errorf("cannot learn how %d ended", pid)
		}
		must(s.t, h.Close())
	}
}

// must fails the test at once for an error.
var must = testkit.Must
