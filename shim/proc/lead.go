package proc

import (
	"slices"

	"github.com/lockshim/lockshim/shim/profile"
)

// elect finds out who leads each group that serves. What is certain comes first:
// the shape of a group means less where another one has a leader.
func (c *census) elect() {
	for _, g := range c.groups {
		if g.serves {
			c.settle(g)
		}
	}
	for _, g := range c.groups {
		if g.serves && !g.settled {
			g.leader = c.root(g)
		}
	}
}

// settle finds the leader of a group where its shape need not tell: the known
// master, who is not replaced by one of its workers; the process that was
// launched, or bears a master's title, or executed the image. Of several, it is
// the oldest: what a master forks has its title until it takes its own.
func (c *census) settle(g *group) {
	g.settled = true
	if g.orphaned {
		return
	}
	if g.known != nil && (g.known.Orphan || g.known.Master != (ID{})) {
		if i := indexID(g.processes, g.known.Master); i >= 0 && !c.renamed(g.processes[i]) {
			g.leader = c.heir(g, &g.processes[i])
		}
		return
	}
	titled := func(p Process) bool {
		return p.ID == c.Launched || c.announced(p) || c.Profile.Role(p.Args) == profile.Master && !c.unnamed(g, p)
	}
	executor := func(p Process) bool { return !p.Forked && c.Profile.Role(p.Args) != profile.Worker }
	for _, leads := range []func(Process) bool{titled, executor} {
		if g.leader = oldest(g.processes, leads); g.leader != nil {
			return
		}
	}
	// A launcher that ended leaves its daemon behind; a master that ended beside
	// a later one, as after an upgrade, leaves none.
	g.settled = g.known != nil && slices.ContainsFunc(c.Known, func(k Known) bool { return k.Number > g.known.Number })
}

// unnamed reports whether p has its master's title only until it takes its own: a
// worker that was just forked, whose master may be gone. A master that was forked is
// a daemon. One that forks once leads its session; of the others, one that has no
// child is not the parent of the workers that are there.
func (c *census) unnamed(g *group, p Process) bool {
	switch {
	case !p.Forked || c.Profile.Role(p.Args) != profile.Master || c.hasServers(g, p.PID):
		return false
	case c.Profile.Leads:
		return p.Session != p.PID
	}
	return slices.ContainsFunc(g.processes, func(w Process) bool { return c.Profile.Role(w.Args) == profile.Worker })
}

// renamed reports whether p, which was taken for a master by the title that it was
// forked with, has a worker's by now.
func (c *census) renamed(p Process) bool {
	return p.Forked && c.Profile.Role(p.Args) == profile.Worker
}

// oldest is the first of list to be forked that is fit, nil where none is.
func oldest(list []Process, fit func(Process) bool) *Process {
	var first *Process
	for i := range list {
		p := &list[i]
		if fit(*p) && (first == nil || p.Start < first.Start || p.Start == first.Start && p.PID < first.PID) {
			first = p
		}
	}
	return first
}

// root is the one process of g that the others descend from. With several, the
// master is gone, unless one alone has workers or leads a session, as a daemon
// does. Where another generation has a leader, g is led only by who has workers,
// or who is that leader's parent: a master that is upgraded.
func (c *census) root(g *group) *Process {
	var roots, parents, leaders []*Process
	for i := range g.processes {
		p := &g.processes[i]
		if indexPID(g.processes, p.PPID) >= 0 || c.Profile.Role(p.Args) == profile.Worker || c.outlived(*p) || c.leftBehind(g, *p) || c.unnamed(g, *p) {
			continue
		}
		roots = append(roots, p)
		if c.hasServers(g, p.PID) {
			parents = append(parents, p)
		}
		if p.Session == p.PID {
			leaders = append(leaders, p)
		}
	}
	tell := [][]*Process{roots, parents, leaders}
	if slices.ContainsFunc(c.groups, func(o *group) bool { return o.settled && o.leader != nil }) {
		tell = tell[1:2]
	}
	for _, only := range tell {
		if len(only) == 1 {
			return only[0]
		}
	}
	return nil
}

// hasServers reports whether the process pid of g is the parent of another one
// of g, or of the leader of another group.
func (c *census) hasServers(g *group, pid int) bool {
	return slices.ContainsFunc(g.processes, func(p Process) bool { return p.PPID == pid }) ||
		slices.ContainsFunc(c.groups, func(o *group) bool { return o.settled && o.leader != nil && o.leader.PPID == pid })
}

// outlived reports whether p's parent re-executed itself in place since it
// forked p.
func (c *census) outlived(p Process) bool {
	parent := indexPID(c.members, p.PPID)
	return parent >= 0 && replaced(p, c.members[parent])
}

// leftBehind reports whether p lost a master that was never seen. A master has
// executed its image, unless it is a daemon, and a daemon has left the session of
// the launch. (What a launcher of a known generation left may be about to.)
func (c *census) leftBehind(g *group, p Process) bool {
	return g.known == nil && p.Forked && c.Session != 0 && p.Session == c.Session
}

// generation is what a View says of g.
func (g *group) generation() Generation {
	gen := Generation{Image: g.processes[0].Image, Leaderless: g.leader == nil}
	if g.known != nil {
		gen.Number = g.known.Number
	}
	for i := range g.processes {
		if p := &g.processes[i]; p == g.leader {
			gen.Master = *p
		} else {
			gen.Workers = append(gen.Workers, *p)
		}
	}
	gen.Workers = append(gen.Workers, g.spawned...)
	slices.SortFunc(gen.Workers, byPID)
	return gen
}
