package shim

import (
	"fmt"
	"time"

	"github.com/lockshim/lockshim/shim/control"
	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/proc"
	"github.com/lockshim/lockshim/shim/profile"
)

// The codes of the errors that a running shim answers, besides control's own.
const (
	codeNotRunning  = "not-running"
	codeStillThere  = "still-there"
	codeNoOperation = "no-operation"
	codeLate        = "late"
	codePreflight   = "preflight"
	codeUpgrade     = "upgrade"
	codeUsage       = "usage"
	codeSystem      = "system"
)

// serve opens the control socket. Without one the shim does its work all the
// same, and the verbs look at the lockfile and /proc.
func (m *machine) serve() {
	server, err := control.Listen(m.cfg.Lock)
	if err != nil {
		m.emit(event.Event{Kind: event.Trouble, Err: err})
		return
	}
	m.server = server
	go server.Serve(func(r *control.Request) {
		m.facts <- fact{input: input{kind: looked}, request: r}
	})
}

// answer does what an operator asks for. The state is published, which here is
// to say in place, before the reply.
func (m *machine) answer(r *control.Request) {
	switch r.Verb {
	case control.Status, control.History:
		m.answerStatus(r)
	case control.Signal:
		m.answerSignal(r)
	case control.Reload:
		m.answerReload(r)
	case control.Upgrade:
		m.answerUpgrade(r)
	case control.Cancel:
		m.answerCancel(r)
	case control.Stop:
		m.answerStop(r)
	default:
		r.Fail(control.CodeUnknown, fmt.Errorf("cannot %s: this lockshim does not know how", r.Verb))
	}
}

// answerStatus takes a look, which no answer is older than. Where looks would
// take more than their share of the time, one request waits for those to come.
func (m *machine) answerStatus(r *control.Request) {
	m.askers = append(m.askers, r)
	if m.timers[statusTimer] == nil {
		m.answerSoon()
	}
}

// answerSoon lets those who ask have their answer, unless nobody does: not before
// step has had what is pending, nor before it is time for another look.
func (m *machine) answerSoon() {
	if len(m.askers) > 0 {
		m.arm(statusTimer, max(0, time.Until(m.nextStatus)))
	}
}

// answerAskers takes one look for all who ask. Where a master has
// ended that the loop has yet to learn of, they wait until it does: nobody would
// seem to lead what a launcher has left.
func (m *machine) answerAskers() {
	m.disarm(statusTimer)
	began := time.Now()
	err := m.see(true)
	m.nextStatus = afterLook(began)
	if err == nil && m.ending {
		return
	}
	if err == nil {
		m.proveNext(m.census())
	}
	for _, r := range m.askers {
		if err != nil {
			r.Fail(codeSystem, err)
			continue
		}
		r.Reply(m.answerTo(r))
	}
	m.askers = nil
}

// answerTo is what a request is answered that only asks.
func (m *machine) answerTo(r *control.Request) any {
	if r.Verb == control.History {
		return m.history()
	}
	return m.status()
}

// answerSignal sends what the operator names, to whom such a signal goes.
func (m *machine) answerSignal(r *control.Request) {
	sig, err := profile.ParseSignal(r.Signal)
	if err != nil {
		r.Fail(codeUsage, err)
		return
	}
	to := current
	if m.rules.profile.Send(sig).Kind == profile.Every {
		to = masters
	}
	m.answerSent(r, m.send(to, sig, 0))
}

// answerReload sends the profile's reload.
func (m *machine) answerReload(r *control.Request) {
	sig := m.rules.profile.Reload
	switch {
	case sig == 0:
		r.Fail(codeNoOperation, m.rules.profile.Missing(profile.Reload))
	case m.state.phase != serving:
		r.Fail(control.CodeBusy, fmt.Errorf("cannot reload %s: the service is %s", m.cfg.Lock, m.state.phase))
	case m.state.upgrade.stage != noUpgrade:
		r.Fail(control.CodeBusy, fmt.Errorf("cannot reload %s: an upgrade runs", m.cfg.Lock))
	default:
		m.answerSent(r, m.send(current, sig, 0))
	}
}

// answerStop begins a stop, by the schedule that the operator names or the shim's
// own. The answer waits for its end.
func (m *machine) answerStop(r *control.Request) {
	in := input{kind: requested}
	if r.Stop != "" {
		var err error
		if in.schedule, err = profile.ParseSchedule(r.Stop); err != nil {
			r.Fail(codeUsage, err)
			return
		}
	}
	m.stoppers = append(m.stoppers, r)
	m.pending = append(m.pending, in)
}

// answerSent replies with the pids that were signalled.
func (m *machine) answerSent(r *control.Request, sent []proc.Process) {
	if len(sent) == 0 {
		r.Fail(codeNotRunning, fmt.Errorf("cannot signal %s: %w", m.cfg.Lock, ErrNotRunning))
		return
	}
	pids := []int{}
	for _, p := range sent {
		pids = append(pids, p.PID)
	}
	r.Reply(pids)
}

// gaveUp tells who asked for a stop that its schedule has ended in vain.
func (m *machine) gaveUp() {
	for _, r := range m.stoppers {
		r.Fail(codeStillThere, fmt.Errorf("cannot stop %s: %w", m.cfg.Lock, ErrStillThere))
	}
	m.stoppers = nil
}

// hangUp answers who waits for the end, and removes the socket.
func (m *machine) hangUp(code int) {
	for _, r := range m.stoppers {
		r.Reply(code)
	}
	m.unserve()
}

// unserve removes the socket, if it is there.
func (m *machine) unserve() {
	if m.server != nil {
		if err := m.server.Close(); err != nil {
			m.emit(event.Event{Kind: event.Trouble, Err: err})
		}
	}
}
