//go:build linux

package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/shell"
	"github.com/lockshim/lockshim/internal/testkit"
)

// systemd has nothing to say against a file of contrib: as it lies there, filled in,
// and filled in with words that could be anything else.
func TestSystemdVerify(t *testing.T) {
	t.Parallel()
	s, _ := inSystemd(t)
	testkit.Need(t, "/usr/bin/systemd-analyze", "systemd")
	s.boot()
	words := shell.Quote(append([]string{"server"}, nastyWords...)...)
	for kind, set := range map[string][]contrib.Setting{
		"plain":  nil,
		"filled": {{Key: "command", Value: "gunicorn app:app"}, {Key: "flags", Value: ""}, {Key: "user", Value: "daemon"}, {Key: "directory", Value: "/srv"}, {Key: "socket", Value: "8080"}},
		"nasty":  {{Key: "command", Value: words}, {Key: "directory", Value: nastyPath + " "}, {Key: "socket", Value: "/run" + nastyPath}},
	} {
		units := s.filled(kind, set)
		got := s.w.in(append([]string{"/usr/bin/env", "SYSTEMD_UNIT_PATH=" + s.w.file("units"), "/usr/bin/systemd-analyze", "--man=no", "verify"}, units...)...)
		if got.code != 0 || got.out+got.err != "" {
			t.Errorf("systemd-analyze verify %q answers %+v", units, got)
		}
	}
	s.end()
}

// filled writes all files of contrib for systemd into a directory, and returns its
// units; what changes these is beside them.
func (s *systemd) filled(kind string, set []contrib.Setting) (units []string) {
	t := s.w.t
	t.Helper()
	for _, name := range contrib.Names() {
		base, is := strings.CutPrefix(name, "systemd/")
		if !is {
			continue
		}
		has, err := contrib.Keys(name)
		must(t, err)
		text, err := contrib.Fill(name, only(set, has))
		must(t, err)
		path := s.w.file(kind + "/" + base)
		if strings.HasSuffix(base, ".conf") {
			path = s.w.file(kind + "/lockshim@.service.d/" + base)
		} else {
			units = append(units, path)
		}
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, text, 0o644))
	}
	return units
}

// nastyPath is what some language would act on.
const nastyPath = `/a 'b' "c" $HOME ${HOME} $$ %i %% %h \x41 \ #d ;e *`

// Directories and sockets arrive as they are.
func TestSystemdLeavesPathsAlone(t *testing.T) {
	t.Parallel()
	s, all := inSystemd(t, setup{server: unicorn}, setup{server: unicorn}, setup{server: unicorn})
	s.boot()
	for i, x := range all {
		dir := x.dir + nastyPath + []string{"", " ", `\`}[i]
		must(t, os.Mkdir(dir, 0o755))
		x.put("show", "pwd >"+x.file("events")+"\nexec cat "+x.file("hang")+"\n")
		x.fill("systemd/lockshim@.service", s.w.file("units/"+x.unit()), contrib.Setting{Key: "directory", Value: dir},
			contrib.Setting{Key: "command", Value: "/bin/sh " + x.file("show")}, contrib.Setting{Key: "flags", Value: ""})
		x.fill("systemd/lockshim@.socket", s.w.file("units/"+x.socketUnit()), contrib.Setting{Key: "socket", Value: x.dir + nastyPath + "/s"})
		s.ctl("start", x.socketUnit())
		if _, err := os.Stat(x.dir + nastyPath + "/s"); err != nil {
			t.Error(err)
		}
		s.ctl("start", "--no-block", x.unit())
		if got, err := x.events.ReadString('\n'); err != nil || got != dir+"\n" {
			t.Errorf("the command runs in %q, not in %q (%v)", got, dir, err)
		}
		s.ctl("stop", x.socketUnit())
	}
	s.over(all...)
}
