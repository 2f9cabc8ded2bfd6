//go:build linux

package test

import (
	"fmt"
	"os"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// A deploy moves a symbolic link to the next release, upgrades, and prunes the
// old one. The server finds the link in PWD, as the shim was started with it.
func TestLaunchDeploy(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		c.workers = 1
		s := prepare(t, c)
		for _, release := range []string{"one", "two"} {
			must(t, os.Mkdir(s.file(release), 0o755))
		}
		must(t, os.Symlink("one", s.file("current")))
		args := []string{lockshim, "run", "--lock", s.lock, "--log-format", "json", "--"}
		r := s.runArgs(append(args, s.linked()...), spec{dir: s.file("current"), env: append(s.env(), "PWD="+s.file("current"))})
		s.generation()
		s.runsIn("one")
		must(t, os.Symlink("two", s.file("next")))
		must(t, os.Rename(s.file("next"), s.file("current")))
		old := s.current()
		s.usr2()
		s.quitOld(r, old)
		must(t, os.Remove(s.file("one")))
		s.runsIn("two")
		r.never(event.Unlocked, event.Trouble)
		s.stopsWith(r, 0)
	})
}

// linked is the server's command line without the flag that pins a directory.
func (s *service) linked() []string {
	if s.name == "gunicorn" {
		return []string{s.program, "-c", s.file("gunicorn.conf.py"), "--pythonpath", s.dir, "app:app"}
	}
	return s.command()
}

// runsIn fails the test unless that is the master's working directory.
func (s *service) runsIn(release string) {
	s.t.Helper()
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", s.master))
	must(s.t, err)
	if link != s.file(release) {
		s.t.Errorf("the master runs in %s, want %s", link, s.file(release))
	}
}
