//go:build linux

package test

import (
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// inSystemd makes a world of systemd's with these services, not booted yet.
func inSystemd(t *testing.T, services ...setup) (*systemd, []*tenant) {
	t.Helper()
	testkit.NeedRoot(t)
	for _, n := range systemdNeeds {
		testkit.Need(t, n[0], n[1])
	}
	w := worldOf(t, services...)
	s := newSystemd(w).(*systemd)
	w.init = s
	return s, w.tenants
}

// fragileBoth are a Unicorn and a Gunicorn whose next generation can be broken.
func fragileBoth() []setup {
	return []setup{fragile(setup{server: unicorn, hook: true}), fragile(setup{server: gunicorn, hook: true})}
}

// over ends the world, which must have had nothing left in it after these were
// stopped.
func (s *systemd) over(all ...*tenant) {
	s.w.t.Helper()
	for _, x := range all {
		s.stop(x)
		x.empty()
		if got := s.show(x.unit(), "ActiveState"); got != "inactive" {
			x.t.Errorf("the unit is %s after a stop, not inactive", got)
		}
	}
	s.end()
}

// is fails the test unless a unit has these properties.
func (s *systemd) is(unit string, properties ...[2]string) {
	s.w.t.Helper()
	for _, p := range properties {
		if got := s.show(unit, p[0]); got != p[1] {
			s.w.t.Errorf("%s has %s=%s, want %s", unit, p[0], got, p[1])
		}
	}
}

// A unit is active when its first generation is ready, and not before.
func TestSystemdReady(t *testing.T) {
	t.Parallel()
	s, all := inSystemd(t, fragileBoth()...)
	for _, x := range all {
		x.breaks(stuck)
		s.install(x)
	}
	s.boot()
	for _, x := range all {
		x.line("loading")
		s.is(x.unit(), [2]string{"ActiveState", "activating"})
		x.release()
		x.generation()
		s.start(x) // it waits for the job that runs
		s.is(x.unit(), [2]string{"ActiveState", "active"}, [2]string{"NRestarts", "0"})
		x.keeper()
	}
	s.over(all...)
}

// A reload is an upgrade. Where that is rolled back, systemctl tells so, and the unit
// goes on as before; it does through all of it, with the same main process.
func TestSystemdReload(t *testing.T) {
	t.Parallel()
	s, all := inSystemd(t, fragileBoth()...)
	for _, x := range all {
		s.install(x)
	}
	s.boot()
	for _, x := range all {
		x.alive()
		s.start(x)
		keeper, requests := x.keeper(), x.client()
		s.ctl("reload", x.unit())
		x.generation()
		x.steady(s, keeper)
		x.rollsBack(s)
		x.steady(s, keeper)
		requests.more()
		x.mends()
		s.ctl("reload", x.unit())
		x.generation()
		x.steady(s, keeper)
		requests.finish()
	}
	s.over(all...)
}

// steady fails the test unless systemd has noticed nothing.
func (x *tenant) steady(s *systemd, keeper int) {
	x.t.Helper()
	x.serves()
	if got := x.keeper(); got != keeper {
		x.t.Errorf("the main process is %d, and was %d", got, keeper)
	}
	s.is(x.unit(), [2]string{"ActiveState", "active"}, [2]string{"NRestarts", "0"})
}

// rollsBack: a reload to a configuration that is wrong.
func (x *tenant) rollsBack(s *systemd) {
	x.t.Helper()
	x.breaks(wrong)
	old := x.leader()
	if got := s.try("reload", x.unit()); got.code == 0 {
		x.t.Errorf("a reload to a wrong configuration answers %+v", got)
	}
	if now := x.leader(); now != old {
		x.t.Errorf("after a rollback the master is %d, and was %d", now, old)
	}
}
