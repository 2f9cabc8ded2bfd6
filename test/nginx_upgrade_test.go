//go:build linux

package test

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/event"
)

// Upgrades in a row under load lose no request, by the verb and by hand, and leave
// one generation, the same pid, and no descriptor.
func TestNginxUpgradesUnderLoad(t *testing.T) {
	upgrades := testkit.Times(3, 20)
	eachNginx(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		s.upgradeByVerb(r)
		ours, theirs := descriptors(t, r.pid), descriptors(t, s.master)
		requests := s.underLoad()
		for range upgrades {
			s.upgradeByVerb(r)
		}
		requests.finish("lockshim upgrade")
		requests = s.underLoad()
		for range upgrades {
			s.upgrade(r, false)
		}
		requests.finish("by hand")
		for pid, had := range map[int][]string{r.pid: ours, s.master: theirs} {
			if now := descriptors(t, pid); len(now) > len(had) {
				t.Errorf("process %d has the descriptors %q, had %q", pid, now, had)
			}
		}
		s.shows(r.pid, s.current())
		noZombies(t, r.pid)
		r.never(event.Trouble, event.Ignored, event.Masterless, event.StrayLeft, event.UpgradeFailed)
		s.stop(r, c.background)
	})
}

// A configuration that nginx does not take: the old generation serves, the reason is
// nginx's own, and the next upgrade with a good one succeeds.
func TestNginxUpgradeFails(t *testing.T) {
	eachNginx(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		requests := s.client()
		good := s.text("nginx.conf")
		s.put("nginx.conf", "no_such_directive;\n"+good)
		s.failed(s.beginVerb("upgrade"), exitUpgrade, `unknown directive "no_such_directive"`)
		s.shows(r.pid, s.current())
		requests.more()
		s.put("nginx.conf", good)
		s.upgradeByVerb(r)
		requests.finish()
		r.never(event.Trouble, event.Masterless)
		s.stop(r, false)
	})
}

// The preflight of nginx's own manual keeps it from being told anything.
func TestNginxPreflight(t *testing.T) {
	eachNginx(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve("--preflight", "nginx -t -q -c "+s.file("nginx.conf"))
		requests := s.client()
		good := s.text("nginx.conf")
		s.put("nginx.conf", "no_such_directive;\n"+good)
		s.failed(s.beginVerb("upgrade"), exitUpgrade, "the preflight failed")
		r.never(event.Signalled, event.Upgrading)
		s.shows(r.pid, s.current())
		s.put("nginx.conf", good)
		s.upgradeByVerb(r)
		requests.finish()
		r.never(event.Trouble, event.StrayLeft)
		s.stop(r, true)
	})
}

// The new master is killed while both serve: its workers, which would serve for
// ever, are ended, and the old generation goes on.
func TestNginxNewMasterKilled(t *testing.T) {
	eachNginx(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		requests := s.client()
		old := s.current()
		upgrade := s.beginVerb("upgrade")
		s.generation()
		crew := watchAll(t, s.crew)
		watch(t, s.master).send(syscall.SIGKILL)
		s.failed(upgrade, exitUpgrade, "ended")
		exited(t, crew...)
		s.master, s.crew = old.master, old.workers
		s.shows(r.pid, s.current())
		s.upgradeByVerb(r)
		requests.finish()
		r.never(event.Trouble, event.Masterless)
		s.stop(r, false)
	})
}

// An old worker with a request that takes longer than the schedule is ended, and
// the new generation is left alone.
func TestNginxOldWorkerIsEscalated(t *testing.T) {
	eachNginx(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve("--stop", "QUIT/0.1/TERM/10/KILL")
		requests := s.client()
		_, answers := s.hang()
		s.upgradeByVerb(r)
		if a := <-answers; a.err == nil {
			t.Errorf("the request was answered by %d", a.pid)
		}
		requests.more()
		requests.finish()
		r.sent(syscall.SIGUSR2, syscall.SIGQUIT, syscall.SIGTERM)
		s.stop(r, false)
	})
}

// An upgrade to another binary: the path is the one that was found first.
func TestNginxUpgradesToAnotherBinary(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{server: nginx})
	must(t, os.Mkdir(s.file("bin"), 0o755))
	must(t, os.Symlink(s.program, s.file("bin/nginx")))
	env := append([]string{"PATH=" + s.file("bin")}, s.env()[1:]...)
	args := []string{lockshim, "run", "--lock", s.lock, "--log-format", "json", "--", "nginx"}
	r := s.runArgs(append(args, s.args(s)...), spec{env: env})
	s.generation()
	s.settled(r)
	r.until(event.Ready)
	text, err := os.ReadFile(s.program)
	must(t, err)
	must(t, os.Remove(s.file("bin/nginx")))
	must(t, os.WriteFile(s.file("bin/nginx"), text, 0o755))
	s.upgradeByVerb(r)
	if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", s.master)); exe != s.file("bin/nginx") {
		t.Errorf("the new master runs %q, %v", exe, err)
	}
	s.stop(r, false)
}
