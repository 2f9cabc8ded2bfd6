//go:build linux

package test

import (
	"os"
	"strconv"
	"testing"
)

// Failures of lockshim's own that no restart mends.
var lasting = []struct {
	code int
	args string
}{
	{64, "--nonsense -- /bin/true"},
	{73, "--lock /nonexistent/a.lock -- /bin/true"},
	{77, "--lock /root/a.lock -- /bin/true"},
	{78, "--clear-pidfile / -- /bin/true"},
	{126, "-- /etc/passwd"},
	{127, "-- /nonexistent"},
}

// execute puts another command line into the tenant's unit, behind its lockfile.
func (s *systemd) execute(x *tenant, args string) {
	s.w.t.Helper()
	s.unit(x.unit()+".d/execute.conf", "[Service]\nExecStart=\nExecStart=lockshim run --lock %i "+args+"\n")
	s.ctl("daemon-reload")
}

// What no restart mends is not tried a second time, and everything else is. What
// somebody has stopped by lockshim's own verb stays so.
func TestSystemdExits(t *testing.T) {
	t.Parallel()
	s, all := inSystemd(t, setup{server: unicorn, hook: true})
	x := all[0]
	s.boot()
	s.install(x)
	for _, c := range lasting {
		s.execute(x, c.args)
		if got := s.try("start", x.unit()); got.code == 0 {
			t.Errorf("%s starts", c.args)
		}
		s.is(x.unit(), [2]string{"ActiveState", "failed"}, [2]string{"SubState", "failed"},
			[2]string{"ExecMainStatus", strconv.Itoa(c.code)}, [2]string{"NRestarts", "0"})
	}
	x.crashes(s)
	must(t, os.Remove(s.dropIn(x, "execute.conf")))
	s.ctl("daemon-reload")
	s.ctl("reset-failed")
	x.stopsItself(s)
	s.over(x)
}

// crashes: a server that ends before it is ready is started again and again.
func (x *tenant) crashes(s *systemd) {
	x.t.Helper()
	s.execute(x, "-- /bin/sh -c 'echo up >>"+x.file("events")+"; exit 3'")
	s.ctl("start", "--no-block", x.unit())
	for range 3 {
		x.line("up")
	}
	if n := number(x.t, s.show(x.unit(), "NRestarts")); n < 2 {
		x.t.Errorf("the third start comes after %d restarts", n)
	}
	s.stop(x)
}

// stopsItself: an operator stops the service behind systemd's back.
func (x *tenant) stopsItself(s *systemd) {
	x.t.Helper()
	s.start(x)
	x.alive()
	if got := x.verb("stop"); got.code != 0 {
		x.t.Errorf("stop answers %+v", got)
	}
	s.becomes(x.unit(), "inactive")
	s.is(x.unit(), [2]string{"NRestarts", "0"})
}

// becomes blocks until a unit is so.
func (s *systemd) becomes(unit, state string) {
	s.w.t.Helper()
	again(s.w.t, unit+" to be "+state, func() (any, bool) {
		got := s.show(unit, "ActiveState")
		return got, got == state
	})
}
