package proc

import (
	"slices"

	"github.com/lockshim/lockshim/shim/profile"
)

// gatherSpawned finds the workers that were executed anew: each is a group of
// its own, with what it has forked. They join the server that is their parent.
//
// One whose parent is gone is the server's only where nobody serves: beside a
// server it is what an application's worker has spawned and left behind.
func (c *census) gatherSpawned() {
	var orphans []*group
	served := false
	for _, g := range c.groups {
		p := g.spawnee()
		if p == nil {
			served = served || g.serves
			continue
		}
		parent := c.groupOf(p.PPID)
		switch {
		case parent == nil:
			orphans = append(orphans, g)
		case parent.serves && parent.spawnee() == nil:
			parent.spawned = append(parent.spawned, g.processes...)
			g.processes = nil
		}
	}
	if !served {
		c.bereave(orphans)
	}
	c.groups = slices.DeleteFunc(c.groups, func(g *group) bool { return len(g.processes) == 0 })
}

// spawnee is the process of g that was executed anew, nil where none was.
func (g *group) spawnee() *Process {
	i := slices.IndexFunc(g.processes, func(p Process) bool { return !p.Forked && profile.Spawned(p.Args) })
	if i < 0 {
		return nil
	}
	return &g.processes[i]
}

// groupOf is the group that has the process pid, nil where none has.
func (c *census) groupOf(pid int) *group {
	i := slices.IndexFunc(c.groups, func(g *group) bool { return indexPID(g.processes, pid) >= 0 })
	if i < 0 {
		return nil
	}
	return c.groups[i]
}

// bereave makes one generation without a master of workers that have lost it:
// the latest that is known, as nothing in them tells of which they are.
func (c *census) bereave(orphans []*group) {
	if len(orphans) == 0 {
		return
	}
	one := orphans[0]
	for _, g := range orphans[1:] {
		one.spawned = append(one.spawned, g.processes...)
		g.processes = nil
	}
	one.serves, one.orphaned = true, true
	if len(c.Known) > 0 {
		one.known = &c.Known[len(c.Known)-1]
	}
}
