//go:build linux

package test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/lockshim/lockshim/contrib"
)

// What will not get better is not started anew; all else is.
func TestInitsGiveUp(t *testing.T) {
	eachChain(t, finishing, func(w *world, c chain, x *tenant) {
		c.install(x, x.scripted()...)
		c.boot()
		for _, code := range []int{0, 1, 70, 75, 137} {
			x.started()
			x.tell(code)
		}
		for _, code := range []int{64, 69, 73, 77, 78, 126, 127} {
			x.started()
			x.tell(code)
			c.resigned(x)
			c.up(x)
		}
		x.started()
		x.tell(127)
		c.resigned(x)
	})
}

// A shim that finds another one is started anew until it finds the place free, once a
// second at most.
func TestInitsWaitForTheirTurn(t *testing.T) {
	eachChain(t, chains, func(w *world, c chain, x *tenant) {
		rival := x.rival()
		x.line("rival")
		c.install(x, x.scripted()...)
		begin := time.Now()
		c.boot()
		x.tries(3)
		atLeast(w.t, begin, 2*time.Second)
		rival.send(syscall.SIGTERM)
		rival.wait()
		x.started()
		c.down(x)
	})
}

// A shim that is killed while the service is to end takes the server with it, by the
// hand of finish: nobody would adopt it.
func TestInitsFinish(t *testing.T) {
	eachChain(t, finishing, func(w *world, c chain, x *tenant) {
		c.install(x, x.stubborn()...)
		c.boot()
		x.started()
		server := watch(t, x.leader())
		keeper := watch(t, x.keeper())
		c.down(x)
		x.line("asked", "1")
		keeper.send(syscall.SIGKILL)
		x.line("asked", "2")
		server.gone()
		c.resigned(x)
		x.empty()
	})
}

// A service directory may be read-only, where the init's own folders in it are links to
// somewhere else.
func TestInitsReadOnly(t *testing.T) {
	eachChain(t, map[string]func(*world) initSystem{"runit": newRunit, "s6": newS6}, func(w *world, c chain, x *tenant) {
		w.mkdir("sv/" + x.name)
		must(w.t, os.Symlink(w.file("sv/"+x.name), c.of(x)))
		c.install(x, x.scripted()...)
		for _, name := range c.writes() {
			state := filepath.Join("state", name) // which the init makes
			w.mkdir(filepath.Dir(state))
			must(w.t, os.Symlink(w.file(state), filepath.Join(c.of(x), name)))
		}
		c.directory("/usr/bin/unshare", "-m", "/bin/sh", "-c", "mount -o bind,ro $0 $0 && ! touch $0/x && exec \"$@\"", w.file("sv"))
		x.started()
		x.tell(1)
		x.started()
		x.tell(64)
		c.resigned(x)
	})
}

// s6-rc is in no package of Debian 12: its definitions have the files of s6, which run
// in the other tests, in the form that s6-rc-compile reads.
func TestInitsS6RC(t *testing.T) {
	t.Parallel()
	text := func(name string) string {
		got, err := contrib.Get(name)
		must(t, err)
		return string(got)
	}
	for rc, s6 := range map[string]string{
		"web/run": "run", "web/finish": "finish", "web/notification-fd": "notification-fd",
		"web/timeout-kill": "timeout-kill", "web/timeout-finish": "timeout-finish", "web-log/run": "log/run",
	} {
		if text("s6-rc/"+rc) != text("s6/"+s6) {
			t.Errorf("s6-rc/%s is not s6/%s", rc, s6)
		}
	}
	for name, want := range map[string]string{"web/type": "longrun\n", "web-log/type": "longrun\n", "web/producer-for": "web-log\n", "web-log/consumer-for": "web\n"} {
		if got := text("s6-rc/" + name); got != want {
			t.Errorf("s6-rc/%s is %q", name, got)
		}
	}
}
