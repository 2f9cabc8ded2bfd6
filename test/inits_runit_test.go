//go:build linux

package test

import (
	"strings"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// eachRunit is a test of runit alone.
func eachRunit(t *testing.T, test func(*world, *runit, *tenant)) {
	t.Helper()
	t.Parallel()
	testkit.Need(t, "/usr/bin/runsvdir", "runit")
	w := newWorld(t)
	w.tenants = w.tenants[:1]
	r := runitOf(w)
	w.init = r
	test(w, r, w.tenants[0])
	r.end()
	w.each((*tenant).empty)
}

// sv loses its patience with a restart too: the server that does not end is gone then,
// and another one runs.
func TestRunitForcesARestart(t *testing.T) {
	eachRunit(t, func(w *world, r *runit, x *tenant) {
		r.install(x, x.stubborn()...)
		r.boot()
		x.started()
		server := watch(t, x.leader())
		w.ask("/usr/bin/sv", "-w", "1", "force-restart", r.of(x))
		x.line("asked", "2")
		server.gone()
		x.started()
		x.keeper()
		w.ask("/usr/bin/sv", "-w", "1", "force-stop", r.of(x))
		x.line("asked", "2")
		r.resigned(x)
	})
}

// sv as an init script, a link in /etc/init.d to it of the service's name, starts by
// check and stops as LSB wants it. Its status is 0 for a service that is down, whatever
// sv(8) says: lockshim's is LSB's.
func TestRunitAnswersAsAnInitScript(t *testing.T) {
	eachRunit(t, func(w *world, r *runit, x *tenant) {
		lsb := func(verb, patience string, want int) {
			t.Helper()
			script := "SVDIR=service SVWAIT=" + patience + " exec -a \"$0\" /usr/bin/sv \"$1\""
			if got := w.ask("/bin/bash", "-c", script, "/etc/init.d/"+x.name, verb); got.code != want {
				t.Errorf("%s answers %+v, want %d", verb, got, want)
			}
		}
		status := func(want int, flags ...string) {
			t.Helper()
			if got := x.verb("status", flags...); got.code != want {
				t.Errorf("status %v answers %+v, want %d", flags, got, want)
			}
		}
		r.install(x)
		r.boot()
		x.alive()
		lsb("start", "600", 0)
		_, answers := x.hang()
		lsb("stop", "1", 1) // it goes on
		x.release()
		<-answers
		lsb("stop", "600", 0)
		status(3)
		x.empty()
		lsb("start", "600", 0)
		status(0, "--ready")
		x.alive()
	})
}

// daemontools has nothing that is called when a shim has ended: whoever kills it in the
// middle of a stop has to stop the server.
func TestDaemontoolsLeavesTheServer(t *testing.T) {
	t.Parallel()
	testkit.Need(t, "/usr/bin/svscan", "daemontools")
	w := newWorld(t)
	w.tenants = w.tenants[:1]
	d := &daemontools{w: w}
	w.mkdir("service")
	w.init = d
	x := w.tenants[0]
	d.install(x, x.stubborn()...)
	d.boot()
	x.started()
	server, keeper := watch(t, x.leader()), watch(t, x.keeper())
	d.down(x)
	x.line("asked", "1")
	d.svc("-k", d.of(x))
	keeper.reaped()
	d.until(x, isDown)
	if server.dead() {
		t.Error("the server is gone: contrib/README.md says otherwise")
	}
	if got := x.verb("stop", "--stop", "TERM/5/KILL"); got.code != 0 || !strings.Contains(got.err, "TERM") {
		t.Errorf("stop answers %+v", got)
	}
	server.gone()
	d.end()
	x.empty()
}
