package shim

import (
	"os"
	"slices"
	"time"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/proc"
	"github.com/lockshim/lockshim/shim/profile"
)

// A proof is what the shim does to learn that a generation serves. Its zero value
// is nothing.
type proof struct {
	number int // of the generation
	since  time.Time
	crew   bool // it has to have workers: the one before had, or it was given a socket that listens already
}

// readied notes that a generation serves, and tells of it once.
func (m *machine) readied(number int) { m.readiedAs(number, false) }

// readiedAs is readied; steady says that it has served for a while.
func (m *machine) readiedAs(number int, steady bool) {
	i := m.indexOf(number)
	if i >= 0 {
		m.known[i].lasted = false
	}
	if i < 0 || m.known[i].ready {
		return
	}
	m.known[i].ready = true
	if number == m.proof.number {
		m.endProof()
	}
	m.emit(event.Event{Kind: event.Ready, PID: m.known[i].Master.PID, Generation: number})
	m.pending = append(m.pending, input{kind: readied, number: number, steady: steady})
}

// lasted is readied, of a generation of which nothing is known but that it lives.
func (m *machine) lasted(number int) {
	m.readied(number)
	if i := m.indexOf(number); i >= 0 {
		m.known[i].lasted = true
	}
}

// indexOf finds a generation that the machine knows, -1 for none.
func (m *machine) indexOf(number int) int {
	return slices.IndexFunc(m.known, func(g generation) bool { return g.Number == number })
}

// prove begins to look whether a generation serves.
func (m *machine) prove(number int) {
	if i := m.indexOf(number); i >= 0 && m.known[i].ready {
		m.pending = append(m.pending, input{kind: readied, number: number})
		return
	}
	if i := m.indexOf(number); i >= 0 {
		m.known[i].tried = true
	}
	m.proof = proof{number: number, since: time.Now(), crew: m.inherits(number) || activated() && len(m.rules.profile.Workers) > 0}
	m.watchLeader(number)
	switch {
	case m.cfg.Ready.Check == profile.ReadyAfter:
		m.arm(proofTimer, m.cfg.Ready.After)
	case m.cfg.Ready.Check == profile.ReadyAuto && m.rules.profile.Name == generic:
		m.arm(proofTimer, trialTime) // it may be none that listens
	}
	m.tryProof()
	m.poll()
}

// watchLeader follows the master of a generation that is another master's child:
// that one is told of its end, and not the shim.
func (m *machine) watchLeader(number int) {
	for _, p := range m.view.Masters() {
		i := m.indexOf(number)
		if i >= 0 && p.ID == m.known[i].Master && p.PPID != os.Getpid() && !m.watched[p.ID] {
			m.watchOne(p.ID)
		}
	}
}

// proveNext begins with the latest generation where nobody has: it came without an
// upgrade of ours.
func (m *machine) proveNext(c census) {
	i := m.indexOf(c.newest)
	if i < 0 || m.known[i].ready || m.known[i].tried || m.proving() || m.state.phase != serving || m.state.upgrade.stage != noUpgrade {
		return
	}
	m.prove(c.newest)
	m.arm(upgradeTimer, m.rules.readyTimeout)
}

// proving reports whether a proof is on its way of a generation that still leads.
func (m *machine) proving() bool {
	i := m.indexOf(m.proof.number)
	return i >= 0 && !m.known[i].ended
}

// inherits reports whether a generation before number had workers.
func (m *machine) inherits(number int) bool {
	i := m.indexOf(number)
	return i >= 0 && m.known[i].heir
}

// endProof gives up.
func (m *machine) endProof() {
	m.proof = proof{}
	m.disarm(proofTimer)
}

// tryProof looks whether what nobody tells is so by now. It is asked after each
// look.
func (m *machine) tryProof() {
	i := m.indexOf(m.proof.number)
	if i < 0 {
		return
	}
	switch number := m.proof.number; m.check(i) {
	case profile.ReadyListen:
		if m.listens(number) {
			m.catchUp(number)
		}
	case profile.ReadyExec:
		m.help(m.cfg.Ready.Command, func(err error) {
			if err == nil {
				m.readied(number)
			}
		})
	}
}

// listening takes a generation that was seen to listen for ready, unless it has
// said since that it will say so itself.
func (m *machine) listening(number int) {
	i := m.indexOf(number)
	if i >= 0 && number == m.proof.number && m.check(i) == profile.ReadyListen {
		m.readiedAs(number, true)
	}
}

