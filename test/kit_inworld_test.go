//go:build linux

package test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// inWorld runs a test of one init system alone, in a world that has booted, and whose
// tenants serve. At its end the init is stopped.
func inWorld(t *testing.T, name string, test func(*world)) {
	t.Helper()
	i := slices.IndexFunc(rows, func(r row) bool { return r.name == name })
	w := rows[i].world(t)
	w.each((*tenant).installed)
	w.init.boot()
	w.each(func(x *tenant) { x.alive() })
	test(w)
	w.init.end()
}

// owned fails the test unless the service runs as a user, whose lockfile it has.
func (x *tenant) owned(user string) {
	x.t.Helper()
	for _, pid := range x.all() {
		info, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid)))
		must(x.t, err)
		if got := int(info.Sys().(*syscall.Stat_t).Uid); got != userID(x.t, user) {
			x.t.Errorf("process %d runs as %d, not as %s", pid, got, user)
		}
	}
	got := x.w.must(append(x.w.init.enter(), "/usr/bin/stat", "-c", "%U", x.lock, filepath.Dir(x.lock))...)
	if want := []string{user, user}; !slices.Equal(strings.Fields(got), want) {
		x.t.Errorf("the lockfile and its directory are of %q, want %q", got, want)
	}
}

// all are the processes of the service.
func (x *tenant) all() []int { return append(x.shims(), x.members()...) }

// killed kills all of a service, the shim first, and waits for the end of each.
func (x *tenant) killed() {
	x.t.Helper()
	for _, p := range watchAll(x.t, x.all()) {
		p.kill() // a worker leaves with its master
	}
}
