//go:build linux

package test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/notify"
)

// A manager is what systemd is to a shim: it reads the socket that the shim's
// NOTIFY_SOCKET names.
type manager struct {
	t        *testing.T
	address  string
	messages chan notify.Message
}

// manage makes the socket of a manager, which reads it from now on.
func (s *service) manage() *manager {
	s.t.Helper()
	m, socket := s.deaf()
	m.hear(socket)
	return m
}

// deaf makes the socket of a manager that does not read yet.
func (s *service) deaf() (*manager, *notify.Socket) {
	s.t.Helper()
	socket, err := notify.Listen(s.file("manager.lock"))
	must(s.t, err)
	s.t.Cleanup(func() { socket.Close() })
	return &manager{s.t, socket.Address(), make(chan notify.Message, 1000)}, socket
}

// hear begins to read.
func (m *manager) hear(socket *notify.Socket) {
	go func() {
		for {
			message, err := socket.Receive()
			if err != nil {
				return
			}
			m.messages <- message
		}
	}()
}

// env is the environment of a shim of the service below this manager.
func (m *manager) env(s *service) []string { return append(s.env(), "NOTIFY_SOCKET="+m.address) }

// runBelow starts `lockshim run` with a command below a manager.
func (s *service) runBelow(m *manager, command []string, flags ...string) *shimRun {
	s.t.Helper()
	args := append([]string{lockshim, "run", "--lock", s.lock, "--log-format", "json"}, flags...)
	return s.runArgs(append(append(args, "--"), command...), spec{env: m.env(s)})
}

// next blocks for a message, which the shim must have sent.
func (m *manager) next(r *shimRun) notify.Message {
	m.t.Helper()
	select {
	case message := <-m.messages:
		if message.PID != r.pid {
			m.t.Errorf("the manager heard %q of pid %d, want nothing but of the shim, %d", message.Lines, message.PID, r.pid)
		}
		return message
	case <-expired(m.t):
		m.t.Fatal("waited in vain for a message to the manager")
	}
	panic("not reached")
}

// hears fails the test unless the next messages have these words.
func (m *manager) hears(r *shimRun, texts ...string) {
	m.t.Helper()
	for _, want := range texts {
		if got := strings.Join(m.next(r).Lines, " "); got != want {
			m.t.Fatalf("the manager heard %q, want %q", got, want)
		}
	}
}

// skip passes over a message of Gunicorn's, where that is the server.
func (m *manager) skip(r *shimRun, text string) {
	m.t.Helper()
	if r.s.name == "gunicorn" {
		m.hears(r, text)
	}
}

// reloads fails the test unless the next message says that a reload has begun,
// after since, and returns when.
func (m *manager) reloads(r *shimRun, since int64) int64 {
	m.t.Helper()
	message := m.next(r)
	at, _ := message.MonotonicUSec()
	if !message.Reloading() || len(message.Lines) != 2 || at.Microseconds() < since {
		m.t.Fatalf("the manager heard %q, want RELOADING=1 and MONOTONIC_USEC of more than %d", message.Lines, since)
	}
	return at.Microseconds()
}

// silent fails the test if the manager has heard anything else by now.
func (m *manager) silent() {
	m.t.Helper()
	select {
	case message := <-m.messages:
		m.t.Errorf("the manager heard %q", message.Lines)
	default:
	}
}

// speakingServer says "up" and its pid, and then sends to its NOTIFY_SOCKET what
// it reads from the FIFO hang, a message a line, its words being the lines. A line
// that begins with "child" is sent by a child that lives until the next line, one with "run" is
// run as a program; so is one with "spawn", after the next line, which then reads
// the rest. USR1 is for a sign of life.
const speakingServer = `
import os, signal, socket, sys
def say(line):
    fd = os.open("events", os.O_WRONLY)
    os.write(fd, (line + "\n").encode())
    os.close(fd)
def line_again():
    orders = os.open("hang", os.O_RDONLY)
    while os.read(orders, 1) != b"\n":
        pass
    os.close(orders)
address = os.environ["NOTIFY_SOCKET"].replace("@", "\0")
sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
def alive(number, frame):
    sender.sendto(b"WATCHDOG=1\nEXTEND_TIMEOUT_USEC=5", address)
    say("alive %d" % os.getpid())
signal.signal(signal.SIGUSR1, alive)
say("up %d" % os.getpid())
for line in open("hang"):
    words = line.split()
    if words[0] == "child":
        pid = os.fork()
        if pid:
            os.waitpid(pid, 0)
            continue
    if words[0] == "run":
        os.spawnv(os.P_WAIT, words[1], words[1:])
        say("ran")
        continue
    if words[0] == "spawn":
        if os.fork():
            while True:
                signal.pause()
        say("forked %d" % os.getpid())
        line_again()
        os.execv(words[1], words[1:])
    sender.sendto("\n".join(words[words[0] == "child":]).encode(), address)
    say("sent %d" % os.getpid())
    if words[0] == "child":
        line_again()
        os._exit(0)
`

// prepareSpeaking is a service of that server, and the command that runs it.
func prepareSpeaking(t *testing.T) (*service, []string) {
	t.Helper()
	python := testkit.Need(t, "/usr/bin/python3", "python3")
	s := prepare(t, setup{})
	s.put("speak.py", speakingServer)
	return s, []string{python, "speak.py"}
}

// up blocks until the speaking server runs.
func (s *service) up() {
	s.t.Helper()
	s.master = number(s.t, s.line("up")[1])
}

// order writes a line for the speaking server.
func (s *service) order(words ...string) {
	s.t.Helper()
	_, err := fmt.Fprintln(s.block, strings.Join(words, " "))
	must(s.t, err)
}

// speak lets the server send a message, and returns when that is sent.
func (s *service) speak(words ...string) {
	s.t.Helper()
	s.order(words...)
	s.line("sent")
}
