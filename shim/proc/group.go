package proc

import "slices"

// A group is the members of one image.
type group struct {
	processes []Process
	spawned   []Process // its workers of other images: profile.Spawns
	known     *Known    // what it was seen as before, nil for none
	serves    bool      // it is a generation
	orphaned  bool      // its master is gone, whatever its shape says
	settled   bool      // nobody need look at its shape to say who leads
	leader    *Process  // who leads, nil for nobody
}

// groups gathers the members by image, in order of their first pids. A process
// whose image cannot be read is a group of its own.
func groups(members []Process, known []Known) []*group {
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
		split = append(split, divideAlike(alike, known)...)
	}
	return split
}

// divideAlike tells apart the execs of one layout. With randomised addresses
// there is one. Without, each process that executed an image is the root of one,
// what it forked belongs to it, and what has lost its parent was forked by one
// that is gone, or so it seems: those are together, as nobody knows by which.
func divideAlike(alike []Process, known []Known) []*group {
	if !fixed(alike, known) {
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

// fixed reports whether processes of one layout are of several execs: two of
// them executed an image, or one is older than the one that did and still was
// forked with it, or there were two generations of that layout before.
func fixed(alike []Process, known []Known) bool {
	seen := 0
	for _, k := range known {
		if k.Image.Known() && k.Image == alike[0].Image {
			seen++
		}
	}
	root := slices.IndexFunc(alike, func(p Process) bool { return !p.Forked })
	return seen > 1 || root >= 0 && slices.ContainsFunc(alike, func(p Process) bool {
		return p.PID != alike[root].PID && (!p.Forked || p.Start < alike[root].Start)
	})
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
		switch {
		case !k.Image.Known() || k.Image != g.processes[0].Image:
		case has(g.processes, k.Master):
			return k
		case !c.leadsAlike(k) && !g.younger(k) && (found == nil || !g.older(k)):
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

// older reports whether g has a process that was there before k's master.
func (g *group) older(k *Known) bool {
	return slices.ContainsFunc(g.processes, func(p Process) bool { return p.Start < k.Master.Start })
}

// executed is the generation whose master has g's image now, and of whose own
// image nothing is left, or nothing was seen: a wrapper that executed the next
// program. A server that has served, and re-executes itself in place, is a new
// generation then.
func (c *census) executed(g *group) *Known {
	if !g.processes[0].Image.Known() {
		return c.lastLed(g)
	}
	for i := range c.Known {
		k := &c.Known[i]
		left := slices.ContainsFunc(c.members, func(p Process) bool { return p.Image == k.Image })
		if has(g.processes, k.Master) && !left && !(c.Profile.InPlace && k.Served) {
			return k
		}
	}
	return nil
}

// lastLed is the latest generation whose master is in g, nil for none: what is in
// the midst of an exec has no image to tell by.
func (c *census) lastLed(g *group) *Known {
	for i := len(c.Known) - 1; i >= 0; i-- {
		if k := &c.Known[i]; k.Master != (ID{}) && has(g.processes, k.Master) {
			return k
		}
	}
	return nil
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
