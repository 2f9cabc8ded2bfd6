package proc

import (
	"slices"

	"github.com/lockshim/lockshim/shim/profile"
)

// launcher is what is known of a launch whose process has ended before anybody knew
// that it serves, so that it may have been a launcher, and of whose image nothing is left: it has
// executed another program since it was seen, as wrappers and scripts do, and what
// that has forked is the server. It is nil where there is no such launch.
func (c *census) launcher() *Known {
	if len(c.Known) != 1 || c.Launched == (ID{}) {
		return nil
	}
	k := &c.Known[0]
	left := slices.ContainsFunc(c.members, func(p Process) bool { return k.Image.Known() && p.Image == k.Image })
	if left || k.Master != (ID{}) || k.Orphan || k.Ready {
		return nil
	}
	return k
}

// inherit gives what the launcher was known as to the server that it has left.
func (c *census) inherit() {
	k := c.launcher()
	if k == nil || slices.ContainsFunc(c.groups, func(g *group) bool { return g.known != nil }) {
		return
	}
	if i := slices.IndexFunc(c.groups, func(g *group) bool { return g.serves }); i >= 0 {
		c.groups[i].known = k
	}
}

// daemon is the server that a launcher has left, where no command line tells: what
// was forked last by a program of which nothing else is left. A script starts what
// its server needs before it executes that.
func (c *census) daemon() (last *Process) {
	for i := range c.members {
		p := &c.members[i]
		if c.deserted(*p) && (last == nil || p.Start >= last.Start) {
			last = p
		}
	}
	return last
}

// deserted reports whether p may be a daemon: the program that it runs was executed
// by a process that has ended. One that has been there for long beside a server that
// was ready for all that anybody knew is what that server had started.
func (c *census) deserted(p Process) bool {
	if p.Started().Before(c.Known[0].Lasted) {
		return false
	}
	if !p.Forked || p.Held || len(p.Args) == 0 || profile.Wrapper(p.Args) || profile.Tracker(p.Args) {
		return false
	}
	return !slices.ContainsFunc(c.members, func(m Process) bool { return m.Image == p.Image && !m.Forked })
}
