//go:build linux

package test

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
)

// A loss is what happens to the lockfile of a running service: a cleaner, or a
// deploy that prunes its directory.
type loss struct {
	name                    string
	inMidLife, inMidUpgrade bool
	strike                  func(*service)
}

var losses = []loss{
	{"deleted", true, false, (*service).deleteLock},
	{"deleted in mid-upgrade", false, true, (*service).deleteLock},
	{"re-created twice", true, true, func(s *service) { s.deleteLock(); s.createLock() }},
	{"renamed", true, false, (*service).renameLock},
	{"renamed in mid-upgrade", false, true, (*service).renameLock},
}

// mayLose chooses the losses to test with: a daemon's life is another only in who
// its parent is, and one loss will do.
func (c setup) mayLose(l loss) bool { return !c.background || l.inMidLife && l.inMidUpgrade }

func (s *service) deleteLock() {
	s.t.Helper()
	must(s.t, os.Remove(s.lock))
}

func (s *service) createLock() {
	s.t.Helper()
	f, err := os.OpenFile(s.lock, os.O_CREATE|os.O_EXCL, 0o640)
	must(s.t, err)
	must(s.t, f.Close())
}

func (s *service) renameLock() {
	s.t.Helper()
	must(s.t, os.Rename(s.lock, s.file("other.lock")))
}

// eachLoss runs a test in parallel for each loss that is wanted.
func eachLoss(t *testing.T, wanted func(loss) bool, test func(*testing.T, loss)) {
	t.Helper()
	for _, l := range losses {
		if !wanted(l) {
			continue
		}
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			test(t, l)
		})
	}
}

// The shim that lives when the lockfile is lost goes on, with one tree, to the
// end of the last generation.
func TestLockfileLost(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.workers = 1
		eachLoss(t, c.mayLose, func(t *testing.T, l loss) {
			s := prepare(t, c)
			r := s.settle()
			c1 := s.client()
			old := s.twoGenerations(r, l)
			s.shows(r.pid, old, s.current())
			s.quitOld(r, old)
			c1.more()
			c1.finish()
			r.never(event.Unlocked, event.Masterless, event.StrayLeft, event.Ignored)
			s.stopsWith(r, 0)
		})
	})
}

// A shim that is started after the lockfile was lost, and the first one killed,
// finds the tree by its environment or by the descriptor, and adopts it.
func TestLockfileLostAdopted(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.workers = 1
		eachLoss(t, c.mayLose, func(t *testing.T, l loss) {
			s := prepare(t, c)
			r := s.settle()
			c1 := s.client()
			old := s.twoGenerations(r, l)
			r.kill()
			c1.more()
			s.shows(0, old, s.current())
			r = s.run()
			if e := r.until(event.Adopted); e.PID != s.master {
				t.Errorf("the shim adopts master %d, want %d", e.PID, s.master)
			}
			s.shows(r.pid, old, s.current())
			s.quitOld(r, old)
			c1.more()
			c1.finish()
			r.never(event.Launched, event.Unlocked, event.Masterless, event.StrayLeft, event.Ignored)
			s.stopsWith(r, 0)
		})
	})
}

// settle starts the shim, and returns when the server's workers are ready and
// the launcher of a daemon has ended: until then that is the master to signal.
func (s *service) settle(flags ...string) *shimRun {
	s.t.Helper()
	r := s.serve(flags...)
	if s.background {
		r.until(event.Ended)
	}
	return r
}

// twoGenerations brings a second generation in, and lets the lockfile be lost
// before or after that. It returns the old generation, which lives.
func (s *service) twoGenerations(r *shimRun, l loss) gen {
	s.t.Helper()
	if l.inMidLife {
		l.strike(s)
	}
	old := s.current()
	s.usr2()
	if l.inMidUpgrade {
		l.strike(s)
	}
	return old
}

// quitOld ends the old generation, as seen by the shim.
func (s *service) quitOld(r *shimRun, old gen) {
	s.t.Helper()
	watch(s.t, old.master).send(s.graceful)
	r.untilEnded(old.master)
	s.shows(r.pid, s.current())
}

// stopsWith stops the service and fails the test unless the shim then exits so,
// after the last process of the tree, and leaves nothing.
func (s *service) stopsWith(r *shimRun, want int) {
	s.t.Helper()
	everyone := watchAll(s.t, s.everyone())
	r.send(syscall.SIGTERM)
	if code := r.finish(); code != want {
		s.t.Errorf("the shim exits with %d, want %d", code, want)
	}
	exited(s.t, everyone...)
	s.gone()
}

// gone fails the test unless nothing of the service is left. Other than over,
// it does not ask for the lockfile to be there.
func (s *service) gone() {
	s.t.Helper()
	for _, id := range marked(s.dir) {
		s.t.Errorf("process %d lives: %s", id.PID, commandLine(id.PID))
	}
	if _, err := os.Stat(s.lock); !errors.Is(err, fs.ErrNotExist) {
		s.free()
	}
	s.released()
	s.shows(0)
}

// A second shim does not run beside the first, whose lockfile is another one by
// now.
func TestLockfileLostSecondShim(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		c.workers = 1
		inMidLife := func(l loss) bool { return l.inMidLife }
		eachLoss(t, inMidLife, func(t *testing.T, l loss) {
			for _, policy := range []shim.IfRunning{shim.Adopt, shim.Replace} {
				t.Run(string(policy), func(t *testing.T) { secondShim(t, c, l, policy) })
			}
		})
	})
}

func secondShim(t *testing.T, c setup, l loss, policy shim.IfRunning) {
	s := prepare(t, c)
	r := s.serve()
	l.strike(s)
	second := s.run("--if-running", string(policy))
	if code := second.finish(); code != 75 {
		t.Errorf("the second shim exits with %d, want 75", code)
	}
	s.refusedFor(second, r.pid)
	s.shows(r.pid, s.current())
	s.stopsWith(r, 0)
}

// refusedFor fails the test unless the shim was refused, for that process, and
// has told of nothing that it did.
func (s *service) refusedFor(r *shimRun, pid int) {
	s.t.Helper()
	r.never(event.Launched, event.Adopted, event.NewGeneration, event.Signalled, event.Stopping)
	all := r.all(failure)
	if len(all) != 1 || !names(all[0].Error, pid) {
		s.t.Errorf("the shim tells of the errors %+v, want one that names pid %d", all, pid)
	}
}

// names says whether a sentence has "pid PID" in it.
func names(sentence string, pid int) bool {
	return slices.Contains(pidsIn(sentence), pid)
}
