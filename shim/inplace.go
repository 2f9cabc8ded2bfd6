package shim

import (
	"time"

	"github.com/lockshim/lockshim/shim/proc"
)

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

// remindTime is how long a master that executes itself twice has to begin.
const remindTime = time.Second

// remind tells such a master once more to upgrade: HAProxy loses a signal between
// its second exec, of which it says READY=1, and its loop. One that has begun has
// another image by then, and hears nothing.
func (m *machine) remind() {
	lead := m.resolve(current, 0)
	if !m.rules.profile.Waits || m.state.upgrade.stage != coming || m.job.asked || len(lead) == 0 ||
		lead[0].Image != m.job.image || time.Since(m.job.stageSince) < remindTime {
		return
	}
	m.job.asked = true
	m.send(current, m.rules.profile.Upgrade, 0)
}
