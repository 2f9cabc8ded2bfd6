//go:build linux

package test

import (
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// inWorld runs a test of one init system alone, in a world that has booted, and whose
// tenants serve. At its end the init is stopped.
func inWorld(t *testing.T, name string, test func(*world)) {
	t.Helper()
	t.Parallel()
	for _, r := range rows {
		if r.name != name {
			continue
		}
		for _, n := range r.needs {
			testkit.Need(t, n[0], n[1])
		}
		w := newWorld(t)
		w.init = r.build(w)
		w.each((*tenant).installed)
		w.init.boot()
		w.each(func(x *tenant) { x.alive() })
		test(w)
		w.init.end()
	}
}

// owned fails the test unless all of the service is its user's.
func (x *tenant) owned() {
	x.t.Helper()
	for _, pid := range append(x.members(), x.shims()...) {
		info, err := os.Stat("/proc/" + strconv.Itoa(pid))
		must(x.t, err)
		if uid := int(info.Sys().(*syscall.Stat_t).Uid); uid != userID(x.t, tenantUser) {
			x.t.Errorf("process %d is user %d's: %s", pid, uid, commandLine(pid))
		}
	}
}

// all are the processes of the service.
func (x *tenant) all() []int { return append(x.shims(), x.members()...) }

// killed kills all of a service, the shim first, and waits for the end of each.
func (x *tenant) killed() {
	x.t.Helper()
	for _, p := range watchAll(x.t, x.all()) {
		p.send(syscall.SIGKILL)
		p.gone()
	}
}
