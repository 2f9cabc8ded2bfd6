package testkit

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// helperVariable makes the test binary a helper. Its value is the helper's name.
const helperVariable = "TESTKIT_HELPER"

// Main runs the tests and returns the code to exit with. In a process that
// Helper started it is that helper's life instead, and exits: with 1 where the
// helper fails, which then says why on standard error.
func Main(m *testing.M, helpers map[string]func() error) int {
	Help(helpers)
	return m.Run()
}

// Help is a helper's life, if this process is one, and returns otherwise. A helper
// that executes itself anew is the same one.
func Help(helpers map[string]func() error) {
	name := os.Getenv(helperVariable)
	if name == "" {
		return
	}
	if err := helpers[name](); err != nil {
		fmt.Fprintf(os.Stderr, "helper %s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// HelperEnv is what makes the test binary the helper of that name, for an
// environment.
func HelperEnv(name string) []string {
	// The race detector would sleep for a second at each helper's exit.
	return []string{helperVariable + "=" + name, "GORACE=atexit_sleep_ms=0"}
}

// Helper is the command that runs the test binary as the helper of that name. Its
// environment is the test's otherwise. Another user may not walk to the binary, but
// through /proc it may, where there is one.
func Helper(name string) *exec.Cmd {
	self := "/proc/self/exe"
	if _, err := os.Stat(self); err != nil {
		self = os.Args[0]
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), HelperEnv(name)...)
	return cmd
}

// Obey returns a helper that says "ready", does what the lines of its standard
// input say until that ends, and answers each with a line: what the command
// answers, or "error: " and what explain makes of its error.
func Obey(commands map[string]func(args []string) (string, error), explain func(error) string) func() error {
	return func() error {
		fmt.Println("ready")
		lines := bufio.NewScanner(os.Stdin)
		lines.Buffer(nil, maxLine)
		for lines.Scan() {
			words := strings.Fields(lines.Text())
			do, found := commands[words[0]]
			if !found {
				fmt.Println("no such command")
				continue
			}
			answer, err := do(words[1:])
			if err != nil {
				answer = "error: " + explain(err)
			}
			fmt.Println(answer)
		}
		return lines.Err()
	}
}

// maxLine is what a line may have in it.
const maxLine = 1 << 20

// A Process is a program that a test talks with, line by line.
type Process struct {
	*exec.Cmd
	t     testing.TB
	in    io.WriteCloser
	lines *bufio.Scanner
}

// Start starts the command. Its standard error is the test's, unless cmd says
// otherwise. It ends with the test, as End says.
func Start(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{Cmd: cmd, t: t}
	if cmd.Stderr == nil {
		cmd.Stderr = os.Stderr
	}
	var err error
	p.in, err = cmd.StdinPipe()
	Must(t, err)
	out, err := cmd.StdoutPipe()
	Must(t, err)
	p.lines = bufio.NewScanner(out)
	p.lines.Buffer(nil, maxLine)
	Must(t, cmd.Start())
	t.Cleanup(p.End)
	return p
}

// PID is the process's.
func (p *Process) PID() int { return p.Process.Pid }

// Say writes a line and does not wait for an answer.
func (p *Process) Say(words ...any) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, words...); err != nil {
		p.t.Fatalf("%s, pid %d: %v", p.Path, p.PID(), err)
	}
}

// Read is the next line of the process, however long it takes.
func (p *Process) Read() string {
	p.t.Helper()
	if !p.lines.Scan() {
		p.t.Fatalf("%s, pid %d, ended: %v", p.Path, p.PID(), p.lines.Err())
	}
	return p.lines.Text()
}

// Expect reads a line that must be want.
func (p *Process) Expect(want string) {
	p.t.Helper()
	if got := p.Read(); got != want {
		p.t.Fatalf("%s, pid %d, said %q, want %q", p.Path, p.PID(), got, want)
	}
}

// Kill ends the process by SIGKILL, and returns when it is reaped: the kernel has
// closed its descriptors by then.
func (p *Process) Kill() {
	p.t.Helper()
	Must(p.t, p.Process.Kill())
	_ = p.Wait() // it tells of the signal
}

// End closes the standard input and waits for the end, unless somebody has. An
// exit code other than 0 fails the test. In a test that has failed the process may
// be blocked, and is killed.
func (p *Process) End() {
	if p.ProcessState != nil {
		return
	}
	p.in.Close()
	if p.t.Failed() {
		_ = p.Process.Kill()
	}
	if err := p.Wait(); p.ProcessState.Exited() && err != nil {
		p.t.Errorf("%s: %v", p.Path, err)
	}
}
