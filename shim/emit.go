package shim

import (
	"time"

	"github.com/lockshim/lockshim/shim/event"
)

// emit tells the caller, at once or once it is settled that the shim runs, and
// remembers it.
func (m *machine) emit(e event.Event) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if m.holding {
		m.held = append(m.held, e)
		return
	}
	m.memory.Add(e)
	m.report(e)
	if m.cfg.Emit != nil {
		m.cfg.Emit(e)
	}
	m.follows(e)
}

// release tells what was held back.
func (m *machine) release() {
	m.holding = false
	for _, e := range m.held {
		m.emit(e)
	}
	m.held = nil
}
