package shim

import (
	"errors"
	"slices"
	"syscall"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/proc"
)

// errNobody: a signal found nobody to go to.
var errNobody = errors.New("no master lives")

// send signals who the target is now, each through a pidfd, and returns who got it.
func (m *machine) send(to target, sig syscall.Signal) []proc.Process {
	if err := m.see(to == everybody); err != nil {
		m.emit(event.Event{Kind: event.Trouble, Err: err})
	}
	var sent []proc.Process
	for _, p := range m.resolve(to) {
		switch err := m.sys.signal(p.ID, sig); {
		case err == nil:
			sent = append(sent, p)
		case !errors.Is(err, proc.ErrGone):
			m.emit(event.Event{Kind: event.Trouble, PID: p.PID, Signal: sig, Err: err})
		}
	}
	if len(sent) == 0 {
		m.emit(event.Event{Kind: event.Ignored, Signal: sig, Err: errNobody})
		return nil
	}
	m.emit(event.Event{Kind: event.Signalled, PID: sent[0].PID, Signal: sig, Processes: sent})
	return sent
}

// resolve lists the processes of a target, sorted by pid.
func (m *machine) resolve(to target) []proc.Process {
	lead := m.view.Masters()
	switch to {
	case current:
		return lead[max(0, len(lead)-1):]
	case masters:
		if len(lead) == 0 {
			return m.view.Servers()
		}
		return lead
	case servers:
		return m.view.Servers()
	case leftover:
		return slices.Concat(m.view.Launchers, m.view.Helpers, m.view.Strays)
	}
	return slices.Concat(m.view.Servers(), m.view.Launchers, m.view.Helpers, m.view.Strays, m.view.Members)
}

// tell emits an event of the machine's own.
func (m *machine) tell(a action) {
	e := event.Event{Kind: a.event, Signal: a.signal}
	switch a.event {
	case event.Unlocked:
		e.Processes = slices.DeleteFunc(m.view.Servers(), func(p proc.Process) bool { return p.Shared })
	case event.Masterless:
		e.Processes = m.view.Servers()
	case event.StrayLeft:
		e.Processes = slices.Concat(m.view.Launchers, m.view.Helpers, m.view.Strays)
	}
	m.emit(e)
}
