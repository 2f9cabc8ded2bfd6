//go:build linux

package test

import (
	"os"
	"testing"

	"github.com/lockshim/lockshim/contrib"
)

// socketUnit is the unit of the tenant's socket.
func (x *tenant) socketUnit() string { return "lockshim@" + x.name + ".socket" }

// A socket unit starts the service with the first client, and all generations take
// clients from that socket. A restart loses none either: they wait in it.
func TestSystemdSocket(t *testing.T) {
	t.Parallel()
	s, all := inSystemd(t, setup{server: unicorn, hook: true}, setup{server: gunicorn, hook: true})
	for _, x := range all {
		x.fill("systemd/lockshim@.service", s.w.file("units/"+x.unit()))
		x.fill("systemd/lockshim@.socket", s.w.file("units/"+x.socketUnit()), contrib.Setting{Key: "socket", Value: x.socket()})
		s.want("sockets.target", x.socketUnit())
	}
	s.boot()
	for _, x := range all {
		s.ctl("start", x.socketUnit()) // it may not be there yet
		s.is(x.unit(), [2]string{"ActiveState", "inactive"})
		x.sharesSocket(s)
		s.ctl("stop", x.socketUnit())
	}
	s.over(all...)
}

// sharesSocket is the life of a service whose socket listens already.
func (x *tenant) sharesSocket(s *systemd) {
	x.t.Helper()
	socket, err := os.Stat(x.socket())
	must(x.t, err)
	requests := x.client()
	for _, verb := range []string{"start", "reload", "restart", "reload"} {
		if verb != "start" {
			s.ctl(verb, x.unit())
		}
		x.alive()
		x.keeper()
		if now, err := os.Stat(x.socket()); err != nil || !os.SameFile(now, socket) {
			x.t.Errorf("after a %s there is another socket (%v)", verb, err)
		}
		requests.more()
	}
	requests.finish()
	s.is(x.unit(), [2]string{"NRestarts", "0"})
}