// check is what to look at: what the operator says, or what the generation can
// tell. One of a server that has spoken before is expected to.
func (m *machine) check(i int) profile.ReadyCheck {
	if c := m.cfg.Ready.Check; c != profile.ReadyAuto {
		return c
	}
	if m.known[i].hooked || m.speaks && !m.rules.profile.Laconic {
		return profile.ReadyNotify
	}
	return profile.ReadyListen
}

// listens looks for a listening socket of a generation, in a worker where there
// are workers, or have to be: the master of one that comes by an upgrade has
// inherited its socket. A worker has inherited it too, before it has loaded the
// application, and is replaced at once where it cannot: one that has lived for a
// while counts.
//
// Where the old master leaves by itself, its socket tells more: it closes that when
// the new one has said to it that it is ready.
func (m *machine) listens(number int) bool {
	for _, g := range m.view.Generations {
		if m.rules.profile.Leaves && g.Number < number && m.hasListener(g.Processes()) {
			return false
		}
		if g.Number != number {
			continue
		}
		serving := tried(g.Workers)
		if len(g.Workers) == 0 && !m.proof.crew {
			serving = g.Processes()
			if activated() {
				serving = tried(serving)
			}
		}
		return m.hasListener(serving)
	}
	return false
}

// tried are those of list that have lived for a while.
func tried(list []proc.Process) []proc.Process {
	return slices.DeleteFunc(slices.Clone(list), func(p proc.Process) bool { return time.Since(p.Started()) < trialTime })
}

// hasListener looks for a listening socket of processes. Who cannot be asked is
// believed to have one.
func (m *machine) hasListener(processes []proc.Process) bool {
	found, err := m.sys.listens(pidsOf(processes))
	if err != nil {
		m.emit(event.Event{Kind: event.Trouble, Err: err})
	}
	return found || err != nil
}

// The time between two looks for what no event tells: a share of the time that it
// has taken so far, and no more than a second. None is taken at rest. Nobody waits
// for a first generation as for an upgrade, and each look leaves garbage that an idle
// shim keeps.
const (
	pollLeast  = 10 * time.Millisecond
	pollMost   = time.Second
	pollShare  = 10
	startLeast = 100 * time.Millisecond
	startShare = 1
)

// poll arranges for the next look, where something is waited for of which no event
// may tell.
func (m *machine) poll() {
	since, least, share := m.proof.since, pollLeast, time.Duration(pollShare)
	switch m.state.upgrade.stage {
	case coming, retiring, failing:
		since = m.job.stageSince
	case noUpgrade:
		least, share = startLeast, startShare
		fallthrough
	default:
		if m.state.phase != serving || !m.proves() {
			return
		}
	}
	wait := max(least, min(time.Since(since)/share, pollMost))
	m.arm(pollTimer, max(wait, time.Until(m.nextLook)))
}

// proves reports whether a look can tell that a generation serves.
func (m *machine) proves() bool {
	i := m.indexOf(m.proof.number)
	if i < 0 {
		return false
	}
	c := m.check(i)
	return c == profile.ReadyListen || c == profile.ReadyExec
}

// begins tells of the readiness of the first generation, which was launched or
// adopted. One that was adopted serves, for all that anybody knows; of two, the
// older one.
func (m *machine) begins() {
	if !m.state.adopted {
		m.prove(1)
		m.arm(upgradeTimer, m.rules.readyTimeout)
		return
	}
	masters := m.view.Masters()
	m.state.interrupted = !m.rules.profile.InPlace
	two := m.state.interrupted && len(masters) > 1
	for i := range m.known {
		m.known[i].ready = !two || m.known[i].Number != m.newest()
	}
	if two {
		m.emit(event.Event{Kind: event.Interrupted, PID: masters[0].PID, Generation: m.newest() - 1, Processes: masters})
	}
}

// newest is the number of the latest generation that has a master.
func (m *machine) newest() int {
	number := 0
	for _, g := range m.view.Generations {
		if !g.Leaderless {
			number = max(number, g.Number)
		}
	}
	return number
}

// timeout is what a generation has to become ready.
func timeout(given time.Duration) time.Duration {
	if given > 0 {
		return given
	}
	return time.Minute
}
