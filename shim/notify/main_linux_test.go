package notify

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

// helperEnv makes the test binary a helper, which does what its value says.
const helperEnv = "NOTIFY_TEST_HELPER"

// helpers are what the test binary can be.
var helpers = map[string]func() error{"receive": receiveLoudly, "forge": forge}

func TestMain(m *testing.M) {
	if name := os.Getenv(helperEnv); name != "" {
		if err := helpers[name](); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// receiveLoudly receives for the lockfile LOCK under the umask UMASK, and says
// what.
func receiveLoudly() error {
	var mask int
	fmt.Sscanf(os.Getenv("UMASK"), "%o", &mask)
	syscall.Umask(mask)
	s, err := Listen(os.Getenv("LOCK"))
	if err != nil {
		return err
	}
	fmt.Println("listening")
	for {
		m, err := s.Receive()
		if err != nil {
			return err
		}
		fmt.Println(strings.Join(m.Lines, " "))
	}
}

// A process is a program that a test started and that says lines.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
}

// start starts a command with NOTIFY_SOCKET and what else env says. The test
// waits for its end.
func start(t *testing.T, address string, cmd *exec.Cmd, env ...string) *process {
	t.Helper()
	// The race detector would sleep for a second at each helper's exit.
	cmd.Env = append(append(os.Environ(), "GORACE=atexit_sleep_ms=0", "NOTIFY_SOCKET="+address), env...)
	cmd.Stderr = os.Stderr
	p := &process{t: t, cmd: cmd}
	p.in, _ = cmd.StdinPipe()
	out, err := cmd.StdoutPipe()
	do(t, err)
	p.lines = bufio.NewScanner(out)
	do(t, cmd.Start())
	t.Cleanup(func() {
		p.in.Close()
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	return p
}

// helper starts the test binary as a helper. Another user may not walk to it,
// but through /proc it may.
func helper(t *testing.T, name, address string, as *syscall.Credential, env ...string) *process {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	return start(t, address, cmd, append(env, helperEnv+"="+name)...)
}

// expect reads a line that must be want.
func (p *process) expect(want string) {
	p.t.Helper()
	if !p.lines.Scan() || p.lines.Text() != want {
		p.t.Fatalf("%s said %q (%v), want %q", p.cmd.Path, p.lines.Text(), p.lines.Err(), want)
	}
}

// succeeds waits for an end with 0.
func (p *process) succeeds() {
	p.t.Helper()
	p.in.Close()
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%s: %v", p.cmd.Path, err)
	}
}

// kill ends the process by SIGKILL, and returns when it is reaped.
func (p *process) kill() {
	p.t.Helper()
	do(p.t, p.cmd.Process.Kill())
	p.cmd.Wait()
}

// nobody is a user without rights.
var nobody = &syscall.Credential{Uid: 65534, Gid: 65534}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// need skips a test whose program is missing.
func need(t *testing.T, path, pkg string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skip("needs the package " + pkg)
	}
	return path
}

// do fails the test at once for an error.
func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is fails the test if err is not each of targets.
func is(t *testing.T, what string, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("%s: %v; want errors.Is %q", what, err, target)
		}
	}
}
