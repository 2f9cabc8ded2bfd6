package shim

import (
	"errors"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/proc"
)

// lookShare is the part of the time that looks may take: one in so many. Two
// thousand orphaned workers end one after the other, and a look costs more the
// more there are.
const lookShare = 10

// maxPause is how long a look is put off at most. On a host that is too busy to let
// one end soon, whoever asks would go away without an answer.
const maxPause = time.Second

// afterLook is when the next look may be, after one that has just ended.
func afterLook(began time.Time) time.Time {
	now := time.Now()
	return now.Add(min(lookShare*now.Sub(began), maxPause))
}

// look takes a view, tells what is new in it, and feeds its census to step. One
// that comes too soon after the last is put off, and serves for those between.
func (m *machine) look(a action) {
	if a.orphan {
		m.forgetLeader()
	}
	m.wide = m.wide || a.everyone
	if wait := time.Until(m.nextLook); wait > 0 {
		m.arm(lookTimer, wait)
		return
	}
	m.lookNow()
}

// lookNow takes the view that look put off.
func (m *machine) lookNow() {
	defer m.heard()
	m.disarm(lookTimer)
	began := time.Now()
	err := m.see(m.wide)
	m.wide, m.nextLook = false, afterLook(began)
	if err != nil {
		m.emit(event.Event{Kind: event.Trouble, Err: err})
		m.arm(settleTimer, time.Second)
		return
	}
	c := m.census()
	if c.masters == 0 {
		m.quit()
	}
	// How a master ended decides what its workers are, and is told before an upgrade
	// is over: the fact of it is on its way, and will be looked into.
	if !m.ending || c.masters > 0 && !m.state.upgrade.ends() {
		m.pending = append(m.pending, input{kind: looked, seen: c})
	}
	m.proveNext(c)
	m.remind()
	m.tryProof()
	m.poll()
}

// see refreshes the view, and what is remembered of the generations.
func (m *machine) see(everyone bool) error {
	m.busy = true
	q := proc.Query{Lock: m.cfg.Lock, Files: m.inodes(), Roots: []int{os.Getpid()}, Everyone: everyone || m.state.adopted}
	s, err := lookAtImages(m.sys.look, q)
	if err != nil {
		return err
	}
	s.Processes = m.besides(s.Processes)
	m.lost = s.Lost
	m.view = proc.Classify(s, m.classifyRules())
	m.remember(s)
	m.ending = slices.ContainsFunc(m.known, func(g generation) bool { return m.awaits(g, s) })
	m.nameForeign()
	if m.state.adopted {
		m.watch()
	}
	return nil
}

// A process in the middle of an exec has no image to tell by what it is, or its
// workers: a daemon that re-executes itself would pass for none. It takes the kernel
// less than a millisecond, unless the process has to wait for a processor meanwhile.
const (
	execTries = 8
	execTime  = time.Millisecond // doubled each time
)

// lookAtImages takes a snapshot in which nobody is in the middle of an exec, if there
// is one to be had in a quarter of a second.
func lookAtImages(look func(proc.Query) (proc.Snapshot, error), q proc.Query) (proc.Snapshot, error) {
	midway := func(p proc.Process) bool { return p.Midway }
	for i := 0; ; i++ {
		s, err := look(q)
		if err != nil || i == execTries || !slices.ContainsFunc(s.Processes, midway) {
			return s, err
		}
		time.Sleep(execTime << i)
	}
}

// quickTime is how old a daemon is at most when its launcher ends. A server that lived
// for long may have started programs that look alike; they are not to take its place.
const quickTime = 10 * time.Second

// classifyRules is what the machine knows of its service.
func (m *machine) classifyRules() proc.Rules {
	r := proc.Rules{Profile: m.rules.profile, Command: m.cfg.Command, Exe: m.exe, Shim: os.Getpid(), Launched: m.launched, Session: m.session, Announced: m.relay.announced}
	for _, g := range m.known {
		g.Known.Ready = g.ready && !g.lasted
		if g.lasted {
			g.Known.Lasted = time.Now().Add(-quickTime)
		}
		r.Known = append(r.Known, g.Known)
	}
	return r
}

// inodes are those that the lock was on, and the one that the path names now.
func (m *machine) inodes() []proc.FileID {
	var st syscall.Stat_t
	if syscall.Stat(m.cfg.Lock, &st) != nil {
		return m.files
	}
	return append(slices.Clip(m.files), proc.FileID{Dev: uint64(st.Dev), Ino: st.Ino})
}

