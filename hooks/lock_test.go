//go:build linux

package hooks_test

import (
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// holds fails the test unless each of the processes has the lock through exactly
// one descriptor, which programs that it starts do not get.
func (s *service) holds(pids ...int) {
	s.t.Helper()
	for _, pid := range pids {
		fds := lockFDs(pid, s.info)
		if len(fds) != 1 {
			s.t.Fatalf("process %d has the lock through descriptors %v, want one", pid, fds)
		}
		if !closesOnExec(s.t, pid, fds[0]) {
			s.t.Fatalf("descriptor %d of process %d would be passed on by exec", fds[0], pid)
		}
	}
	s.locked()
}

// locked fails the test unless the exclusive lock is refused.
func (s *service) locked() {
	s.t.Helper()
	if s.tryExclusive() {
		s.t.Fatal("the lock is free")
	}
}

// tryExclusive asks for the exclusive lock and gives it back.
// The unlocking is explicit: a copy of the descriptor may be in a child that
// another test is just forking.
func (s *service) tryExclusive() bool {
	s.t.Helper()
	err := unix.Flock(int(s.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		return false
	}
	must(s.t, err)
	s.unlock()
	return true
}

func (s *service) unlock() {
	s.t.Helper()
	must(s.t, unix.Flock(int(s.lock.Fd()), unix.LOCK_UN))
}

// freed blocks until the exclusive lock is granted: nobody has the shared one.
func (s *service) freed() {
	s.t.Helper()
	for {
		err := unix.Flock(int(s.lock.Fd()), unix.LOCK_EX)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			s.t.Fatal(err)
		}
	}
	s.unlock()
}

// gone blocks until the launcher has reaped the last process of the tree.
func (s *service) gone() {
	s.t.Helper()
	<-s.ended
	if !s.launcher.ProcessState.Success() {
		s.t.Fatalf("launcher: %v", s.launcher.ProcessState)
	}
}

// stop stops the latest master, which is to be the last, and waits until the
// lock is free and every process gone.
func (s *service) stop() {
	s.t.Helper()
	s.locked()
	kill(s.t, s.master, s.graceful)
	s.freed()
	s.gone()
}

// flock runs flock(1) on the lockfile, as a shell script does, and says whether
// it had the lock.
func (s *service) flock(how string) bool {
	s.t.Helper()
	program, err := exec.LookPath("flock")
	if err != nil {
		s.t.Skip("needs the package util-linux")
	}
	err = exec.Command(program, "-n", how, s.path, "true").Run()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == 1 {
		return false
	}
	must(s.t, err)
	return true
}

// each runs a test for every server, in the foreground and in the background. All
// of it is parallel, to other tests too.
func each(t *testing.T, test func(t *testing.T, c setup)) {
	t.Helper()
	t.Parallel()
	for _, server := range servers {
		for _, background := range []bool{false, true} {
			name := server.name
			if background {
				name += server.daemon
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, setup{server: server, background: background})
			})
		}
	}
}
