//go:build linux

package hooks_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Somebody deletes or replaces the lockfile. lockshim waits for the inode that it
// locked, so that is where every later generation has to be.
func TestPathChangesBeforeUpgrade(t *testing.T) {
	changes := map[string]func(s *service){
		"deleted": func(s *service) { must(s.t, os.Remove(s.path)) },
		"deleted and created again": func(s *service) {
			must(s.t, os.Remove(s.path))
			must(s.t, os.WriteFile(s.path, nil, 0o644))
		},
		"directory moved": func(s *service) {
			must(s.t, os.Rename(s.file("locks"), s.file("moved")))
		},
		"directory pruned": func(s *service) { must(s.t, os.RemoveAll(s.file("locks"))) },
		"a FIFO now": func(s *service) {
			must(s.t, os.Remove(s.path))
			must(s.t, unix.Mkfifo(s.path, 0o644))
		},
	}
	each(t, func(t *testing.T, c setup) {
		c.lockName = "locks/web.lock"
		for name, change := range changes {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := serve(t, c)
				change(s)
				s.respawn()
				s.holds(s.everyone()...)
				for range 2 {
					s.upgrade()
					s.holds(s.everyone()...)
				}
				s.hup(1)
				s.holds(s.everyone()...)
				s.silent()
				s.newFileIsFree()
				s.stop()
			})
		}
	})
}

// newFileIsFree fails the test if anybody has locked the file that took the
// lockfile's place.
func (s *service) newFileIsFree() {
	s.t.Helper()
	there, err := os.OpenFile(s.path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return // nothing took it
	}
	defer there.Close()
	must(s.t, unix.Flock(int(there.Fd()), unix.LOCK_EX|unix.LOCK_NB))
}

// Renamed, the file is not known by its name any more. The descriptor goes on
// from generation to generation all the same, and the hook says what it misses.
func TestLockfileRenamed(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := serve(t, c)
		must(t, os.Rename(s.path, s.path+".old"))
		s.respawn()
		s.holds(s.everyone()...)
		s.silent()
		for range 2 {
			s.upgrade()
			for _, pid := range s.everyone() {
				if fds := lockFDs(pid, s.info); len(fds) != 1 {
					t.Errorf("process %d has the lock through descriptors %v, want one", pid, fds)
				}
			}
		}
		s.stop()
	})
}

// Nothing to inherit and nothing to open: the hook says so, once, and creates no
// file, since a new one would not be the one that lockshim waits for.
func TestNoLockfile(t *testing.T) {
	cases := []struct {
		name, words string
		put         func(path string) error
	}{
		{"nothing", "No such file", func(string) error { return nil }},
		{"FIFO", "not a regular file", func(path string) error { return unix.Mkfifo(path, 0o644) }},
		{"directory", "not a regular file", func(path string) error { return os.Mkdir(path, 0o755) }},
		{"symbolic link", "symbolic links", func(path string) error { return os.Symlink("log", path) }},
	}
	each(t, func(t *testing.T, c setup) {
		c.way, c.absentLock = closed, true
		for _, test := range cases {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				s := prepare(t, c)
				must(t, test.put(s.path))
				s.launch()
				s.generation()
				s.respawn()
				if _, err := os.Stat(s.path); err == nil && test.name == "nothing" {
					t.Error("the hook created the lockfile")
				}
				s.warned(test.words)
				kill(t, s.master, s.graceful)
				s.gone()
			})
		}
	})
}

// The path reaches the lockfile by a symbolic link to its directory, as
// /var/run does.
func TestDirectoryIsALink(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.lockName = "locks/web.lock"
		s := prepare(t, c)
		must(t, os.Symlink("locks", s.file("run")))
		s.path = s.file("run/web.lock")
		s.launch()
		s.generation()
		s.upgrade()
		s.holds(s.everyone()...)
		must(t, os.Remove(s.path))
		s.upgrade()
		s.holds(s.everyone()...)
		s.stop()
	})
}
