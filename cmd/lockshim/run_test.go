package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// lockshimCommand is lockshim as a process of its own, with a runtime directory
// of the test's.
func lockshimCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("lockshim", args...)
	cmd.Env = append(os.Environ(), "RUNTIME_DIRECTORY="+dir+"/run", "LOCKSHIM_LOCK=")
	return cmd
}

// shimOf starts `lockshim run` on a shell command that prints a line when it is
// up, and returns when it has. The server ends with its standard input.
func shimOf(t *testing.T, cmd *exec.Cmd) (server io.Closer, out *bufio.Reader) {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out = bufio.NewReader(stdout)
	if line, err := out.ReadString('\n'); err != nil {
		t.Fatalf("%q, %v, %v", line, err, cmd.Wait())
	}
	return stdin, out
}

// A pipe without a reader behind standard error ends neither shim nor server:
// the code that arrives is the server's.
func TestALogReaderThatHasGoneEndsNothing(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	cmd := lockshimCommand(t, t.TempDir(), "run", "--lock", "web", "--", "sh", "-c", "exit 7")
	cmd.Stderr = w
	if got := exitCode(cmd.Run()); got != "7" {
		t.Errorf("exits with %s", got)
	}
}

// A signal that was ignored at the start stays ignored, as nohup(1) wants it: the
// server here would die of HUP if the shim passed it on, and dies of TERM.
func TestNohup(t *testing.T) {
	for _, c := range []struct {
		prefix, want string
		send         []syscall.Signal
	}{
		{"env", "129", []syscall.Signal{syscall.SIGHUP}},
		{"nohup", "143", []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM}},
	} {
		cmd := lockshimCommand(t, t.TempDir(), "run", "--lock", "web", "--",
			"env", "--default-signal=HUP", "sh", "-c", "echo up; exec cat")
		cmd.Path = needs(t, c.prefix, "coreutils")
		cmd.Args = append([]string{c.prefix}, cmd.Args...)
		server, _ := shimOf(t, cmd)
		for _, sig := range c.send {
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
		}
		if got := exitCode(cmd.Wait()); got != c.want {
			t.Errorf("%s: exits with %s", c.prefix, got)
		}
		server.Close()
	}
}

// Where no terminal could send it, INT is at its default, whatever a shell did when it
// put the shim into the background; HUP stays as it was.
func TestInTheBackground(t *testing.T) {
	cmd := lockshimCommand(t, t.TempDir(), "run", "--lock", "web", "--", "sh", "-c", "echo up; exec cat")
	cmd.Path = needs(t, "env", "coreutils")
	cmd.Args = append([]string{"env", "--ignore-signal=INT,HUP"}, cmd.Args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	server, _ := shimOf(t, cmd)
	defer server.Close()
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	if got := exitCode(cmd.Wait()); got != "130" {
		t.Errorf("exits with %s, want INT's 130", got)
	}
}

// Signals that nobody translates reach the server: the common ones as soon as it
// is up, the real-time ones once its launch has been told.
func TestSignalsReachTheServer(t *testing.T) {
	for _, c := range []struct {
		sig  syscall.Signal
		want string
	}{{syscall.SIGUSR1, "138"}, {syscall.SIGUSR2, "140"}, {syscall.Signal(40), "168"}} {
		cmd := lockshimCommand(t, t.TempDir(), "run", "--lock", "web", "--", "sh", "-c", "echo up; exec cat")
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		server, _ := shimOf(t, cmd)
		events := bufio.NewScanner(stderr)
		for c.sig > 32 && events.Scan() && !strings.HasPrefix(events.Text(), "lockshim: launched") {
		}
		if err := cmd.Process.Signal(c.sig); err != nil {
			t.Fatal(err)
		}
		for events.Scan() {
		}
		if got := exitCode(cmd.Wait()); got != c.want {
			t.Errorf("%v: exits with %s", c.sig, got)
		}
		server.Close()
	}
}

// Standard input of a server without a terminal is the shim's own.
func TestServerHasTheShimsInput(t *testing.T) {
	cmd := lockshimCommand(t, t.TempDir(), "run", "--quiet", "--lock", "web", "--", "sh", "-c", "echo up; cat; exit 5")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	server, out := shimOf(t, cmd)
	if _, err := io.WriteString(server.(io.Writer), "through\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := out.ReadString('\n'); line != "through\n" {
		t.Errorf("%q, %v", line, err)
	}
	server.Close()
	if got := exitCode(cmd.Wait()); got != "5" || stderr.Len() > 0 {
		t.Errorf("exits with %s: %s", got, stderr.String())
	}
}

// The second shim says who has the service, since when, and what to do: in words
// and as a record.
func TestLockedSaysWho(t *testing.T) {
	dir := t.TempDir()
	first := lockshimCommand(t, dir, "run", "--lock", "web", "--", "sh", "-c", "echo up; exec cat")
	server, _ := shimOf(t, first)
	second := lockshimCommand(t, dir, "run", "--lock", "web", "--", "cat")
	out, err := second.CombinedOutput()
	for _, want := range []string{
		"lockshim: error: cannot run " + dir + "/run/web.lock: locked by pid ", "lockshim run --lock web -- ", ") since 2",
		"\nlockshim: hint: lockshim status web  # to end it: lockshim stop web\n",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s\nhas no %q", out, want)
		}
	}
	if got := exitCode(err); got != "75" {
		t.Errorf("exits with %s", got)
	}

	third := lockshimCommand(t, dir, "run", "--log-format", "json", "--lock", "web", "--", "cat")
	out, err = third.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var rec event.Record
	if jsonErr := json.Unmarshal([]byte(lines[len(lines)-1]), &rec); jsonErr != nil || exitCode(err) != "75" {
		t.Fatalf("%s, %v, %v", out, jsonErr, err)
	}
	if rec.Kind != "error" || rec.Code == nil || *rec.Code != 75 || !strings.Contains(rec.Error, "locked by pid") || rec.Hint == "" {
		t.Errorf("%+v", rec)
	}
	server.Close()
	if err := first.Wait(); err != nil {
		t.Error(err)
	}
}