// census counts the view.
func (m *machine) census() census {
	c := census{
		masters: len(m.view.Masters()),
		strays:  len(m.view.Strays) + len(m.view.Launchers),
		helpers: len(m.view.Helpers),
		members: len(m.view.Members),
		foreign: len(m.view.Foreign),
		owed:    len(m.watched) > 0,
	}
	servers := m.view.Servers()
	c.workers = len(servers) - c.masters
	c.locked = slices.ContainsFunc(servers, func(p proc.Process) bool { return p.Shared })
	m.countUpgrade(&c)
	c.doubtful = c.masters == 1 && m.suspect(m.view.Masters()[0].ID)
	return c
}

// countUpgrade counts what an upgrade is about.
func (m *machine) countUpgrade(c *census) {
	c.newest, c.stunted = m.newest(), m.stunted()
	if i := m.indexOf(m.state.upgrade.new); i >= 0 {
		c.newWas, c.newOwed = m.known[i].ready, m.watched[m.known[i].Master]
	}
	c.unready = m.proof.number != 0 && m.proof.number == c.newest
	for _, g := range m.view.Generations {
		isNew := g.Number > m.state.upgrade.old
		c.old, c.oldLed = c.old || !isNew, c.oldLed || !isNew && !g.Leaderless
		c.new, c.newLed = c.new || isNew, c.newLed || isNew && !g.Leaderless
	}
}

// suspect reports whether id leads since a launcher ended, and is still in the
// launcher's session. A daemon leaves it at once; a worker that a master left
// behind never does.
func (m *machine) suspect(id proc.ID) bool {
	i := slices.IndexFunc(m.known, func(g generation) bool { return g.Master == id && g.promoted })
	if i < 0 {
		return false
	}
	return slices.ContainsFunc(m.view.Masters(), func(p proc.Process) bool {
		return p.ID == id && p.Session == m.session
	})
}

// forgetLeader lets the next look find a leader among those that the last
// master left behind: it may have been a launcher.
func (m *machine) forgetLeader() {
	for i := range m.known {
		if m.known[i].Master == m.last {
			m.known[i].Master, m.known[i].promoted = proc.ID{}, true
		}
	}
}

// nameForeign tells once of each holder that is not of the service.
func (m *machine) nameForeign() {
	var fresh []proc.Process
	for _, p := range m.view.Foreign {
		if !m.told[p.PID] {
			m.told[p.PID] = true
			fresh = append(fresh, p)
		}
	}
	if len(fresh) > 0 {
		m.emit(event.Event{Kind: event.Foreign, Processes: fresh})
	}
}

// ended notes that a process ended, and says what it was.
func (m *machine) ended(f fact) role {
	delete(m.watched, f.id)
	if m.helper.pid != 0 && f.child == m.helper.pid {
		m.helped(f.status)
		return aWorker
	}
	role := m.roleOf(f)
	if role != aWorker {
		m.nextLook = time.Time{} // who leads now must be known before that one ends too
	}
	return role
}

// roleOf says what the process was, and tells of a master's end.
func (m *machine) roleOf(f fact) role {
	i := m.ledBy(f.id)
	switch {
	case i < 0 && f.id == m.launched:
		m.last = f.id
		return aMaster
	case i < 0 && m.leaderless() && !m.inView(f.id):
		m.emit(event.Event{Kind: event.Ended, PID: f.id.PID, Generation: m.known[0].Number, Code: f.code})
		return aSuspect
	case i < 0:
		return aWorker
	case m.known[i].ended: // both watched and our child
		return aWorker
	}
	m.last, m.known[i].ended = f.id, true
	m.mourns(m.known[i].Number, f.code)
	m.emit(event.Event{Kind: event.Ended, PID: f.id.PID, Generation: m.known[i].Number, Code: f.code})
	if m.suspect(f.id) {
		return aSuspect
	}
	return aMaster
}

// leaderless reports whether the launched process was a launcher, for all that
// the shim knows, and nobody was seen to lead since: a daemon that ends at once,
// as one that cannot have its port, is gone before a look finds it.
func (m *machine) leaderless() bool {
	return len(m.known) == 1 && m.known[0].promoted && m.known[0].Master == (proc.ID{})
}

// inView reports whether the last look saw the process.
func (m *machine) inView(id proc.ID) bool {
	return slices.ContainsFunc(m.resolve(everybody, 0), func(p proc.Process) bool { return p.ID == id })
}

// survey looks at a tree that has just begun: the launched process may have
// executed the next program since, and its image is what tells its workers from
// the next generation once it is gone.
func (m *machine) survey() {
	m.disarm(surveyTimer)
	if err := m.see(false); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		m.emit(event.Event{Kind: event.Trouble, Err: err})
	}
	m.proveNext(m.census())
	if len(m.surveys) > 0 {
		m.arm(surveyTimer, m.surveys[0])
		m.surveys = m.surveys[1:]
	}
}
