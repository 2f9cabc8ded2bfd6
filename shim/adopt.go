package shim

import (
	"slices"
	"time"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/proc"
)

// adopt follows the tree that was found.
func (m *machine) adopt() {
	m.state.adopted = true
	m.holdOn()
	e := event.Event{Time: time.Now(), Kind: event.Adopted}
	if masters := m.view.Masters(); len(masters) > 0 {
		e.PID, e.Command = masters[len(masters)-1].PID, masters[len(masters)-1].Args
	}
	if len(m.held) > 0 {
		e.Time = m.held[0].Time // what the look saw is told after it
	}
	m.held = append([]event.Event{e}, m.held...)
	m.release()
	m.pending = append(m.pending, input{kind: looked, seen: m.census()})
}

// holdOn watches the tree that was found, and looks again where a master ended
// before it could be watched: it may have been a launcher, and nobody knows with
// which status it ended.
func (m *machine) holdOn() {
	for range 5 {
		m.watch()
		if !slices.ContainsFunc(m.view.Masters(), func(p proc.Process) bool { return !m.watched[p.ID] }) {
			return
		}
		m.known = nil
		if err := m.see(true); err != nil {
			m.emit(event.Event{Kind: event.Trouble, Err: err})
			return
		}
	}
}

// seeTwice looks again where the first look saw what is left of a tree and no
// server: one pass over /proc may miss a daemon, if the pass is beyond its pid
// when it is forked, and at its launcher when that has ended.
func (m *machine) seeTwice() error {
	err := m.see(true)
	if err == nil && len(m.view.Servers()) == 0 && len(m.view.Strays)+len(m.view.Launchers) > 0 {
		err = m.see(true)
	}
	return err
}
