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

// send signals who the target is now, each through a pidfd, and returns who got
// it. Targets of an upgrade are those up to a generation, or those after it.
func (m *machine) send(to target, sig syscall.Signal, number int) []proc.Process {
	if err := m.see(to == everybody); err != nil {
		m.emit(event.Event{Kind: event.Trouble, Err: err})
	}
	var sent []proc.Process
	for _, p := range m.resolve(to, number) {
		switch err := m.sys.signal(p.ID, sig); {
		case err == nil:
			sent = append(sent, p)
		case !errors.Is(err, proc.ErrGone):
			m.emit(event.Event{Kind: event.Trouble, PID: p.PID, Signal: sig, Err: err})
		}
	}
	if len(sent) == 0 && to != current && to != masters {
		return nil // they have gone by themselves, which the next look tells
	}
	if len(sent) == 0 {
		m.emit(event.Event{Kind: event.Ignored, Signal: sig, Err: errNobody})
		return nil
	}
	m.emit(event.Event{Kind: event.Signalled, PID: sent[0].PID, Signal: sig, Processes: sent})
	return sent
}

// resolve lists the processes of a target, sorted by pid.
func (m *machine) resolve(to target, number int) []proc.Process {
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
	case retirees, allRetirees:
		return part(m.view, to == allRetirees, func(n int) bool { return n <= number })
	case newcomers, allNewcomers:
		return part(m.view, to == allNewcomers, func(n int) bool { return n > number })
	}
	return slices.Concat(m.view.Servers(), m.view.Launchers, m.view.Helpers, m.view.Strays, m.view.Members)
}

// part lists the masters of some generations, or, where there are none or all are
// asked for, everybody of them.
func part(v proc.View, all bool, is func(number int) bool) []proc.Process {
	v.Generations = slices.DeleteFunc(slices.Clone(v.Generations), func(g proc.Generation) bool { return !is(g.Number) })
	if lead := v.Masters(); len(lead) > 0 && !all {
		return lead
	}
	return v.Servers()
}

// tell emits an event of the machine's own.
func (m *machine) tell(a action) {
	e := event.Event{Kind: a.event, Signal: a.signal, Generation: a.number, Err: a.err}
	switch a.event {
	case event.Unlocked:
		e.Processes = slices.DeleteFunc(m.view.Servers(), func(p proc.Process) bool { return p.Shared })
	case event.Masterless:
		e.Processes = m.view.Servers()
	case event.StrayLeft:
		e.Processes = slices.Concat(m.view.Launchers, m.view.Helpers, m.view.Strays)
	default:
		m.tellUpgrade(e)
		return
	}
	m.emit(e)
}
