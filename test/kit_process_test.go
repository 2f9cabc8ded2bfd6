//go:build linux

package test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/proc"
)

// marker is the variable in the environment of every process of a service, its
// shims and its verbs. Its value is the service's directory, with a slash.
const marker = "SHIMTEST"

// A process is one that the test started, and will wait for.
type process struct {
	t *testing.T
	*child
}

// A spec is what start executes. Descriptors that are nil are /dev/null.
type spec struct {
	args         []string
	env          []string
	dir          string
	in, out, err *os.File
	extra        []*os.File // descriptors from 3 up
	sys          *syscall.SysProcAttr
}

// start executes a program, killed at the end of the test if it lives then.
func start(t *testing.T, s spec) *process {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	must(t, err)
	defer null.Close()
	attr := &syscall.ProcAttr{Dir: s.dir, Env: s.env, Sys: s.sys}
	for _, f := range append([]*os.File{s.in, s.out, s.err}, s.extra...) {
		if f == nil {
			f = null
		}
		attr.Files = append(attr.Files, f.Fd())
	}
	c, err := children.start(s.args, attr)
	if err != nil {
		t.Fatalf("cannot start %q: %v", s.args, err)
	}
	p := &process{t: t, child: c}
	t.Cleanup(p.kill)
	return p
}

// pipe makes a pipe, closed at the end of the test at the latest.
func pipe(t *testing.T) (out, in *os.File) {
	t.Helper()
	out, in, err := os.Pipe()
	must(t, err)
	t.Cleanup(func() {
		out.Close()
		in.Close()
	})
	return out, in
}

// send signals the process, which must not have been waited for.
func (p *process) send(sig syscall.Signal) {
	p.t.Helper()
	children.mu.Lock()
	defer children.mu.Unlock()
	select {
	case <-p.done:
		p.t.Fatalf("cannot send %v: process %d has ended with %d", sig, p.pid, code(p.status))
	default:
		must(p.t, syscall.Kill(p.pid, sig))
	}
}

// kill ends the process if it lives yet, and waits for it.
func (p *process) kill() {
	children.mu.Lock()
	select {
	case <-p.done:
	default:
		_ = syscall.Kill(p.pid, syscall.SIGKILL)
	}
	children.mu.Unlock()
	<-p.done
}

// wait blocks until the process was reaped, and returns its code as a shell
// has it: 128 and the number of the signal that ended it.
func (p *process) wait() int {
	p.t.Helper()
	await(p.t, "the exit of a child", p.done)
	return code(p.status)
}

// running says whether the process has not been reaped.
func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

func code(s syscall.WaitStatus) int {
	if s.Signaled() {
		return 128 + int(s.Signal())
	}
	return s.ExitStatus()
}

// endAll kills the processes that belong to a directory, and returns what they
// were. It returns when none is left.
func endAll(dir string) (left []string) {
	for {
		found := marked(dir)
		if len(found) == 0 {
			return left
		}
		for _, id := range found {
			left = append(left, commandLine(id.PID))
			end(id)
		}
	}
}

// marked lists the processes that belong to a service's directory, sorted; no
// zombies.
func marked(dir string) []proc.ID {
	var found []proc.ID
	for _, pid := range testkit.PIDs() {
		p, err := proc.Find(pid)
		if err == nil && !p.Zombie() && belongs(pid, dir) {
			found = append(found, p.ID)
		}
	}
	return found
}

// belongs says whether a process's marker has a value that begins so. The titles of
// nginx and php-fpm leave no variable in the environment that others can read, and
// init systems start services with one of their own: these are known by where they
// work, or by a path in their title.
func belongs(pid int, dir string) bool {
	env := testkit.Environ(pid)
	if i := slices.IndexFunc(env, func(v string) bool { return strings.HasPrefix(v, marker+"=") }); i >= 0 {
		if rest := strings.TrimPrefix(env[i], marker+"="); strings.HasPrefix(rest, dir) || !strings.HasPrefix(dir, rest) {
			return strings.HasPrefix(rest, dir)
		}
	}
	cwd, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return strings.HasPrefix(cwd+"/", dir) || strings.Contains(commandLine(pid), dir)
}

// end kills a process and waits until it has ended.
func end(id proc.ID) {
	h, err := proc.Open(id)
	if err != nil {
		return
	}
	defer h.Close()
	if err := h.Signal(syscall.SIGKILL); err == nil || errors.Is(err, syscall.EPERM) {
		_ = h.Wait()
	}
}
