//go:build linux

package test

import (
	"os"

	"golang.org/x/sys/unix"
)

// tryLock asks for a lock of the service's lockfile, LOCK_SH or LOCK_EX, and
// gives it back at once. False means that somebody has one that forbids it.
func (s *service) tryLock(how int) bool {
	s.t.Helper()
	f, err := os.OpenFile(s.lock, os.O_RDONLY, 0)
	must(s.t, err)
	defer f.Close()
	err = unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		return false
	}
	must(s.t, err)
	// Not left to Close: a copy of the descriptor may be in a child that another
	// test is just forking.
	must(s.t, unix.Flock(int(f.Fd()), unix.LOCK_UN))
	return true
}

// held fails the test unless the exclusive lock is refused.
func (s *service) held() {
	s.t.Helper()
	if s.tryLock(unix.LOCK_EX) {
		s.t.Error("the lock is free")
	}
}

// free fails the test unless the exclusive lock can be had.
func (s *service) free() {
	s.t.Helper()
	if !s.tryLock(unix.LOCK_EX) {
		s.t.Error("the lock is held")
	}
}

// freed blocks until the exclusive lock is granted: nobody has the shared one.
func (s *service) freed() {
	s.t.Helper()
	f, err := os.OpenFile(s.lock, os.O_RDONLY, 0)
	must(s.t, err)
	done := make(chan struct{})
	go func() {
		defer f.Close()
		for unix.Flock(int(f.Fd()), unix.LOCK_EX) == unix.EINTR {
		}
		_ = unix.Flock(int(f.Fd()), unix.LOCK_UN)
		close(done)
	}()
	await(s.t, "the lock", done)
}

// over fails the test unless nothing of the service is left: no process, no
// lock, no listener, and status says so.
func (s *service) over() {
	s.t.Helper()
	for _, id := range marked(s.dir + "/") {
		s.t.Errorf("process %d lives: %s", id.PID, commandLine(id.PID))
	}
	s.free()
	s.released()
	s.shows(0)
}
