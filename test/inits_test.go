//go:build linux

package test

import (
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim"
)

// A row is an init system of the matrix, and what its users can expect of it.
type row struct {
	name  string
	needs [][2]string // programs, and the packages that bring them
	build func(w *world) initSystem

	respawns bool // it starts a service anew that has ended
	takesAll bool // the end of the shim is the end of its tree
	patience bool // it kills a service whose stop takes too long
	leaks    bool // and leaves a server then that went to the background
	leaksAll bool // or any server
}

// rows are in the order of their names.
var rows = []row{
	{name: "container", needs: [][2]string{{"/usr/bin/nsenter", "util-linux"}, {"/usr/lib/python3/dist-packages/yaml", "python3-yaml"}},
		build: newContainers, respawns: true, takesAll: true, patience: true},
	{name: "daemontools", needs: [][2]string{{"/usr/bin/svscan", "daemontools"}}, build: newDaemontools, respawns: true},
	{name: "inittab", needs: sysvNeeds, build: newInittab, respawns: true, patience: true, leaksAll: true},
	{name: "monit", needs: [][2]string{{"/usr/bin/monit", "monit"}}, build: newMonit, respawns: true, patience: true},
	{name: "OpenRC", needs: openrcNeeds, build: newOpenrc, respawns: true, patience: true},
	{name: "runit", needs: [][2]string{{"/usr/bin/runsvdir", "runit"}}, build: newRunit, respawns: true, patience: true},
	{name: "s6", needs: [][2]string{{"/usr/bin/s6-svscan", "s6"}}, build: newS6, respawns: true, patience: true},
	{name: "supervisord", needs: [][2]string{{"/usr/bin/supervisord", "supervisor"}}, build: newSupervisord, respawns: true, patience: true, leaks: true},
	{name: "systemd", needs: systemdNeeds, build: newSystemd, respawns: true, takesAll: true, patience: true},
	{name: "SysV script", needs: sysvNeeds, build: newScripts, patience: true},
	{name: "Upstart", build: newUpstart, respawns: true, patience: true, leaks: true},
}

// eachInit runs a test in parallel for each init system, in a world of its own that has
// not booted.
func eachInit(t *testing.T, test func(r row, w *world)) {
	t.Helper()
	t.Parallel()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			test(r, r.world(t))
		})
	}
}

// world makes the init system's, not booted. It skips the test where a package is missing.
func (r row) world(t *testing.T) *world {
	t.Helper()
	for _, n := range r.needs {
		testkit.Need(t, n[0], n[1])
	}
	w := newWorld(t)
	w.init = r.build(w)
	return w
}

// The matrix: the same life of two services, side by side, under each real init
// system, from the files of contrib.
func TestInits(t *testing.T) {
	eachInit(t, func(r row, w *world) { w.live(r) })
}

// Words that some language would act on arrive as they are at the command, through the
// file of each init system.
func TestInitsLeaveWordsAlone(t *testing.T) {
	eachInit(t, func(_ row, w *world) {
		x := w.tenants[0]
		w.init.install(x, x.nasty()...)
		w.init.boot()
		x.arrive()
		w.init.stop(x)
		w.init.end()
		x.empty()
	})
}

// live is the life of a world.
func (w *world) live(r row) {
	w.each((*tenant).installed)
	w.init.boot()
	w.each(func(x *tenant) { x.alive() })
	w.each((*tenant).upgrades)
	w.each((*tenant).restarts)
	w.each(func(x *tenant) { x.losesServer(r) })
	w.each(func(x *tenant) { x.losesShim(r) })
	w.losesPower()
	if r.patience {
		w.each(func(x *tenant) { x.hangs(r) })
	}
	w.init.end()
	w.each((*tenant).empty)
}

// each does the same with every tenant, one after the other.
func (w *world) each(do func(*tenant)) {
	w.t.Helper()
	for _, x := range w.tenants {
		do(x)
	}
}

func (x *tenant) installed() { x.w.init.install(x) }

