//go:build linux

package test

import (
	"strconv"
	"syscall"
	"testing"
)

// feeding is for a Gunicorn whose master sends signs of life while it runs, twenty
// times as often as it has to, and says so.
const feeding = `
import socket, threading, time
def feed():
    period = int(os.environ["WATCHDOG_USEC"]) / 1e6 / 20
    address = os.environ["NOTIFY_SOCKET"].replace("@", "\0")
    while True:
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"WATCHDOG=1", address)
        say("fed %d" % os.getpid())
        time.sleep(period)
def when_ready(server):
    say("master %d" % os.getpid())
    threading.Thread(target=feed, daemon=True).start()
`

// A server that sends signs of life goes on, in each generation for longer than the
// watchdog waits. One that hangs is killed with all that is in its unit, and started
// anew.
func TestSystemdWatchdog(t *testing.T) {
	t.Parallel()
	s, all := inSystemd(t, setup{server: gunicorn, hook: true, more: feeding})
	x := all[0]
	s.install(x)
	x.fill("systemd/watchdog.conf", s.dropIn(x, "watchdog.conf"))
	s.unit(x.unit()+".d/watchdog.soon.conf", "[Service]\nWatchdogSec=5\n")
	s.boot()
	x.alive()
	keeper := x.keeper()
	x.fed()
	s.ctl("reload", x.unit())
	x.generation()
	x.fed()
	if got := x.keeper(); got != keeper {
		t.Errorf("the main process is %d, and was %d", got, keeper)
	}
	s.is(x.unit(), [2]string{"ActiveState", "active"}, [2]string{"NRestarts", "0"})
	members, shim := watchAll(t, x.members()), watch(t, keeper)
	watch(t, x.leader()).send(syscall.SIGSTOP)
	shim.gone()
	x.alive()
	exited(t, members...)
	s.is(x.unit(), [2]string{"NRestarts", "1"})
	s.over(x)
}

// fed blocks until the master has sent a sign of life 25 times.
func (x *tenant) fed() {
	x.t.Helper()
	for range 25 {
		x.line("fed", strconv.Itoa(x.master))
	}
}
