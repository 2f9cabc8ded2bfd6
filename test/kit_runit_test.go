//go:build linux

package test

import (
	"syscall"

	"github.com/lockshim/lockshim/contrib"
)

// runit is runsvdir(8) over service directories, unprivileged enough for any host.
type runit struct {
	w        *world
	dir      *process
	patience string // of a stop, in seconds
}

func newRunit(w *world) initSystem {
	w.mkdir("service")
	return &runit{w: w}
}

func (r *runit) install(x *tenant, set ...contrib.Setting) {
	r.patience = patience(set)
	for _, name := range []string{"run", "finish", "log/run"} {
		x.fill("runit/"+name, r.of(x)+"/"+name, set...)
	}
}

func (r *runit) boot() {
	r.dir = r.w.start("/usr/bin/runsvdir", "-P", r.w.file("service"))
}

func (r *runit) enter() []string { return nil }

// of is the service directory of a tenant.
func (r *runit) of(x *tenant) string { return r.w.file("service/" + x.name) }

func (r *runit) start(x *tenant)   { r.w.must("/usr/bin/sv", "-w", "60", "start", r.of(x)) }
func (r *runit) restart(x *tenant) { r.w.must("/usr/bin/sv", "-w", "60", "restart", r.of(x)) }

// stop kills the shim when it has lost its patience, which sv(8) tells by its code.
func (r *runit) stop(x *tenant) { r.w.ask("/usr/bin/sv", "-w", r.patience, "force-stop", r.of(x)) }

func (r *runit) main(x *tenant) int {
	return number(r.w.t, r.w.must("/bin/cat", r.of(x)+"/supervise/pid"))
}

// cut kills the supervisors before what they would start anew.
func (r *runit) cut() {
	r.dir.send(syscall.SIGKILL)
	r.dir.wait()
	endSupervisors(r.w, "runsv")
}

func (r *runit) end() {
	r.dir.send(syscall.SIGHUP)
	r.dir.wait()
}
