package shim

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lockshim/lockshim/shim/proc"
	"github.com/lockshim/lockshim/shim/profile"
)

// A helper is a command of the operator's that runs beside the server: the
// preflight, or the check of a generation. One runs at a time. It is a child of the
// shim and no part of the tree.
type helper struct {
	pid  int // 0: none
	out  *tail
	done func(error) // told in the loop how it ended
}

// shell runs the operator's commands.
const shell = "/bin/sh"

// help starts a command line, unless one runs. It has a process group of its own,
// which is ended as one, no input, and its last output ends up in the error.
func (m *machine) help(line string, done func(error)) {
	if m.helper.pid != 0 {
		return
	}
	pid, out, err := startHelper(line, m.cfg.Lock)
	if err != nil {
		done(err)
		return
	}
	m.helper = helper{pid: pid, out: out, done: done}
	m.watchChildren()
}

// startHelper forks.
func startHelper(line, lock string) (int, *tail, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, nil, err
	}
	defer null.Close()
	out, in, err := os.Pipe()
	if err != nil {
		return 0, nil, fmt.Errorf("cannot run %s: %w", proc.Printable(line), err)
	}
	defer in.Close()
	pid, err := syscall.ForkExec(shell, []string{"sh", "-c", line}, &syscall.ProcAttr{
		Env:   append(outside(os.Environ()), "LOCKSHIM_LOCK="+lock),
		Files: []uintptr{null.Fd(), in.Fd(), in.Fd()},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		out.Close()
		return 0, nil, fmt.Errorf("cannot run %s: %w", proc.Printable(line), err)
	}
	t := &tail{ended: make(chan struct{})}
	go t.follow(out)
	return pid, t, nil
}

// outside is env without what tells a process that it is the shim's or the server's.
func outside(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		return strings.HasPrefix(v, "LOCKSHIM_") || strings.HasPrefix(v, "NOTIFY_SOCKET=")
	})
}

// helped takes the end of the helper.
func (m *machine) helped(status syscall.WaitStatus) {
	h := m.helper
	m.helper = helper{}
	if code := exitCode(status); code != 0 {
		h.done(&helperError{how: code, said: h.out.text()})
		return
	}
	h.done(nil)
}

// quit ends the helper, and what it has started. Nobody is told of it.
func (m *machine) quit() {
	if m.helper.pid == 0 {
		return
	}
	m.helper.done = func(error) {}
	_ = syscall.Kill(-m.helper.pid, syscall.SIGKILL) // it is our child, and not reaped: nobody else
}

// besides leaves the helper and what descends from it out of a snapshot.
func (m *machine) besides(processes []proc.Process) []proc.Process {
	if m.helper.pid == 0 {
		return processes
	}
	helpers := proc.Descendants(processes, []int{m.helper.pid})
	return slices.DeleteFunc(processes, func(p proc.Process) bool { return helpers[p.PID] })
}

// A helperError is how a helper ended, and what it said last.
type helperError struct {
	how  int
	said string
}

func (e *helperError) Error() string {
	text := ending(e.how)
	if e.said != "" {
		text += ": " + e.said
	}
	return text
}

// ending is how a process ended, from the number that a shell would show.
func ending(code int) string {
	if code > 128 {
		return "it was ended by " + profile.SignalName(syscall.Signal(code-128))
	}
	return fmt.Sprintf("it exited with %d", code)
}

// tailSize is how much of an output is kept.
const tailSize = 4096

// A tail is the end of a helper's output.
type tail struct {
	mu    sync.Mutex
	kept  []byte
	ended chan struct{} // closed at the end of the output
}

// follow reads to the end, and keeps the last of it.
func (t *tail) follow(from *os.File) {
	defer close(t.ended)
	defer from.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		t.mu.Lock()
		t.kept = append(t.kept, buf[:n]...)
		t.kept = t.kept[max(0, len(t.kept)-tailSize):]
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// lastWords is how long a helper that has ended is waited for to be read: what it
// has started may hold its output open.
const lastWords = 100 * time.Millisecond

// text is the last lines, on one.
func (t *tail) text() string {
	select {
	case <-t.ended:
	case <-time.After(lastWords):
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(lastLines(t.kept, outputLines), " | ")
}

// outputLines is how many lines of an output are shown.
const outputLines = 20

// lastLines is the end of an output.
func lastLines(text []byte, n int) []string {
	all := lines(text)
	return all[max(0, len(all)-n):]
}

// lines is an output in printable lines, without empty ones, and without what a shim
// has told there of the same.
func lines(text []byte) []string {
	var all []string
	for line := range strings.Lines(string(text)) {
		told := strings.HasPrefix(line, "lockshim: ") || strings.HasPrefix(line, `{"time":`) && strings.Contains(line, `"event":`)
		if line = strings.TrimSpace(line); line != "" && !told {
			all = append(all, proc.Printable(line))
		}
	}
	return all
}
