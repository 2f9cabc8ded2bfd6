//go:build linux

package test

import (
	"errors"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/notify"
)

// microseconds is the time of CLOCK_MONOTONIC.
func microseconds(t *testing.T) int64 {
	t.Helper()
	var now unix.Timespec
	must(t, unix.ClockGettime(unix.CLOCK_MONOTONIC, &now))
	return now.Nano() / 1000
}

// What a service manager hears of a server in its life, whoever speaks.
func TestUpstream(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		m := s.manage()
		r := s.runBelow(m, s.command())
		s.generation()
		m.skip(r, "STATUS=Gunicorn arbiter booted")
		m.hears(r, "READY=1")
		since := microseconds(t)
		r.send(syscall.SIGHUP)
		m.reloads(r, since)
		m.hears(r, "READY=1")
		for range s.workers { // a Gunicorn that is stopped before that may wait for them for ever
			s.line("worker")
		}
		r.send(syscall.SIGTERM)
		m.hears(r, "STOPPING=1")
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d", code)
		}
		m.silent()
		s.over()
		r.never(event.Trouble, event.Forged)
	})
}

// A shim that adopts a tree says at once that it is ready.
func TestUpstreamAdopted(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{server: unicorn, hook: true})
	m := s.manage()
	r := s.runBelow(m, s.command())
	s.generation()
	m.hears(r, "READY=1")
	s.settled(r)
	r.send(syscall.SIGKILL)
	r.wait()
	r = s.runBelow(m, s.command())
	m.hears(r, "READY=1")
	old := watch(t, s.master)
	old.send(syscall.SIGUSR2) // the next generation finds the socket of the shim that is
	s.generation()
	s.ready(r)
	m.silent()
	s.retire(r, old)
	s.stop(r, false)
}

// What the server says is passed on if it is about the service, and its words for
// it are known; who leads it is not.
func TestUpstreamPassesOn(t *testing.T) {
	t.Parallel()
	s, command := prepareSpeaking(t)
	m := s.manage()
	r := s.runBelow(m, command)
	s.up()
	s.speak("STATUS=booting", "EXTEND_TIMEOUT_USEC=9000000", "X_OWN=1", "MAINPID=1")
	m.hears(r, "EXTEND_TIMEOUT_USEC=9000000 STATUS=booting")
	s.speak("READY=1", "MAINPID=1", "STATUS=up", "STATUS=twice")
	m.hears(r, "READY=1", "STATUS=up")
	s.speak("READY=1")
	s.speak("child", "WATCHDOG=1")
	m.hears(r, "WATCHDOG=1")
	s.order("end")
	s.speak("WATCHDOG=trigger", "WATCHDOG_USEC=5", "ERRNO=2", "FDSTORE=1", "STOPPING=1")
	m.hears(r, "ERRNO=2 WATCHDOG=trigger WATCHDOG_USEC=5")
	s.speak("RELOADING=1", "MONOTONIC_USEC=77", "STATUS=reloading")
	m.hears(r, "RELOADING=1 MONOTONIC_USEC=77", "STATUS=reloading")
	s.speak("READY=1")
	m.hears(r, "READY=1")
	since := microseconds(t)
	s.speak("RELOADING=1")
	m.reloads(r, since)
	s.speak("READY=1", "STATUS=fresh")
	m.hears(r, "READY=1", "STATUS=fresh")
	s.speak("BARRIER=1", "STATUS=none")
	r.send(syscall.SIGTERM)
	m.hears(r, "STOPPING=1")
	r.finish()
	m.silent()
	s.over()
	r.never(event.Trouble, event.Forged)
}

// A manager that does not read gets what it missed when it does, and nobody has
// waited for it.
func TestUpstreamFull(t *testing.T) {
	t.Parallel()
	s, command := prepareSpeaking(t)
	m, socket := s.deaf()
	filled := 0
	up, err := notify.OpenUpstream(m.address)
	must(t, err)
	defer up.Close()
	for err = nil; err == nil; filled++ {
		err = up.Send("X_FILL=1")
	}
	if !errors.Is(err, syscall.EAGAIN) {
		t.Fatal(err)
	}
	r := s.runBelow(m, command)
	s.up()
	s.speak("READY=1", "STATUS=up")
	r.until(event.Ready)
	m.hear(socket)
	for range filled - 1 {
		<-m.messages
	}
	m.hears(r, "READY=1", "STATUS=up")
	r.send(syscall.SIGTERM)
	m.hears(r, "STOPPING=1")
	r.finish()
	s.over()
	r.never(event.Trouble)
}

// A manager that is gone is told of once, and missed no more.
func TestUpstreamGone(t *testing.T) {
	t.Parallel()
	s, command := prepareSpeaking(t)
	m, socket := s.deaf()
	must(t, socket.Close())
	r := s.runBelow(m, command)
	s.up()
	for range 3 {
		s.speak("READY=1", "STATUS=up")
	}
	r.send(syscall.SIGTERM)
	r.finish()
	if told := r.all(event.Trouble); len(told) != 1 {
		t.Errorf("the shim told of %+v, want one trouble", told)
	}
	s.over()
}

// An upgrade is a reload to the manager: it begins when the upgrade does, and is
// over with it, whatever came of it. Nobody says meanwhile who leads.
func TestUpstreamUpgrade(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		m := s.manage()
		r := s.runBelow(m, s.command())
		s.generation()
		m.skip(r, "STATUS=Gunicorn arbiter booted")
		m.hears(r, "READY=1")
		s.settled(r)
		since := microseconds(t)
		up := s.begin(lockshim, "upgrade", s.lock)
		since = m.reloads(r, since) + 1
		s.generation()
		m.skip(r, "STATUS=Gunicorn arbiter booted")
		m.hears(r, "READY=1")
		if got := up.result(); got.code != 0 {
			t.Fatalf("upgrade answers %+v", got)
		}
		s.promoted()
		s.put(s.config, "no configuration\n")
		up = s.begin(lockshim, "upgrade", s.lock)
		m.reloads(r, since)
		m.hears(r, "READY=1")
		if got := up.result(); got.code == 0 {
			t.Errorf("an upgrade to no configuration answers %+v", got)
		}
		r.send(syscall.SIGTERM)
		m.hears(r, "STOPPING=1")
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d", code)
		}
		m.silent()
		s.over()
	})
}
