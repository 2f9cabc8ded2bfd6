//go:build linux

package test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
)

// A path of nearly PATH_MAX is like any other, where the file names in it are
// short enough.
func TestLockfileLongPath(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		part := "/" + strings.Repeat("d", 99)
		dir := s.dir + strings.Repeat(part, (4000-len(s.dir)-len("/web.lock"))/len(part))
		dir += "/" + strings.Repeat("e", 4000-len(dir)-len("/web.lock")-1)
		must(t, os.MkdirAll(dir, 0o755))
		s.lock = dir + "/web.lock"
		if len(s.lock) != 4000 {
			t.Fatalf("the path has %d bytes", len(s.lock))
		}
		r := s.serve()
		old := s.current()
		s.usr2()
		s.shows(r.pid, old, s.current())
		s.quitOld(r, old)
		must(t, os.Remove(s.lock))
		r.kill()
		r = s.run()
		if e := r.until(event.Adopted); e.PID != s.master {
			t.Errorf("the shim adopts %d, want %d", e.PID, s.master)
		}
		s.stopsWith(r, 0)
	})
}

// A path that is too long is refused, and a name in it that is.
func TestLockfileTooLongPath(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	for _, lock := range []string{
		s.dir + strings.Repeat("/dd", 1400) + "/web.lock",
		s.file(strings.Repeat("n", 256)),
	} {
		got := s.answers(73, "run", "--lock", lock, "--", "sh", "-c", "echo ran >ran")
		if !strings.Contains(got.err, "file name too long") {
			t.Errorf("run answers %+v", got)
		}
	}
	if _, err := os.Stat(s.file("ran")); err == nil {
		t.Error("the command was executed")
	}
}

// A path is relative to the working directory of who names it, by whatever name
// that directory has.
func TestLockfileRelativePath(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		args := append([]string{lockshim, "run", "--log-format", "json", "--lock", "./web.lock", "--"}, s.command()...)
		r := s.runArgs(args, spec{})
		s.generation()
		s.shows(r.pid, s.current()) // by its absolute path
		if got := s.answers(0, "status", "./web.lock"); !strings.Contains(got.out, "lock     "+s.lock+"\n") {
			t.Errorf("status answers %+v, want the path %s", got, s.lock)
		}
		r.kill()
		args[slices.Index(args, "./web.lock")] = "../" + filepath.Base(s.dir) + "/web.lock"
		r = s.runArgs(args, spec{})
		r.until(event.Adopted)
		s.stopsWith(r, 0)
	})
}

// Two services in one directory, of one server, have nothing to do with each
// other.
func TestTwoServices(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		one, two := prepare(t, c), prepare(t, c)
		two.lock = one.file("two.lock")
		r1, r2 := one.serve(), two.serve()
		one.shows(r1.pid, one.current())
		two.shows(r2.pid, two.current())
		c2 := two.client()
		old := one.current()
		one.usr2()
		one.quitOld(r1, old)
		two.shows(r2.pid, two.current())
		r1.kill()
		r1 = one.run()
		r1.until(event.Adopted)
		if got := one.verb("stop"); got.code != 0 {
			t.Errorf("stop answers %+v", got)
		}
		if code := r1.finish(); code != 0 {
			t.Errorf("the shim exits with %d", code)
		}
		one.over()
		two.shows(r2.pid, two.current())
		c2.more()
		c2.finish()
		r2.never(event.Foreign, event.Signalled, event.NewGeneration)
		two.stopsWith(r2, 0)
	})
}

// A name is a lockfile in the runtime directory, for every verb, and for a shim
// that is started again.
func TestServiceName(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		must(t, os.Mkdir(s.file("run"), 0o755))
		s.lock = s.file("run/web-1.x@host.lock")
		env := append(s.env(), "RUNTIME_DIRECTORY="+s.file("run"))
		args := append([]string{lockshim, "run", "--log-format", "json", "--lock", "web-1.x@host", "--"}, s.command()...)
		r := s.runArgs(args, spec{env: env})
		s.generation()
		s.shows(r.pid, s.current())
		second := s.runArgs(args, spec{env: env})
		if code := second.finish(); code != 75 {
			t.Errorf("the second shim exits with %d, want 75", code)
		}
		s.refusedFor(second, r.pid)
		stop := start(t, spec{args: []string{lockshim, "stop", "web-1.x@host"}, env: env})
		if code := stop.wait(); code != 0 {
			t.Errorf("stop exits with %d", code)
		}
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d", code)
		}
		s.over()
		if st := s.status(); st.State != shim.Free {
			t.Errorf("the state is %q, want free", st.State)
		}
	})
}
