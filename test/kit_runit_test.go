//go:build linux

package test

import (
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/testkit"
)

// runit is runsvdir(8) over service directories, unprivileged enough for any host.
type runit struct {
	w        *world
	dir      *process
	patience string // of a stop, in seconds
}

func newRunit(w *world) initSystem { return runitOf(w) }

func runitOf(w *world) *runit {
	w.mkdir("service")
	return &runit{w: w}
}

func (r *runit) install(x *tenant, set ...contrib.Setting) {
	r.patience = patience(set)
	x.fillAll("runit", r.of(x), set...)
}

func (r *runit) boot() { r.directory() }

func (r *runit) directory(args ...string) {
	r.dir = r.w.start(append(args, "/usr/bin/runsvdir", "-P", r.w.file("service"))...)
}

func (r *runit) writes() []string { return []string{"supervise", "log/supervise"} }

func (r *runit) up(x *tenant)   { r.w.must("/usr/bin/sv", "up", r.of(x)) }
func (r *runit) down(x *tenant) { r.w.must("/usr/bin/sv", "down", r.of(x)) }

// resigned asks sv(8): supervise/stat does not tell that a service that is down is to
// come up in a second.
func (r *runit) resigned(x *tenant) {
	r.w.t.Helper()
	again(r.w.t, "a service that is down", func() (any, bool) {
		got := r.w.must("/usr/bin/sv", "status", r.of(x))
		return got, strings.HasPrefix(got, "down: ") && !strings.Contains(got, "want up")
	})
}

func (r *runit) enter() []string { return nil }

// of is the service directory of a tenant.
func (r *runit) of(x *tenant) string { return r.w.file("service/" + x.name) }

// sv asks sv(8) for as long as it takes.
func (r *runit) sv(x *tenant, verb string) { r.w.must("/usr/bin/sv", "-w", "600", verb, r.of(x)) }

func (r *runit) start(x *tenant)   { r.sv(x, "start") }
func (r *runit) restart(x *tenant) { r.sv(x, "restart") }

// stop kills the shim when it has lost its patience, which sv(8) tells by its code. It
// does not wait for finish then.
func (r *runit) stop(x *tenant) {
	r.w.ask("/usr/bin/sv", "-w", r.patience, "force-stop", r.of(x))
	r.sv(x, "stop")
}

func (r *runit) main(x *tenant) int {
	return number(r.w.t, r.w.must("/bin/cat", r.of(x)+"/supervise/pid"))
}

// cut kills the supervisors before what they would start anew.
func (r *runit) cut() {
	r.dir.send(syscall.SIGKILL)
	r.dir.wait()
	endSupervisors(r.w, "runsv")
}

// end waits for each runsv, which runsvdir leaves to itself, and which is the last one
// of its service and log.
func (r *runit) end() {
	all := r.w.supervisors("runsv")
	r.dir.send(syscall.SIGHUP)
	r.dir.wait()
	for _, p := range all {
		p.gone()
	}
}

// supervisors are the world's processes of that name.
func (w *world) supervisors(name string) []watched {
	w.t.Helper()
	var pids []int
	for _, id := range marked(w.dir + "/") {
		if args := testkit.CommandLine(id.PID); len(args) > 0 && filepath.Base(args[0]) == name {
			pids = append(pids, id.PID)
		}
	}
	return watchLiving(w.t, pids)
}

// fillAll writes all the files of a folder of contrib. A service directory may be
// there already: what it has beside them stays.
func (x *tenant) fillAll(folder, to string, set ...contrib.Setting) {
	x.t.Helper()
	for _, name := range contrib.Names() {
		if rest, is := strings.CutPrefix(name, folder+"/"); is {
			x.fill(name, filepath.Join(to, rest), set...)
		}
	}
}
