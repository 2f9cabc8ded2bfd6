//go:build linux

package test

import (
	"os"
	"strings"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/testkit"
)

// sysvNeeds are what the rows of SysV init need.
var sysvNeeds = [][2]string{{sysvinit + "/sbin/init", "sysvinit-core"}, {sysvinit + "/lib/init/rc", "sysv-rc"}}

// scripts is SysV init with Debian's rc, which runs the scripts of /etc/init.d.
type scripts struct {
	*box
}

// rcInittab has the lines of Debian's for runlevels, with what rc and lockshim need to
// be known as the test's.
const rcInittab = `id:2:initdefault:
l0:0:wait:/bin/sh WORLD/rc 0
d0:0:wait:/bin/sh -c 'echo down >WORLD/told'
l2:2:wait:/bin/sh WORLD/rc 2
`

func newScripts(w *world) initSystem {
	needBox(w.t)
	s := &scripts{}
	s.box = newBox(w, "")
	w.mkdir("etc/rc0.d", "etc/rc2.d")
	s.put("etc/inittab", s.text(rcInittab))
	s.put("rc", "export "+strings.Join(w.env()[1:], " ")+"\nexec "+sysvinit+"/lib/init/rc $1\n")
	return s
}

func (s *scripts) install(x *tenant, set ...contrib.Setting) {
	x.fill("sysv/web", s.script(x), set...)
	for _, link := range []string{"rc2.d/S01", "rc0.d/K01"} {
		link = s.w.file("etc/" + link + x.name)
		if _, err := os.Lstat(link); err != nil {
			must(s.w.t, os.Symlink("../init.d/"+x.name, link))
		}
	}
}

// script is that of a tenant.
func (s *scripts) script(x *tenant) string { return s.w.file("etc/init.d/" + x.name) }

// run runs the script, by the path that people use.
func (s *scripts) run(x *tenant, action string) result {
	s.w.t.Helper()
	return s.w.in("/etc/init.d/"+x.name, action)
}

// must is run of what has to succeed.
func (s *scripts) must(x *tenant, action string) {
	s.w.t.Helper()
	if got := s.run(x, action); got.code != 0 {
		s.w.t.Fatalf("%s answers %+v", action, got)
	}
}

func (s *scripts) start(x *tenant)   { s.must(x, "start") }
func (s *scripts) stop(x *tenant)    { s.must(x, "stop") }
func (s *scripts) restart(x *tenant) { s.must(x, "restart") }
func (s *scripts) end()              { s.down("5") }

// main is the pid that monit, for one, would follow.
func (s *scripts) main(x *tenant) int {
	s.w.t.Helper()
	text, err := os.ReadFile("/run/lockshim/" + x.name + "/" + x.name + ".pid")
	must(s.w.t, err)
	return number(s.w.t, strings.TrimSpace(string(text)))
}

// inittab is SysV init that keeps the services itself.
type inittab struct {
	*box
	entries  map[*tenant]string // lines of the inittab
	off      map[*tenant]bool
	patience string // between TERM and KILL, in seconds
}

func newInittab(w *world) initSystem {
	needBox(w.t)
	return &inittab{box: newBox(w, ""), entries: map[*tenant]string{}, off: map[*tenant]bool{}}
}

func (i *inittab) install(x *tenant, set ...contrib.Setting) {
	i.patience = patience(set)
	x.fill("sysv/inittab-run", i.w.file("etc/lockshim/"+x.name), set...)
	x.fill("sysv/inittab", i.w.file("line"))
	text, err := os.ReadFile(i.w.file("line"))
	must(i.w.t, err)
	i.entries[x], i.off[x] = string(text), false
	i.write()
}

// write writes the inittab. An entry that is off is there all the same (inittab(5)).
func (i *inittab) write() {
	text := i.text("id:2:initdefault:\nd0:0:wait:/bin/sh -c 'echo down >WORLD/told'\n")
	for x, lines := range i.entries {
		if i.off[x] {
			lines = strings.Replace(lines, ":respawn:", ":off:", 1)
		}
		text += lines
	}
	i.put("etc/inittab", text)
}

// change lets init read its inittab again.
func (i *inittab) change(x *tenant, off bool) {
	i.w.t.Helper()
	i.off[x] = off
	i.write()
	i.w.must(append(i.enter(), sysvinit+"/sbin/telinit", "-t", i.patience, "q")...)
}

func (i *inittab) start(x *tenant) { i.change(x, false) }

// stop waits for the shim, as init tells nobody when it has done what it was told.
func (i *inittab) stop(x *tenant) {
	i.w.t.Helper()
	shim := watch(i.w.t, x.keeper())
	i.change(x, true)
	shim.reaped()
}

// restart lets init respawn.
func (i *inittab) restart(x *tenant) {
	i.w.t.Helper()
	if got := x.verb("stop"); got.code != 0 {
		i.w.t.Fatalf("stop answers %+v", got)
	}
}

// main is the child of init that runs the tenant's script: an entry's own process.
func (i *inittab) main(x *tenant) int {
	for _, pid := range x.shims() {
		if parent := insidePID(testkit.Parent(pid)); parent == 1 {
			return insidePID(pid)
		}
	}
	return 0
}

func (i *inittab) end() { i.down("60") }
