package shim

import (
	"os"
	"slices"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/proc"
)

// A generation is one that the machine has seen.
type generation struct {
	proc.Known
	ended    bool   // its master is gone
	crew     bool   // it has had workers
	heir     bool   // one before it had
	promoted bool   // led by what a launcher left behind
	hooked   bool   // its hook is loaded, and will say when it is ready
	ready    bool   // it serves
	lasted   bool   // that is known from its time alone
	tried    bool   // whether it does was looked into
	status   string // what it says of itself, while another one serves
}

// remember takes in the generations of the view, and tells of new ones and of
// masters that ended where nobody could wait for them.
func (m *machine) remember(s proc.Snapshot) {
	for _, g := range m.view.Generations {
		m.rememberOne(g)
	}
	for i := range m.known {
		k := &m.known[i]
		if !k.ended && k.Master != (proc.ID{}) && !m.watched[k.Master] && !alive(s, k.Master) {
			k.ended = true
			m.emit(event.Event{Kind: event.Ended, PID: k.Master.PID, Generation: k.Number, Code: unknown})
		}
	}
	m.prune()
}

// rememberOne takes in one generation of the view.
func (m *machine) rememberOne(g proc.Generation) {
	i := slices.IndexFunc(m.known, func(k generation) bool { return k.Number == g.Number })
	if i < 0 && !m.rules.profile.InPlace {
		// The same process with another image: a wrapper that executed the next one.
		i = slices.IndexFunc(m.known, func(k generation) bool { return !g.Leaderless && k.Master == g.Master.ID })
	}
	if i >= 0 {
		m.known[i].crew = m.known[i].crew || len(g.Workers) > 0 && !m.rules.profile.Leaves // else it is a fork on its way to its exec
		if g.Image.Known() {
			m.known[i].Image = g.Image
		}
		m.known[i].Served = m.known[i].Served || g.Served(m.rules.profile)
		if !g.Leaderless && m.known[i].Master != g.Master.ID {
			m.known[i].Master, m.known[i].ended = g.Master.ID, false
			m.emit(born(g))
		}
		return
	}
	k := generation{Known: proc.Known{Number: g.Number, Image: g.Image, Orphan: g.Leaderless}, ended: g.Leaderless}
	k.crew = len(g.Workers) > 0 && !m.rules.profile.Leaves
	k.Served, k.heir = g.Served(m.rules.profile), m.crewed()
	if !g.Leaderless {
		k.Master = g.Master.ID
		m.supersede(k.Master)
		m.emit(born(g))
	}
	m.known = append(m.known, k)
}

// crewed reports whether a generation so far has had workers.
func (m *machine) crewed() bool {
	return slices.ContainsFunc(m.known, func(k generation) bool { return k.crew })
}

// born is the event of a new generation.
func born(g proc.Generation) event.Event {
	return event.Event{
		Kind: event.NewGeneration, PID: g.Master.PID, Started: g.Master.Started(), Generation: g.Number, Command: g.Master.Args,
	}
}

// alive reports whether the snapshot has the process, if only as a zombie, which
// will be reaped and told of then.
func alive(s proc.Snapshot, id proc.ID) bool {
	return slices.ContainsFunc(s.Processes, func(p proc.Process) bool { return p.ID == id })
}

// awaits reports whether the fact of a master's end is on its way: it has ended,
// and is watched, a child of ours, or one of the parent that it was launched by.
func (m *machine) awaits(g generation, s proc.Snapshot) bool {
	if g.ended || g.Master == (proc.ID{}) {
		return false
	}
	i := slices.IndexFunc(s.Processes, func(p proc.Process) bool { return p.ID == g.Master })
	if i < 0 {
		return m.watched[g.Master]
	}
	p := s.Processes[i]
	return p.Zombie() && (m.watched[g.Master] || p.PPID == os.Getpid() || p.PPID == m.parent)
}

// prune forgets generations of which nothing is left. The last one stays, since
// the next one's number follows it.
func (m *machine) prune() {
	last := 0
	for _, k := range m.known {
		last = max(last, k.Number)
	}
	m.known = slices.DeleteFunc(m.known, func(k generation) bool {
		return k.ended && k.Number != last && !slices.ContainsFunc(m.view.Generations, func(g proc.Generation) bool {
			return g.Number == k.Number
		})
	})
}
