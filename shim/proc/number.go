package proc

import (
	"cmp"
	"slices"

	"github.com/lockshim/lockshim/shim/profile"
)

// enumerate sorts the generations, oldest first, and numbers those that are not
// known: they count on.
func enumerate(generations []Generation, known []Known) {
	last := 0
	for _, k := range known {
		last = max(last, k.Number)
	}
	slices.SortStableFunc(generations, older)
	for i := range generations {
		if generations[i].Number == 0 {
			last++
			generations[i].Number = last
		}
	}
}

// older orders two generations: by number where both have one, a numbered one
// first, then one without a master (its workers outlived it, or drain beside
// the image that took its place), then by the birth of what leads.
func older(a, b Generation) int {
	if a.Number != 0 && b.Number != 0 {
		return cmp.Compare(a.Number, b.Number)
	}
	if a.Number != 0 || b.Number != 0 {
		return -cmp.Compare(a.Number, b.Number)
	}
	if a.Leaderless != b.Leaderless {
		if a.Leaderless {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.Start(), b.Start())
}

// Start is when the generation's first process was forked that still lives, in
// ticks since boot: its master where it has one.
func (g Generation) Start() uint64 {
	if !g.Leaderless {
		return g.Master.ID.Start
	}
	first := g.Workers[0].ID.Start
	for _, w := range g.Workers {
		first = min(first, w.ID.Start)
	}
	return first
}

// Served reports whether g's image has shown that it is the server's own, and
// not that of a wrapper which is about to execute it: it has workers, or a master
// with a title of that profile.
func (g Generation) Served(p profile.Profile) bool {
	return len(g.Workers) > 0 || p.Role(g.Master.Args) == profile.Master
}

// Processes are the master, if there is one, and the workers.
func (g Generation) Processes() []Process {
	if g.Leaderless {
		return g.Workers
	}
	return append([]Process{g.Master}, g.Workers...)
}

// Masters are the masters of all generations, oldest first.
func (v View) Masters() []Process {
	var masters []Process
	for _, g := range v.Generations {
		if !g.Leaderless {
			masters = append(masters, g.Master)
		}
	}
	return masters
}

// Servers are the masters and workers of all generations, sorted by pid.
func (v View) Servers() []Process {
	var servers []Process
	for _, g := range v.Generations {
		servers = append(servers, g.Processes()...)
	}
	slices.SortFunc(servers, byPID)
	return servers
}
