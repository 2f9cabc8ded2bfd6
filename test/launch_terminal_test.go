//go:build linux

package test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/event"
)

// terminal opens a pseudoterminal: the user's side, and the program's (pty(7)).
func terminal(t *testing.T) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("needs /dev/ptmx")
	}
	t.Cleanup(func() { user.Close() })
	number, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	must(t, err)
	must(t, unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0))
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	must(t, err)
	t.Cleanup(func() { program.Close() })
	return user, program
}

// countingServer tells of what signals it ignores, and of every one that it gets,
// until USR2 ends it with 6. (A shell would not do: a signal that comes just
// before its read waits for the end of that.)
const countingServer = `
import os, signal
def say(line):
    with open("events", "w") as f:
        f.write(line + "\n")
names = "HUP INT QUIT WINCH USR1 USR2".split()
signals = {getattr(signal, "SIG" + n): n for n in names}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
say("up %d ignoring %s" % (os.getpid(), " ".join(n for s, n in signals.items() if signal.getsignal(s) == signal.SIG_IGN)))
while True:
    got = signal.sigwait(signals)
    say("got " + signals[got])
    if got == signal.SIGUSR2:
        os._exit(6)
`

// prepareCounting is a service of that server, and the command that runs it.
func prepareCounting(t *testing.T) (*service, []string) {
	t.Helper()
	const python = "/usr/bin/python3"
	if _, err := os.Stat(python); err != nil {
		t.Skip("needs the package python3")
	}
	return prepare(t, setup{}), []string{python, "-c", countingServer}
}

// onTerminal starts the shim as the leader of a terminal.
func (s *service) onTerminal(program *os.File, command ...string) *shimRun {
	s.t.Helper()
	args := []string{lockshim, "run", "--lock", s.lock, "--log-format", "json", "--"}
	return s.runArgs(append(args, command...), spec{
		in: program, out: program, sys: &syscall.SysProcAttr{Setsid: true, Setctty: true},
	})
}

// What a terminal sends to its foreground reaches the server once: not a second
// time by the shim.
func TestTerminalSignalsOnce(t *testing.T) {
	t.Parallel()
	s, command := prepareCounting(t)
	user, program := terminal(t)
	r := s.onTerminal(program, command...)
	s.master = number(t, s.line("up")[1])
	for i, key := range []string{"\x03", "\x1c", "\x03"} {
		_, err := user.WriteString(key)
		must(t, err)
		s.line("got", []string{"INT", "QUIT", "INT"}[i])
	}
	for i := range 2 {
		must(t, unix.IoctlSetWinsize(int(user.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 20, Col: 70 + uint16(i)}))
		s.line("got", "WINCH")
	}
	s.shows(r.pid, gen{s.master, nil})
	watch(t, s.master).send(syscall.SIGUSR2)
	if code := r.finish(); code != 6 {
		t.Errorf("the shim exits with %d, want 6", code)
	}
	s.line("got", "USR2")
	want := []string{"got INT", "got QUIT", "got INT", "got WINCH", "got WINCH", "got USR2"}
	if got := slices.DeleteFunc(s.seen, func(l string) bool { return !strings.HasPrefix(l, "got") }); !slices.Equal(got, want) {
		t.Errorf("the server says %q, want %q", got, want)
	}
	r.never(event.Signalled, event.Stopping, event.Ignored)
	s.over()
}

// Ctrl-C ends a real server as if there was no shim, and the shim after it.
func TestTerminalInterrupt(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		user, program := terminal(t)
		r := s.onTerminal(program, s.command()...)
		s.generation()
		s.shows(r.pid, s.current())
		_, err := user.WriteString("\x03")
		must(t, err)
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want the master's 0", code)
		}
		r.never(event.Signalled, event.Stopping)
		s.over()
	})
}

// A signal that is sent to the shim on a terminal is passed on as elsewhere.
func TestTerminalSignalToShim(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		_, program := terminal(t)
		r := s.onTerminal(program, s.command()...)
		s.generation()
		old := s.current()
		s.usr2()
		s.shows(r.pid, old, s.current())
		s.quitOld(r, old)
		s.stopsWith(r, 0)
	})
}
