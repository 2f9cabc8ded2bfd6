//go:build linux

package test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/notify"
)

// forge sends to the server's socket from this process, which is not of the
// service.
func (s *service) forge(times int, lines ...string) {
	s.t.Helper()
	up, err := notify.OpenUpstream(s.file("web.notify"))
	must(s.t, err)
	defer up.Close()
	for range times {
		for err = up.Send(lines...); errors.Is(err, syscall.EAGAIN); err = up.Send(lines...) {
			runtime.Gosched()
		}
		must(s.t, err)
	}
}

// Who is not of the tree is not believed, and told of once, however often it
// says so, and whether the tree was launched or found.
func TestNotifyForged(t *testing.T) {
	t.Parallel()
	s, command := prepareSpeaking(t)
	m := s.manage()
	r := s.runBelow(m, command)
	s.up()
	s.forge(20, "READY=1", "STATUS=forged", fmt.Sprintf("MAINPID=%d", os.Getpid()))
	s.speak("READY=1", "STATUS=own")
	m.hears(r, "READY=1", "STATUS=own")
	r.forgedBy(os.Getpid())
	r.knows(s.master)
	r.send(syscall.SIGKILL)
	r.wait()

	r = s.runBelow(m, command)
	m.hears(r, "READY=1")
	s.forge(20, "READY=1", "STATUS=forged")
	s.speak("STATUS=own")
	m.hears(r, "STATUS=own")
	r.forgedBy(os.Getpid())
	r.send(syscall.SIGTERM)
	m.hears(r, "STOPPING=1")
	r.finish()
	s.over()
}

// forgedBy blocks until the shim has told of a notification from outside, and
// fails the test unless it told of that process alone.
func (r *shimRun) forgedBy(pid int) {
	r.t.Helper()
	r.find(0, "a forged notification", func(e toldEvent) bool { return e.Event == event.Forged })
	if told := r.all(event.Forged); len(told) != 1 || told[0].PID != pid || told[0].Command == "" {
		r.t.Errorf("the shim told of %+v, want one forged notification of %d", told, pid)
	}
}

// A user who has no part in the service may reach its socket, and does not
// matter. The event is told while the sender lives: it is stopped by then.
func TestNotifyForgedByAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	t.Parallel()
	s, command := prepareSpeaking(t)
	r := s.runCommand(command)
	s.up()
	sender := start(t, spec{
		args: []string{"/usr/bin/python3", "-c", `
import os, signal, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(b"READY=1", sys.argv[1])
signal.pause()
`, s.file("web.notify")},
		env: s.env(),
		sys: &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}},
	})
	r.until(event.Forged)
	r.forgedBy(sender.pid)
	r.never(event.Ready)
	sender.kill()
	s.speak("READY=1")
	r.until(event.Ready)
	r.send(syscall.SIGTERM)
	r.finish()
	s.over()
}

// Of many senders only some are told of, and the server is heard in the midst
// of their messages.
func TestNotifyFlood(t *testing.T) {
	t.Parallel()
	s, command := prepareSpeaking(t)
	r := s.runCommand(command)
	s.up()
	flood := s.begin("/usr/bin/python3", "-c", `
import os, signal, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for _ in range(100):
    pid = os.fork()
    if pid == 0:
        for _ in range(50):
            s.sendto(b"READY=1\nMAINPID=%d" % os.getpid(), sys.argv[1])
        os.write(1, b".")
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    os.waitpid(pid, os.WUNTRACED)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
`, s.file("web.notify"))
	s.forge(1000, "READY=1")
	s.speak("READY=1")
	if e := r.until(event.Ready); e.Generation != 1 {
		t.Errorf("generation %d is ready", e.Generation)
	}
	if got := flood.result(); got.code != 0 || len(got.out) != 100 {
		t.Fatalf("the flood ended with %+v", got)
	}
	s.shows(r.pid, gen{s.master, nil})
	r.send(syscall.SIGTERM)
	r.finish()
	if told := len(r.all(event.Forged)); told < 2 || told > 32 {
		t.Errorf("the shim told of %d senders, want some, and 32 at most", told)
	}
	s.over()
}

