package shim

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/lockshim/lockshim/shim/control"
	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/flock"
	"github.com/lockshim/lockshim/shim/history"
	"github.com/lockshim/lockshim/shim/proc"
)

// A machine is one shim at work. Its goroutine owns every field; others send it
// facts.
type machine struct {
	cfg   Config
	rules rules
	sys   system
	state state

	own   []*flock.File // descriptions of the shim's own: guard and exclusive lock
	files []proc.FileID // every inode that the service's lock has been on
	facts chan fact
	left  chan bool // whether there are children to watch yet

	exe      string  // what the kernel will show as the file that the server runs
	launched proc.ID // zero after an adoption
	parent   int     // the pid of a parent that the launch went through, 0 for none
	session  int     // of the launched process
	last     proc.ID // the master that ended last
	known    []generation
	view     proc.View
	lost     []proc.Lost      // locks of members on files that the path does not name
	ending   bool             // a master has ended that the shim has yet to reap
	told     map[int]bool     // foreign holders that were named
	watched  map[proc.ID]bool // members that are nobody's children of ours

	busy     bool      // there was work since the last rest
	wide     bool      // the look that is put off is at everyone
	nextLook time.Time // not sooner

	helper   helper // runs beside the server
	proof    proof  // of the generation that has yet to be ready
	speaks   bool   // a generation has said itself that it is ready
	job      job    // the upgrade that runs
	upgraded bool   // one has ended
	failure  error  // how
	reaping  bool   // somebody watches the children

	holding bool          // events wait: another shim may turn out to have the service
	held    []event.Event // those
	began   time.Time
	memory  history.Memory // what was emitted since then

	relay relay
	up    upstream

	server     *control.Server
	stoppers   []*control.Request // who waits for the end
	askers     []*control.Request // who waits for a look
	nextStatus time.Time          // not sooner

	pending []input
	timers  [timerKinds]*time.Timer
	surveys []time.Duration

	once bool // return after an upgrade
	code int
	err  error
}

// A system is the part of the operating system that the loop uses.
type system struct {
	look    func(proc.Query) (proc.Snapshot, error)
	signal  func(proc.ID, syscall.Signal) error
	watch   func(proc.ID) (*proc.Handle, error)
	changed func(stops bool) (pid int, err error)
	reap    func(pid int, stops bool) (reaped, error)
	listens func(pids []int) (bool, error)
}

// realSystem is the one that this process runs on.
func realSystem() system {
	return system{look: proc.Look, signal: proc.Signal, watch: proc.Open, changed: changed, reap: reap, listens: proc.Listens}
}

// A fact is what other goroutines tell the loop.
type fact struct {
	input
	id     proc.ID            // exited
	child  int                // exited: one of our own, to be reaped
	status syscall.WaitStatus // exited: of a child
	own    []*flock.File      // lockGranted: the descriptions, back from the waiting goroutine
	files  []proc.FileID      // lockGranted: inodes that the path came to name
	event  event.Event        // to be emitted first, if it has a kind

	request *control.Request // what an operator asks for; nothing else
}

// The timers. None runs at rest.
const (
	settleTimer = iota
	stepTimer
	doubtTimer
	surveyTimer
	lookTimer
	statusTimer
	pollTimer
	proofTimer
	upgradeTimer
	informTimer
	timerKinds
)

// loop lives until nobody is left.
func (m *machine) loop() (int, error) {
	for m.drain(); m.state.phase != over && m.err == nil && !m.finished(); m.drain() {
		m.rest()
		select {
		case f := <-m.facts:
			m.learn(f)
		case sig := <-m.cfg.Signals:
			m.signalled(sig)
		case n := <-m.hearing():
			m.hear(n)
		case <-m.timer(settleTimer):
			m.pending = append(m.pending, input{kind: settled})
		case <-m.timer(stepTimer):
			m.pending = append(m.pending, input{kind: stepDue})
		case <-m.timer(doubtTimer):
			m.pending = append(m.pending, input{kind: doubtDue})
		case <-m.timer(surveyTimer):
			m.survey()
		case <-m.timer(lookTimer):
			m.lookNow()
		case <-m.timer(statusTimer):
			m.answerAskers()
		case <-m.timer(pollTimer):
			m.disarm(pollTimer)
			m.look(action{})
		case <-m.timer(proofTimer):
			m.lasted(m.proof.number)
		case <-m.timer(upgradeTimer):
			m.disarm(upgradeTimer)
			m.pending = append(m.pending, input{kind: timeUp})
		case <-m.timer(informTimer):
			m.informNow()
		}
	}
	return m.code, m.err
}

