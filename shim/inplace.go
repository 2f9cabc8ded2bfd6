package shim

import "github.com/lockshim/lockshim/shim/proc"

// supersede notes that a master has executed itself anew: the generation that it
// led is over but for its workers.
func (m *machine) supersede(master proc.ID) {
	for i := range m.known {
		if m.known[i].Master == master {
			m.known[i].ended = true
		}
	}
}

// ledBy is the index of the last generation that id led, -1 for none.
func (m *machine) ledBy(id proc.ID) int {
	for i := len(m.known) - 1; i >= 0; i-- {
		if m.known[i].Master == id {
			return i
		}
	}
	return -1
}