// upgrades: five in a row under a client, of Gunicorn fewer, which takes longest. Init's
// pid stays, no restart is counted, as that would be another pid, and no request fails.
func (x *tenant) upgrades() {
	x.t.Helper()
	keeper, c := x.keeper(), x.client()
	times := 5
	if x.background {
		times = testkit.Times(2, 5)
	}
	for range times {
		if got := x.verb("upgrade"); got.code != 0 {
			x.t.Fatalf("upgrade answers %+v", got)
		}
		x.generation()
		x.serves()
		if got := x.keeper(); got != keeper {
			x.t.Fatalf("the shim is %d, and was %d", got, keeper)
		}
	}
	c.more()
	c.finish()
}

// restarts: five in a row. Each time there is one master and its workers, and none of
// those before; after a stop there is nobody, and the port is free.
func (x *tenant) restarts() {
	x.t.Helper()
	for range 5 {
		old := watchLiving(x.t, x.members())
		x.w.init.restart(x)
		exited(x.t, old...)
		x.alive()
		x.keeper()
	}
	x.w.init.stop(x)
	x.empty()
	x.w.init.start(x)
	x.alive()
}

// losesServer: the master is killed, and init starts the service anew at once.
func (x *tenant) losesServer(r row) {
	x.t.Helper()
	keeper, master := watch(x.t, x.keeper()), watch(x.t, x.leader())
	master.send(syscall.SIGKILL)
	keeper.gone()
	if !r.respawns {
		x.w.init.start(x)
	}
	x.alive()
	x.keeper()
}

// losesShim: the shim is killed. It comes again, and adopts the server without a lost
// request, where init lets the server live.
func (x *tenant) losesShim(r row) {
	x.t.Helper()
	keeper := watch(x.t, x.keeper())
	if r.takesAll {
		keeper.send(syscall.SIGKILL)
		keeper.gone()
		x.alive()
		x.keeper()
		return
	}
	c, members := x.client(), x.members()
	keeper.send(syscall.SIGKILL)
	keeper.gone()
	if !r.respawns {
		x.w.init.start(x)
	}
	x.until("a shim that adopts", func(st shim.Status) bool { return st.Shim != nil && st.Shim.Adopted })
	x.serves()
	x.keeper()
	c.more()
	c.finish()
	if now := x.members(); !slices.Equal(now, members) {
		x.t.Errorf("the processes of the service are %v, and were %v", now, members)
	}
}

// losesPower: all is killed at once. The servers' pid files and sockets stay, and the
// pids in them are somebody else's: 1 lives in every world. The init boots again,
// unattended, with services that it has less patience with.
func (w *world) losesPower() {
	w.t.Helper()
	var all []watched
	for _, x := range w.tenants {
		all = append(all, watchLiving(w.t, append(x.members(), x.shims()...))...)
	}
	w.init.cut()
	for _, p := range all {
		p.kill()
	}
	endAll(w.dir + "/")
	for _, x := range w.tenants {
		x.stale()
		x.w.init.install(x, contrib.Setting{Key: "timeout", Value: "2"})
		x.forget()
	}
	w.init.boot()
	w.each(func(x *tenant) { x.alive() })
}

// stale leaves what a server leaves that has lost its power.
func (x *tenant) stale() {
	x.t.Helper()
	x.empty()
	if _, err := os.Lstat(x.socket()); err != nil {
		x.t.Errorf("the socket is not left behind: %v", err)
	}
	x.put("server.pid", "1\n")
	x.own(x.file("server.pid"))
}

// hangs: init loses its patience with a stop while a request hangs. Nothing is left
// then, and the next start works.
func (x *tenant) hangs(r row) {
	x.t.Helper()
	_, answers := x.hang()
	x.w.init.stop(x)
	if r.leaksAll || r.leaks && x.background {
		if len(x.members()) == 0 {
			x.t.Error("nothing is left: contrib/README.md says otherwise")
		}
		x.verb("stop", "--stop", "KILL")
	}
	x.empty()
	select {
	case <-answers:
	case <-expired(x.t):
		x.t.Fatal("the request hangs that nobody will answer")
	}
	x.forget()
	x.w.init.start(x)
	x.alive()
}
