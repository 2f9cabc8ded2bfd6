package shim

import (
	"os"
	"slices"

	"github.com/lockshim/lockshim/shim/proc"
)

// status is the machine's own knowledge of the service.
func (m *machine) status() Status {
	o := observation{lock: m.cfg.Lock, rules: m.classifyRules(), view: m.view}
	s := o.status()
	s.Shim = &ShimStatus{PID: os.Getpid(), Version: m.cfg.Version, Adopted: m.state.adopted}
	i := slices.IndexFunc(m.view.Shims, func(p proc.Process) bool { return p.PID == os.Getpid() })
	if i >= 0 {
		s.Shim.Started = m.view.Shims[i].Started()
	}
	for i, g := range m.view.Generations {
		s.Generations[i].State = m.standing(g)
	}
	s.State = m.condition(s)
	return s
}

// condition is the service's state, as its shim knows it.
func (m *machine) condition(s Status) State {
	last := len(s.Generations) - 1
	switch {
	case m.state.phase == stopping, m.state.phase == lingering:
		return StateStop
	case m.state.phase == masterless:
		return NoMaster
	case m.state.upgrade.stage != noUpgrade:
		return Upgrading
	case s.State == Serving && s.Generations[last].State == isStarting:
		return Starting
	}
	return s.State
}

// standing is the state of a generation. One that upgrade has yet to tell to go
// serves; where people upgrade by hand, the last one that is ready does.
func (m *machine) standing(g proc.Generation) string {
	u := m.state.upgrade
	switch {
	case g.Leaderless,
		u.stage == retiring && g.Number <= u.old,
		u.stage == failing && g.Number == u.new:
		return isDraining
	case m.comes(g.Number):
		return isStarting
	case u.stage != noUpgrade, !m.replaced(g.Number):
		return isReady
	}
	return isDraining
}

// comes reports whether a generation has yet to be ready, and is expected to be.
func (m *machine) comes(number int) bool {
	i := m.indexOf(number)
	if i < 0 || m.known[i].ready {
		return false
	}
	return m.proof.number == number || m.known[i].hooked || m.speaks
}

// replaced reports whether a later generation serves.
func (m *machine) replaced(number int) bool {
	return slices.ContainsFunc(m.view.Generations, func(g proc.Generation) bool {
		return g.Number > number && !g.Leaderless && !m.comes(g.Number)
	})
}
