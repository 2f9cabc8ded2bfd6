package control

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// helperEnv makes the test binary a helper: a process that does what the lines
// of its standard input say and answers each with a line.
const helperEnv = "CONTROL_TEST_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helperEnv) != "" {
		obey(os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// commands are what a helper can do. The answer is one line.
var commands = map[string]func(args []string) (string, error){}

// obey answers until standard input ends.
func obey(in io.Reader) {
	fmt.Println("ready")
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<16)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		do, found := commands[words[0]]
		if !found {
			fmt.Println("no such command")
			continue
		}
		answer, err := do(words[1:])
		if err != nil {
			answer = "error: " + class(err)
		}
		fmt.Println(answer)
	}
}

// classes are the errors that a helper tells apart.
var classes = []struct {
	name string
	err  error
}{
	{"no-server", ErrNoServer}, {"refused", ErrRefused}, {"lost", ErrLost}, {"in-the-way", ErrInTheWay}, {"too-long", ErrTooLong},
	{"EACCES", syscall.EACCES}, {"EROFS", syscall.EROFS}, {"ENOSPC", syscall.ENOSPC},
}

// class is what errors.Is says of err, in words.
func class(err error) string {
	var words []string
	for _, c := range classes {
		if errors.Is(err, c.err) {
			words = append(words, c.name)
		}
	}
	if words == nil {
		return err.Error()
	}
	return strings.Join(words, " ")
}

// A helper is a running helper process.
type helper struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
	ended bool
}

// start runs a helper and waits until it is ready. attr may be nil.
func start(t *testing.T, attr *syscall.SysProcAttr) *helper {
	t.Helper()
	// Another user may not walk to the test binary, but through /proc it may.
	h := &helper{t: t, cmd: exec.Command("/proc/self/exe")}
	// The race detector would sleep for a second at each helper's exit.
	h.cmd.Env = append(os.Environ(), helperEnv+"=1", "GORACE=atexit_sleep_ms=0")
	h.cmd.Stderr = os.Stderr
	h.cmd.SysProcAttr = attr
	h.in, _ = h.cmd.StdinPipe()
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	h.lines = bufio.NewScanner(out)
	h.lines.Buffer(nil, 1<<20)
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.end)
	h.expect("ready")
	return h
}

// nobody is a uid without rights.
const nobody = 65534

// startAsNobody runs a helper as another user than root.
func startAsNobody(t *testing.T) *helper {
	t.Helper()
	needRoot(t)
	return start(t, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}})
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// say sends a command and does not wait for the answer.
func (h *helper) say(words ...any) {
	h.t.Helper()
	if _, err := fmt.Fprintln(h.in, words...); err != nil {
		h.t.Fatalf("helper %d: %v", h.cmd.Process.Pid, err)
	}
}

// read is the next line of the helper, however long it takes.
func (h *helper) read() string {
	h.t.Helper()
	if !h.lines.Scan() {
		h.t.Fatalf("helper %d ended: %v", h.cmd.Process.Pid, h.lines.Err())
	}
	return h.lines.Text()
}

// expect reads a line that must be want.
func (h *helper) expect(want string) {
	h.t.Helper()
	if got := h.read(); got != want {
		h.t.Fatalf("helper %d said %q, want %q", h.cmd.Process.Pid, got, want)
	}
}

// ask sends a command and expects an answer.
func (h *helper) ask(want string, words ...any) {
	h.t.Helper()
	h.say(words...)
	h.expect(want)
}

// kill ends the helper by SIGKILL, and returns when it is reaped: the kernel
// has closed its descriptors by then.
func (h *helper) kill() {
	h.t.Helper()
	if err := h.cmd.Process.Kill(); err != nil {
		h.t.Fatal(err)
	}
	h.cmd.Wait()
	h.ended = true
}

// end closes the helper's standard input and reaps it. A helper that failed
// fails the test.
func (h *helper) end() {
	if h.ended {
		return
	}
	h.ended = true
	h.in.Close()
	if h.t.Failed() {
		h.cmd.Process.Kill() // it may be blocked
	}
	if err := h.cmd.Wait(); err != nil && !h.t.Failed() {
		h.t.Errorf("helper: %v", err)
	}
}
