//go:build linux

package test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// A pid file outlives a crash, and its number is somebody else's by then. The
// servers believe it; the lock knows better.
func TestStalePidfile(t *testing.T) {
	t.Parallel()
	for _, server := range []server{unicorn, gunicorn} {
		for _, background := range []bool{false, true} {
			c := setup{server: server, background: background, pidfile: true}
			t.Run(c.title(), func(t *testing.T) {
				t.Parallel()
				s := prepare(t, c)
				neighbour := s.stalePidfile()
				s.refusesAlone()
				path := s.file("server.pid")
				r := s.serve("--clear-pidfile", path)
				s.names(path, s.master)
				s.stop(r, false)
				if neighbour.dead() {
					t.Error("the process whose pid was in the file has ended")
				}
			})
		}
	}
}

// stalePidfile writes the server's pid file with the pid of a process that has
// nothing to do with it.
func (s *service) stalePidfile() watched {
	s.t.Helper()
	out, _ := pipe(s.t)
	p := start(s.t, spec{args: []string{"/bin/cat"}, in: out})
	s.put("server.pid", fmt.Sprintln(p.pid))
	return watch(s.t, p.pid)
}

// refusesAlone fails the test unless the server alone, and under lockshim without
// the flag, refuses to start because of the pid file.
func (s *service) refusesAlone() {
	s.t.Helper()
	foreground := *s
	foreground.background = false
	alone := foreground.begin(foreground.command()...).result()
	log, _ := os.ReadFile(s.file("log"))
	if alone.code != 1 || !strings.Contains(alone.err+string(log), "Already running on PID") {
		s.t.Fatalf("alone the server answers %+v, log:\n%s", alone, log)
	}
	if code := s.run().finish(); code != 1 {
		s.t.Errorf("without --clear-pidfile the shim exits with %d, want the server's 1", code)
	}
}

// names fails the test unless the pid file names that process.
func (s *service) names(path string, pid int) {
	s.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || strings.TrimSpace(string(text)) != fmt.Sprint(pid) {
		s.t.Errorf("%s says %q, %v; want %d", path, text, err, pid)
	}
}

// The pid file of a tree that runs is the tree's.
func TestPidfileOfRunningTree(t *testing.T) {
	t.Parallel()
	for _, server := range []server{unicorn, gunicorn} {
		c := setup{server: server, pidfile: true}
		t.Run(c.title(), func(t *testing.T) {
			t.Parallel()
			s := prepare(t, c)
			path := s.file("server.pid")
			first := s.serve()
			s.refused(s.run("--clear-pidfile", path), first.pid)
			s.names(path, s.master)
			s.killShim(first)
			s.refused(s.run("--clear-pidfile", path, "--if-running", "refuse"), s.master)
			s.names(path, s.master)
			r := s.run("--clear-pidfile", path)
			r.knows(s.master)
			s.names(path, s.master)
			s.stop(r, false)
			s.absent(path)
		})
	}
}

// absent fails the test if there is such a file.
func (s *service) absent(path string) {
	s.t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		s.t.Errorf("%s is there: %v", path, err)
	}
}

// A shim's own pid file comes into being with its pid in it, and goes with it.
func TestShimPidfile(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		path := s.file("shim.pid")
		seen := s.watchFile("shim.pid")
		first := s.serve("--pidfile", path)
		s.names(path, first.pid)
		s.killShim(first)
		r := s.run("--pidfile", path)
		r.knows(s.master)
		s.names(path, r.pid)
		s.stop(r, false)
		s.absent(path)
		s.absent(path + ".tmp")
		seen("moved", "moved", "deleted")
	})
}

// One that another process has written meanwhile is not removed.
func TestShimPidfileOfAnother(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve("--pidfile", s.file("shim.pid"))
		s.put("shim.pid", fmt.Sprintln(os.Getpid()))
		s.stop(r, false)
		s.names(s.file("shim.pid"), os.Getpid())
	})
}

// A shim that is refused leaves the pid file of the one that runs alone.
func TestShimPidfileOfRefused(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		path := s.file("shim.pid")
		r := s.serve("--pidfile", path)
		s.refused(s.run("--pidfile", path), r.pid)
		s.names(path, r.pid)
		s.killShim(r)
		s.refused(s.run("--pidfile", path, "--if-running", "refuse"), s.master)
		s.names(path, r.pid)
		s.stop(s.adopted(s.current()), false)
	})
}

// A pid file that cannot be written stops the start, before a server is there.
func TestShimPidfileRefused(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		for _, path := range []string{s.file("none/shim.pid"), s.file("d")} {
			must(t, os.MkdirAll(s.file("d/e"), 0o755))
			r := s.run("--pidfile", path)
			if code := r.finish(); code != 78 {
				t.Errorf("with the pid file %s the shim exits with %d, want 78", path, code)
			}
			if told := r.all(failure); len(told) != 1 || !strings.Contains(told[0].Error, path) {
				t.Errorf("the shim says %+v, want it to name %s", told, path)
			}
		}
		s.free()
		if n := s.said("master"); n != 0 {
			t.Errorf("%d masters have begun", n)
		}
	})
}
