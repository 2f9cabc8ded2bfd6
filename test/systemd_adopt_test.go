//go:build linux

package test

import (
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/shim"
)

// With adopt.conf a shim that is killed comes again, and adopts its server: no request
// is lost. A stop leaves nothing all the same.
func TestSystemdAdopt(t *testing.T) {
	t.Parallel()
	s, all := inSystemd(t,
		setup{server: unicorn, hook: true, pidfile: true},
		setup{server: gunicorn, hook: true, pidfile: true, background: true})
	for _, x := range all {
		s.install(x)
		x.fill("systemd/adopt.conf", s.dropIn(x, "adopt.conf"))
	}
	s.boot()
	for _, x := range all {
		x.alive()
		x.losesShim(row{respawns: true})
		s.ctl("reload", x.unit())
		x.alive()
		x.losesServer(row{respawns: true})
		x.losesShimInStop(s)
		s.install(x, contrib.Setting{Key: "timeout", Value: "2"})
		s.ctl("daemon-reload")
		s.start(x)
		x.alive()
		x.hangs(row{})
		s.install(x)
		s.ctl("daemon-reload")
	}
	s.over(all...)
}

// losesShimInStop: the shim is killed in the middle of a stop, which goes on.
func (x *tenant) losesShimInStop(s *systemd) {
	x.t.Helper()
	keeper := watch(x.t, x.keeper())
	_, answers := x.hang()
	stop := x.w.begin(append(s.enter(), "/usr/bin/systemctl", "stop", x.unit())...)
	x.until("a stop", func(st shim.Status) bool { return st.State == shim.StateStop })
	keeper.send(syscall.SIGKILL)
	keeper.gone()
	x.release()
	if got := <-answers; got.err != nil {
		x.t.Errorf("the request that the stop waited for: %v", got.err)
	}
	if got := stop.result(); got.code != 0 {
		x.t.Errorf("systemctl stop answers %+v", got)
	}
	x.empty()
}