// finished reports whether a machine that was made for one upgrade has done it.
func (m *machine) finished() bool { return m.once && m.upgraded }

// rest tells the caller that a quiet time begins, after work that left traces in
// memory.
func (m *machine) rest() {
	if m.busy && m.state.phase == serving && m.cfg.Rest != nil {
		m.busy = false
		m.cfg.Rest()
	}
}

// drain feeds what is pending to step, and does what it says.
func (m *machine) drain() {
	for len(m.pending) > 0 && m.err == nil {
		in := m.pending[0]
		m.pending = m.pending[1:]
		next, actions := m.rules.step(m.state, in)
		m.state = next
		m.do(actions)
		m.staged()
		if m.state.phase != serving {
			m.quit()
		}
	}
}

// do performs actions in order.
func (m *machine) do(actions []action) {
	for _, a := range actions {
		m.perform(a)
	}
}

// learn turns a fact into an input.
func (m *machine) learn(f fact) {
	if f.event.Kind != "" {
		m.emit(f.event)
	}
	switch f.kind {
	case lockGranted, lockFailed:
		m.own, m.files = f.own, append(m.files, f.files...)
	case exited:
		if f.child != 0 {
			m.reapOne(&f)
		}
	}
	switch f.kind {
	case exited:
		f.input.role = m.ended(f)
		m.answerSoon()
	case looked: // nothing for step: an event, a request, or a stop at the terminal
		if f.request != nil {
			m.answer(f.request)
		}
		return
	}
	m.pending = append(m.pending, f.input)
}

// suspended stops the shim with a server that was stopped at the terminal.
func (m *machine) suspended(id proc.ID) {
	if id != m.launched && id.PID != m.parent || m.rules.profile.Aside {
		return
	}
	p, err := proc.Find(id.PID)
	if err != nil || p.State != "T" {
		return // continued, or killed, since
	}
	if err := suspend(p.Group); err != nil {
		m.emit(event.Event{Kind: event.Trouble, Err: fmt.Errorf("cannot follow a stop at the terminal: %w", err)})
	}
}

// signalled takes a signal that the shim was sent.
func (m *machine) signalled(sig os.Signal) {
	if s, ok := sig.(syscall.Signal); ok {
		m.pending = append(m.pending, input{kind: signalled, signal: s})
	}
}

// refusal is why a signal was not passed on.
func (m *machine) refusal(sig syscall.Signal) error {
	if err := m.rules.profile.Refusal(sig); err != nil {
		return err
	}
	if m.state.upgrade.stage != noUpgrade {
		return errors.New("cannot act on it: an upgrade runs")
	}
	return fmt.Errorf("cannot act on it: the service is %s", m.state.phase)
}

// leave is the end. The locks stay until the process has ended.
func (m *machine) leave(code int) {
	m.code = code
	m.emit(event.Event{Kind: event.Exiting, Code: code})
	m.hangUp(code)
}

// giveBack gives the exclusive lock back, so that a hook can take the shared one.
func (m *machine) giveBack() {
	for _, f := range m.own {
		if err := f.Release(); err != nil {
			m.emit(event.Event{Kind: event.Trouble, Err: err})
		}
	}
}

// timer is the channel of a timer that runs, nil for one that does not.
func (m *machine) timer(kind int) <-chan time.Time {
	if m.timers[kind] == nil {
		return nil
	}
	return m.timers[kind].C
}

// arm starts a timer anew.
func (m *machine) arm(kind int, after time.Duration) {
	m.disarm(kind)
	m.timers[kind] = time.NewTimer(after)
}

// disarm stops a timer.
func (m *machine) disarm(kind int) {
	if m.timers[kind] != nil {
		m.timers[kind].Stop()
		m.timers[kind] = nil
	}
}