// A server that runs as another user than the shim may say how it is, itself and
// by systemd-notify, which for root names its parent as the sender.
func TestNotifyAnotherUsersServer(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	for _, as := range [][]string{nil, {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"}} {
		t.Run(fmt.Sprintf("wrapped=%v", as != nil), func(t *testing.T) {
			t.Parallel()
			testkit.Need(t, "/usr/bin/systemd-notify", "systemd")
			s, command := prepareSpeaking(t)
			m := s.manage()
			r := s.runBelow(m, append(as, command...))
			s.up()
			s.speak("STATUS=booting")
			m.hears(r, "STATUS=booting")
			s.order("run", "/usr/bin/systemd-notify", "--ready", "--status=up")
			m.hears(r, "READY=1", "STATUS=up")
			s.line("ran")
			if e := r.until(event.Ready); e.Generation != 1 || e.PID != s.master {
				t.Errorf("the shim told of %+v, want generation 1 of %d", e, s.master)
			}
			r.send(syscall.SIGTERM)
			r.finish()
			r.never(event.Trouble, event.Forged, event.NewGeneration)
			s.over()
		})
	}
}

// A program that a server executes, and that says that it leads from now on, is
// the next generation, whatever it is called; one that runs the master's own file
// need only say that it is ready.
func TestNotifyAnnounced(t *testing.T) {
	t.Parallel()
	for name, words := range map[string]string{"MAINPID": "MAINPID=%d", "READY": "READY=1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, command := prepareSpeaking(t)
			s.put("next.py", speakingServer)
			m := s.manage()
			r := s.runBelow(m, command)
			s.up()
			s.is(shim.Starting, "starting")
			s.speak("READY=1")
			m.hears(r, "READY=1")
			s.is(shim.Serving, "ready")
			old := watch(t, s.master)
			s.order("spawn", "/usr/bin/python3", "next.py")
			next := number(t, s.line("forked")[1])
			s.shows(r.pid, gen{s.master, []int{next}}) // before its exec it is one of the workers
			s.order("end")
			s.line("up", fmt.Sprint(next))
			s.master = next
			if name == "MAINPID" {
				words = fmt.Sprintf(words, next)
			}
			s.speak(words, "READY=1")
			if e := r.until(event.NewGeneration); e.Generation != 2 || e.PID != next {
				t.Errorf("the shim told of %+v, want generation 2 of %d", e, next)
			}
			r.find(0, "its readiness", func(e toldEvent) bool { return e.Event == event.Ready && e.Generation == 2 })
			old.send(syscall.SIGUSR1) // from a draining generation, no sign of life
			s.line("alive", fmt.Sprint(old.PID))
			m.hears(r, "EXTEND_TIMEOUT_USEC=5")
			watch(t, next).send(syscall.SIGUSR1)
			s.line("alive", fmt.Sprint(next))
			m.hears(r, "EXTEND_TIMEOUT_USEC=5 WATCHDOG=1")
			old.send(syscall.SIGKILL)
			r.untilEnded(old.PID)
			watch(t, next).send(syscall.SIGTERM)
			if code := r.finish(); code != 128+int(syscall.SIGTERM) {
				t.Errorf("the shim exits with %d, want the status of the generation that announced itself", code)
			}
			r.never(event.StrayLeft, event.Masterless, event.Forged)
			s.over()
		})
	}
}

// is fails the test unless a status has that state, of the service and of its
// latest generation.
func (s *service) is(state shim.State, generation string) {
	s.t.Helper()
	got, err := shim.Inspect(s.lock)
	must(s.t, err)
	if n := len(got.Generations); got.State != state || n == 0 || got.Generations[n-1].State != generation {
		s.t.Errorf("the service is %s, with generations %+v; want %s, the last %s", got.State, got.Generations, state, generation)
	}
}
