package proc

import (
	"slices"

	"github.com/lockshim/lockshim/shim/profile"
)

// A group is the members of one image.
type group struct {
	processes []Process
	known     *Known // what it was seen as before, nil for none
	serves    bool   // it is a generation
}

// groups gathers the members by image, in order of their first pids. A process
// whose image cannot be read is a group of its own.
func groups(members []Process) []*group {
	var all [][]Process
	index := make(map[Image]int)
	for _, p := range members {
		at, found := index[p.Image]
		if !found || !p.Image.Known() {
			at = len(all)
			all = append(all, nil)
			index[p.Image] = at
		}
		all[at] = append(all[at], p)
	}
	var split []*group
	for _, alike := range all {
		split = append(split, divideAlike(alike)...)
	}
	return split
}

// divideAlike tells apart the execs of one layout. With randomised addresses
// there is one. Without, each process that executed an image is the root of one,
// what it forked belongs to it, and what has lost its parent was forked by one
// that is gone: those are together, as nobody knows by which.
func divideAlike(alike []Process) []*group {
	root := slices.IndexFunc(alike, func(p Process) bool { return !p.Forked })
	if root < 0 || !slices.ContainsFunc(alike, func(p Process) bool { return foreignTo(alike[root], p) }) {
		return []*group{{processes: alike}}
	}
	var split []*group
	index := make(map[int]int)
	for _, p := range alike {
		pid := origin(alike, p)
		at, found := index[pid]
		if !found {
			at = len(split)
			split = append(split, new(group))
			index[pid] = at
		}
		split[at].processes = append(split[at].processes, p)
	}
	return split
}

// foreignTo reports whether p cannot have been forked from the image that root
// executed: it executed one itself, or is older.
func foreignTo(root, p Process) bool {
	return p.PID != root.PID && (!p.Forked || p.Start < root.Start)
}

// origin is the pid of the process that executed p's image, 0 if that cannot be
// told.
func origin(alike []Process, p Process) int {
	for range alike {
		if !p.Forked {
			return p.PID
		}
		parent := indexPID(alike, p.PPID)
		if parent < 0 {
			break
		}
		p = alike[parent]
	}
	return 0
}

// knownAs finds out which generation of an earlier view g is: that of its image,
// and of its master if there are several such.
func (c *census) knownAs(g *group) *Known {
	var found *Known
	for i := range c.Known {
		k := &c.Known[i]
		if !k.Image.Known() || k.Image != g.processes[0].Image {
			continue
		}
		if has(g.processes, k.Master) {
			return k
		}
		if !c.leadsAlike(k) && !g.younger(k) {
			found = k
		}
	}
	if found == nil {
		found = c.executed(g)
	}
	return found
}

// leadsAlike reports whether k's master lives with the image that k had: in
// another group, then.
func (c *census) leadsAlike(k *Known) bool {
	return slices.ContainsFunc(c.members, func(p Process) bool { return p.ID == k.Master && p.Image == k.Image })
}

// younger reports whether g's image was executed by a process that was forked
// after k's master was: it is another exec of the same layout.
func (g *group) younger(k *Known) bool {
	return k.Master != (ID{}) && slices.ContainsFunc(g.processes, func(p Process) bool {
		return !p.Forked && p.Start > k.Master.Start
	})
}

// executed is the generation whose master has g's image now, and of whose own
// image nothing is left, or nothing was seen: a wrapper that executed the next
// program. A server that re-executes itself in place is a new generation then.
func (c *census) executed(g *group) *Known {
	for i := range c.Known {
		k := &c.Known[i]
		left := slices.ContainsFunc(c.members, func(p Process) bool { return p.Image == k.Image })
		if has(g.processes, k.Master) && !left && !(c.Profile.InPlace && k.Image.Known()) {
			return k
		}
	}
	return nil
}

// generation finds out who leads g.
func (c *census) generation(g *group) Generation {
	gen := Generation{Image: g.processes[0].Image}
	if g.known != nil {
		gen.Number = g.known.Number
	}
	lead := c.leader(g)
	for i, p := range g.processes {
		if i == lead {
			gen.Master = p
		} else {
			gen.Workers = append(gen.Workers, p)
		}
	}
	gen.Leaderless = lead < 0
	return gen
}

// leader is the index in g of the master, -1 for none.
func (c *census) leader(g *group) int {
	if g.known != nil && (g.known.Orphan || g.known.Master != (ID{})) {
		return indexID(g.processes, g.known.Master)
	}
	titled := func(p Process) bool { return p.ID == c.Launched || c.Profile.Role(p.Args) == profile.Master }
	executor := func(p Process) bool { return !p.Forked && c.Profile.Role(p.Args) != profile.Worker }
	for _, leads := range []func(Process) bool{titled, executor} {
		if i := slices.IndexFunc(g.processes, leads); i >= 0 {
			return i
		}
	}
	return c.root(g)
}

// root is the index of the one process of g that the others descend from. With
// several, the master is gone, unless one alone has workers or leads a session,
// as a daemon does. One alone without a child, beside another generation, is a
// worker that its master left behind: the next master would have executed the
// image, and the last one has the next for a child.
func (c *census) root(g *group) int {
	var roots, parents, leaders []int
	for i, p := range g.processes {
		if indexPID(g.processes, p.PPID) >= 0 || c.Profile.Role(p.Args) == profile.Worker || c.outlived(p) {
			continue
		}
		roots = append(roots, i)
		if slices.ContainsFunc(g.processes, func(child Process) bool { return child.PPID == p.PID }) {
			parents = append(parents, i)
		}
		if p.Session == p.PID {
			leaders = append(leaders, i)
		}
	}
	if len(roots) == 1 && c.besides(g) && !slices.ContainsFunc(c.members, func(p Process) bool { return p.PPID == g.processes[roots[0]].PID }) {
		return -1
	}
	for _, only := range [][]int{roots, parents, leaders} {
		if len(only) == 1 {
			return only[0]
		}
	}
	return -1
}

// besides reports whether there is another generation than g.
func (c *census) besides(g *group) bool {
	return slices.ContainsFunc(c.groups, func(o *group) bool { return o != g && o.serves })
}

// outlived reports whether p's parent re-executed itself in place since it
// forked p.
func (c *census) outlived(p Process) bool {
	parent := indexPID(c.members, p.PPID)
	return parent >= 0 && replaced(p, c.members[parent])
}

// has reports whether the process id is among list.
func has(list []Process, id ID) bool { return indexID(list, id) >= 0 }

func indexID(list []Process, id ID) int {
	return slices.IndexFunc(list, func(p Process) bool { return p.ID == id })
}

// indexPID is the index of the process pid in list, which is sorted by pid, -1
// where it is not there.
func indexPID(list []Process, pid int) int {
	i, found := slices.BinarySearchFunc(list, pid, func(p Process, pid int) int { return p.PID - pid })
	if !found {
		return -1
	}
	return i
}
