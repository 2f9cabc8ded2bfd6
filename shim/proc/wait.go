package proc

import "slices"

// reunite puts masters that have executed themselves once more, to wait, back
// among the workers that they forked just before. A generation of such a server
// has the image of its workers: the youngest ones have a master.
//
// While such a master reads the next configuration, in an image that has no
// workers yet, it is with those that serve.
func (c *census) reunite() {
	for _, g := range slices.Clone(c.groups) {
		if !g.serves || g.leader == nil || len(g.processes) > 1 {
			continue
		}
		if crew := c.crew(*g.leader); crew != nil {
			crew.processes = append(slices.Clip(crew.processes), *g.leader)
			if crew.known == nil {
				crew.known = c.knownAs(crew)
			}
			if crew.known == nil && g.leader.Image.Known() { // the master was seen without them before
				crew.known = g.known
			}
			crew.leader = &crew.processes[len(crew.processes)-1]
			c.groups = slices.DeleteFunc(c.groups, func(o *group) bool { return o == g })
		}
	}
}

// crew is the group, without a leader, of those that master forked last before it
// executed its present image; nil where there is none.
func (c *census) crew(master Process) *group {
	var youngest *group
	var born uint64
	for _, g := range c.groups {
		for _, p := range g.processes {
			if g.serves && g.leader == nil && replaced(p, master) && (youngest == nil || p.Start >= born) {
				youngest, born = g, p.Start
			}
		}
	}
	return youngest
}

// heir is the daemon that a master which re-executed itself in place has just
// forked and handed its work to: its only child, in a session of its own. It is
// the master itself where there is none.
func (c *census) heir(g *group, master *Process) *Process {
	var only *Process
	for i := range g.processes {
		if p := &g.processes[i]; p.PPID == master.PID {
			if only != nil {
				return master
			}
			only = p
		}
	}
	if c.Profile.InPlace && only != nil && only.Session == only.PID {
		return only
	}
	return master
}
