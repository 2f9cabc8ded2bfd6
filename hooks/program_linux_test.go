//go:build linux

package hooks_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/hooks"
	"github.com/lockshim/lockshim/internal/testkit"
)

// runProgram is the life of a Go program that uses the hook. It does what each line
// of its standard input says, and answers with a line. A new generation of it says
// hello.
func runProgram() error {
	fmt.Println("hello", os.Getpid())
	for lines := bufio.NewScanner(unbuffered{os.Stdin}); lines.Scan(); {
		fmt.Println(obey(strings.Fields(lines.Text())))
	}
	return nil
}

// unbuffered reads byte by byte, so that what takes this program's place finds
// the rest.
type unbuffered struct{ io.Reader }

func (u unbuffered) Read(p []byte) (int, error) { return u.Reader.Read(p[:1]) }

// obey does what one line says.
func obey(words []string) any {
	switch words[0] {
	case "hold":
		return hooks.Hold()
	case "ready":
		return hooks.Ready()
	case "env":
		return os.Getenv("LOCKSHIM_FD")
	case "close":
		var fd int
		fmt.Sscan(words[1], &fd)
		return unix.Close(fd)
	case "exec":
		return hooks.Exec("/proc/self/exe", os.Args, os.Environ())
	case "exec-nothing":
		return hooks.Exec("/nonexistent", os.Args, os.Environ())
	case "fork": // the next generation has standard input and output from now on
		pid, err := syscall.ForkExec("/proc/self/exe", os.Args, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
		if err == nil {
			_, _ = syscall.Wait4(pid, nil, 0, nil)
		}
		os.Exit(0)
	case "start":
		cmd := exec.Command("/bin/cat")
		cmd.Stdin = os.Stdin
		return errors.Join(cmd.Start(), fmt.Errorf("%d", cmd.Process.Pid))
	}
	return "what?"
}

// A program is that program, and its lockfile.
type program struct {
	t    *testing.T
	path string
	lock *os.File // a description of the test's own
	info os.FileInfo
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

// newProgram makes a lockfile, and a program that would find the variables so.
func newProgram(t *testing.T, env ...string) *program {
	t.Helper()
	p := &program{t: t, path: filepath.Join(t.TempDir(), "web.lock")}
	var err error
	p.lock, err = os.OpenFile(p.path, os.O_RDONLY|os.O_CREATE, 0o640)
	must(t, err)
	t.Cleanup(func() { p.lock.Close() })
	p.info, err = p.lock.Stat()
	must(t, err)
	p.cmd = exec.Command("/proc/self/exe")
	p.cmd.Stderr = os.Stderr
	p.cmd.Env = append(testkit.HelperEnv("program"), "LOCKSHIM_LOCK="+p.path)
	p.cmd.Env = append(p.cmd.Env, env...)
	return p
}

// inherits gives the program a file as descriptor 3.
func (p *program) inherits(f *os.File) {
	p.cmd.ExtraFiles = []*os.File{f}
	p.cmd.Env = append(p.cmd.Env, "LOCKSHIM_FD=3")
}

// shared is another description of the lockfile, with the shared lock.
func (p *program) shared() *os.File {
	p.t.Helper()
	f, err := os.Open(p.path)
	must(p.t, err)
	must(p.t, unix.Flock(int(f.Fd()), unix.LOCK_SH))
	return f
}

// start starts the program. The files that it inherits are its own from then on.
func (p *program) start() {
	p.t.Helper()
	p.open()
	p.hello()
}

// open starts the program, with pipes at both ends.
func (p *program) open() {
	p.t.Helper()
	var err error
	p.in, err = p.cmd.StdinPipe()
	must(p.t, err)
	out, err := p.cmd.StdoutPipe()
	must(p.t, err)
	p.out = bufio.NewReader(out)
	must(p.t, p.cmd.Start())
	for _, f := range p.cmd.ExtraFiles {
		must(p.t, f.Close())
	}
	p.t.Cleanup(func() { p.end() })
}

// hello blocks until a generation has begun, and returns its pid.
func (p *program) hello() (pid int) {
	p.t.Helper()
	_, err := fmt.Fscanf(p.out, "hello %d\n", &pid)
	must(p.t, err)
	return pid
}

// say sends a line, and returns the answer to it.
func (p *program) say(line string) string {
	p.t.Helper()
	_, err := io.WriteString(p.in, line+"\n")
	must(p.t, err)
	answer, err := p.out.ReadString('\n')
	must(p.t, err)
	return strings.TrimSpace(answer)
}

// does fails the test unless the answer is that of a nil error.
func (p *program) does(line string) {
	p.t.Helper()
	if got := p.say(line); got != "<nil>" {
		p.t.Fatalf("%s: %s", line, got)
	}
}

// end closes the program's input, which ends every generation, and waits.
func (p *program) end() {
	p.in.Close()
	_ = p.cmd.Wait()
}

// free reports whether the exclusive lock can be had.
func (p *program) free() bool {
	p.t.Helper()
	err := unix.Flock(int(p.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		must(p.t, unix.Flock(int(p.lock.Fd()), unix.LOCK_UN))
	}
	return err == nil
}

// holds fails the test unless the process has the lock by one descriptor that
// no program gets which it starts, and returns that.
func (p *program) holds(pid int) int {
	p.t.Helper()
	fds := lockFDs(pid, p.info)
	if len(fds) != 1 || p.free() {
		p.t.Fatalf("process %d has the lockfile open as %v, the lock is free: %v", pid, fds, p.free())
	}
	if !closesOnExec(p.t, pid, fds[0]) {
		p.t.Errorf("descriptor %d of process %d would be passed on by an exec", fds[0], pid)
	}
	return fds[0]
}

// It takes what it inherits, opens the file where that is something else, or
// nothing, and never opens it twice.
func TestGoProgramHolds(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*program){
		"inherited": func(p *program) { p.inherits(p.shared()) },
		"unlocked":  func(p *program) { p.inherits(open(p.t, p.path)) },
		"deleted": func(p *program) {
			p.inherits(p.shared())
			must(p.t, os.Remove(p.path))
		},
		"closed":    func(p *program) { p.cmd.Env = append(p.cmd.Env, "LOCKSHIM_FD=1025") },
		"no number": func(p *program) { p.cmd.Env = append(p.cmd.Env, "LOCKSHIM_FD=x") },
		"standard":  func(p *program) { p.cmd.Env = append(p.cmd.Env, "LOCKSHIM_FD=1") },
		"nothing":   func(*program) {},
		"another":   func(p *program) { p.inherits(open(p.t, "/proc/self/exe")) },
		"namesake": func(p *program) {
			other := filepath.Join(p.t.TempDir(), "web.lock")
			must(p.t, os.WriteFile(other, nil, 0o600))
			p.inherits(open(p.t, other))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProgram(t)
			prepare(p)
			p.start()
			pid := p.cmd.Process.Pid
			p.does("hold")
			fd := p.holds(pid)
			inherited := slices.Contains([]string{"inherited", "unlocked", "deleted"}, name)
			if inherited != (fd == 3) || !inherited && fd < 1025 {
				t.Errorf("it has the lock as descriptor %d", fd)
			}
			if name == "another" && closesOnExec(t, pid, 3) {
				t.Error("it changed a descriptor that is not the lock's")
			}
			if got := p.say("env"); got != fmt.Sprint(fd) {
				t.Errorf("LOCKSHIM_FD is %s, the descriptor %d", got, fd)
			}
			p.does("hold")
			p.does("ready")
			if again := p.holds(pid); again != fd {
				t.Errorf("it has the lock as %d now, as %d before", again, fd)
			}
			if name == "deleted" {
				return
			}
			p.does(fmt.Sprint("close ", fd))
			p.does("hold")
			p.holds(pid)
		})
	}
}

func open(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(name)
	must(t, err)
	return f
}
