package flock

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// helperEnv makes the test binary a helper: a process that does what the lines
// of its standard input say and answers each with a line.
const helperEnv = "FLOCK_TEST_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helperEnv) != "" {
		serve(os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// commands are what a helper can do. The answer is one line.
var commands = map[string]func(args []string) (string, error){}

// serve answers until standard input ends.
func serve(in io.Reader) {
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
			answer = "error: " + class(err) + ": " + err.Error()
		}
		fmt.Println(answer)
	}
}

// class is the first word of a helper's error: what errors.Is would say.
func class(err error) string {
	for name, target := range map[string]error{
		"not-regular": ErrNotRegular, "unsafe": ErrUnsafe, "filesystem": ErrFilesystem, "held": ErrHeld,
	} {
		if errors.Is(err, target) {
			return name
		}
	}
	var words []string
	if errors.Is(err, ErrCreate) {
		words = append(words, "create")
	}
	if errors.Is(err, fs.ErrPermission) {
		words = append(words, "permission")
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		words = append(words, fmt.Sprintf("errno%d", errno))
	}
	return strings.Join(words, "+")
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
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h := &helper{t: t, cmd: exec.Command(exe)}
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
	h.lines.Buffer(nil, 1<<16)
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.end)
	h.expect("ready")
	return h
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

// ask sends a command and reads the answer.
func (h *helper) ask(words ...any) string {
	h.t.Helper()
	h.say(words...)
	return h.read()
}

// must is an ask whose answer is no error.
func (h *helper) must(words ...any) string {
	h.t.Helper()
	answer := h.ask(words...)
	if strings.HasPrefix(answer, "error: ") {
		h.t.Fatalf("helper: %v: %s", words, answer)
	}
	return answer
}

// fails is an ask whose answer is an error of that class.
func (h *helper) fails(class string, words ...any) {
	h.t.Helper()
	if answer := h.ask(words...); !strings.HasPrefix(answer, "error: "+class+": ") {
		h.t.Errorf("helper: %v: got %q, want an error of class %q", words, answer, class)
	}
}

// expect reads a line that must be want.
func (h *helper) expect(want string) {
	h.t.Helper()
	if got := h.read(); got != want {
		h.t.Fatalf("helper %d said %q, want %q", h.cmd.Process.Pid, got, want)
	}
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
