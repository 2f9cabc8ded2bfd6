//go:build linux

package test

import (
	"os"
	"slices"
	"testing"

	"github.com/lockshim/lockshim/contrib"
)

// dropIn is a file beside the tenant's unit that changes it.
func (s *systemd) dropIn(x *tenant, name string) string {
	return s.w.file("units/" + x.unit() + ".d/" + name)
}

// instantiate enables an instance of the file as it lies in its folder, and gives it
// the places that are named there.
func (s *systemd) instantiate(x *tenant) {
	x.t.Helper()
	text, err := contrib.Get("systemd/lockshim@.service")
	must(x.t, err)
	s.unit("lockshim@.service", string(text))
	must(x.t, os.Symlink(x.dir, s.w.file("srv/"+x.name)))
	must(x.t, os.Symlink(x.dir, x.file("current")))
	must(x.t, os.Symlink("../lockshim@.service", s.w.file("units/multi-user.target.wants/"+x.unit())))
}

// Two instances of one template, as it lies in its folder, have nothing to do with
// each other: one is upgraded, killed and stopped beside the other.
func TestSystemdTemplate(t *testing.T) {
	t.Parallel()
	c := setup{server: unicorn, hook: true}
	s, all := inSystemd(t, c, c)
	for _, x := range all {
		s.instantiate(x)
	}
	s.boot()
	for _, x := range all {
		x.alive()
	}
	x, other := all[0], all[1]
	keeper, members := other.keeper(), other.members()
	s.ctl("reload", x.unit())
	x.alive()
	x.losesServer(row{respawns: true})
	for _, y := range all {
		y.owned(tenantUser)
		if got := s.w.in(plain, "status", y.name); got.code != 0 {
			t.Errorf("lockshim status %s, as root, answers %+v", y.name, got)
		}
	}
	s.stop(x)
	x.empty()
	other.serves()
	if now := other.members(); other.keeper() != keeper || !slices.Equal(now, members) {
		t.Errorf("the processes of the other instance are %v, and were %v", now, members)
	}
	s.over(all...)
}

// A service runs as the user that it is given.
func TestSystemdUser(t *testing.T) {
	t.Parallel()
	const user = "daemon"
	s, all := inSystemd(t, setup{server: gunicorn, hook: true, pidfile: true})
	x := all[0]
	must(t, os.Chown(x.dir, userID(t, user), userID(t, user)))
	s.install(x, contrib.Setting{Key: "user", Value: user})
	s.boot()
	x.alive()
	x.owned(user)
	s.ctl("reload", x.unit())
	x.alive()
	x.owned(user)
	s.over(x)
}
