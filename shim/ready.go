package shim

import (
	"slices"

	"github.com/lockshim/lockshim/shim/event"
)

// readied notes that a generation serves, and tells of it once.
func (m *machine) readied(number int) {
	i := slices.IndexFunc(m.known, func(g generation) bool { return g.Number == number })
	if i < 0 || m.known[i].ready {
		return
	}
	m.known[i].ready = true
	m.emit(event.Event{Kind: event.Ready, PID: m.known[i].Master.PID, Generation: number})
	m.pending = append(m.pending, input{kind: readied, number: number})
}
