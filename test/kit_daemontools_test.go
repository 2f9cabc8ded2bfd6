//go:build linux

package test

import (
	"strings"
	"syscall"

	"github.com/lockshim/lockshim/contrib"
)

// daemontools is svscan(8) over service directories.
type daemontools struct {
	w    *world
	scan *process
}

func newDaemontools(w *world) initSystem {
	w.mkdir("service")
	return &daemontools{w: w}
}

func (d *daemontools) install(x *tenant, set ...contrib.Setting) {
	x.fillAll("daemontools", d.of(x), set...)
}

func (d *daemontools) boot() { d.directory() }

func (d *daemontools) directory(args ...string) {
	d.scan = d.w.start(append(args, "/usr/bin/svscan", d.w.file("service"))...)
}

func (d *daemontools) writes() []string { return []string{"supervise", "log/supervise"} }

func (d *daemontools) up(x *tenant)       { d.svc("-u", d.of(x)) }
func (d *daemontools) down(x *tenant)     { d.svc("-d", d.of(x)) }
func (d *daemontools) resigned(x *tenant) { d.until(x, isDown) }

func (d *daemontools) enter() []string { return nil }

// of is the service directory of a tenant.
func (d *daemontools) of(x *tenant) string { return d.w.file("service/" + x.name) }

// svc does not wait for anything.
func (d *daemontools) svc(flags, dir string) { d.w.must("/usr/bin/svc", flags, dir) }

// until asks svstat(8) until it says so, as it cannot wait.
func (d *daemontools) until(x *tenant, is func(words []string) bool) {
	d.w.t.Helper()
	again(d.w.t, "a word of svstat", func() (any, bool) {
		_, state, _ := strings.Cut(d.w.must("/usr/bin/svstat", d.of(x)), ": ")
		return state, is(strings.Fields(strings.NewReplacer("(", "", ")", "", ",", "").Replace(state)))
	})
}

func isUp(words []string) bool   { return words[0] == "up" }
func isDown(words []string) bool { return words[0] == "down" }

func (d *daemontools) start(x *tenant) {
	d.svc("-u", d.of(x))
	d.until(x, isUp)
}

func (d *daemontools) stop(x *tenant) {
	d.svc("-d", d.of(x))
	d.until(x, isDown)
}

func (d *daemontools) restart(x *tenant) {
	old := watch(d.w.t, d.main(x))
	d.svc("-t", d.of(x))
	old.reaped()
	d.until(x, isUp)
}

func (d *daemontools) main(x *tenant) (pid int) {
	d.until(x, func(words []string) bool {
		if len(words) > 2 && words[1] == "pid" {
			pid = number(d.w.t, words[2])
		}
		return true
	})
	return pid
}

// cut kills the supervisors before what they would start anew.
func (d *daemontools) cut() {
	d.scan.send(syscall.SIGKILL)
	d.scan.wait()
	endSupervisors(d.w, "supervise")
}

// end ends svscan first: it starts a supervise anew that has ended. A log ends when
// nobody can write to it any more.
func (d *daemontools) end() {
	all := d.w.supervisors("supervise")
	d.scan.send(syscall.SIGTERM)
	d.scan.wait()
	for _, x := range d.w.tenants {
		d.exit(d.of(x))
		d.exit(d.of(x) + "/log")
	}
	for _, p := range all {
		p.gone()
	}
}

// exit tells a supervise to end with its service, where there is one.
func (d *daemontools) exit(dir string) {
	if d.w.ask("/usr/bin/svok", dir).code == 0 {
		d.svc("-dx", dir)
	}
}
