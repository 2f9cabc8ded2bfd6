package shim

import "github.com/lockshim/lockshim/shim/event"

// perform does one action.
func (m *machine) perform(a action) {
	switch a.kind {
	case look:
		m.look(a)
	case send:
		m.send(a.target, a.signal, a.number)
	case ask:
		go m.await(m.own)
	case giveBack:
		m.giveBack()
	case settle:
		m.arm(settleTimer, a.after)
	case stepIn:
		m.arm(stepTimer, a.after)
	case noStep:
		m.disarm(stepTimer)
	case doubt:
		m.arm(doubtTimer, a.after)
	case tell:
		m.tell(a)
	case ignore:
		m.emit(event.Event{Kind: event.Ignored, Signal: a.signal, Err: m.refusal(a.signal)})
	case relaunch:
		m.err = m.launch()
	case fail:
		m.gaveUp()
	case exit:
		m.leave(a.code)
	default:
		m.performUpgrade(a)
	}
}

// performUpgrade does one action of an upgrade.
func (m *machine) performUpgrade(a action) {
	switch a.kind {
	case accept:
		m.accept(a.asker)
	case agree:
		a.asker.Reply(true)
	case succeed:
		m.concludes(nil)
	case refuse:
		m.refuse(a)
	case preflight:
		m.runPreflight()
	case prove:
		m.prove(a.number)
	case timeIn:
		m.arm(upgradeTimer, a.after)
	case noTime:
		m.disarm(upgradeTimer)
	case quit:
		m.endProof()
		m.quit()
	}
}
