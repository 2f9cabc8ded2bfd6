package proc

import (
	"slices"

	"github.com/lockshim/lockshim/shim/profile"
)

// Rules are what Classify must know besides the snapshot.
type Rules struct {
	Profile  profile.Profile
	Command  []string // how the server was launched; nil where nobody knows
	Exe      string   // the file that Command runs, the interpreter of a script; "" where nobody knows
	Shim     int      // the shim's pid; 0 where it is dead
	Launched ID       // what the shim launched itself; zero after an adoption
	Known    []Known  // the generations of an earlier View
}

// A Known is a generation as it was seen before. It keeps its number, and its
// master, once dead, is not replaced by one of the workers; a zero Master lets
// the processes' shape say who leads, as after a launcher's end.
type Known struct {
	Number int
	Image  Image
	Master ID
}

// A Generation is one master and the processes that were forked from its image.
// Leaderless says that Master is gone, or has another image now.
type Generation struct {
	Number     int
	Image      Image
	Leaderless bool
	Master     Process
	Workers    []Process
}

// A View is what the processes of a snapshot are to a service. Generations are
// oldest first, the last is the current one; all else is sorted by pid.
// Zombies are in none of it.
type View struct {
	Generations []Generation
	Launchers   []Process // wrappers that stay as a parent of the server: sudo(8)
	Strays      []Process // descended from the launch, neither master nor worker
	Members     []Process // joined by lockshim hold, elsewhere
	Foreign     []Process // hold the lock, and are none of these
	Shims       []Process // hold the guard
	Blind       int       // as in the snapshot
}

// Classify says what each process of a snapshot is. It is a pure function.
//
// A member descends from the shim, or its environment names the service, or,
// where the shim did not launch the tree, it holds the lock and runs the
// server's program. Members of one image are one generation if one of them
// bears the launch's command line or a title of the profile, was launched, or
// the image is known; what leads it is a title's word, or its only root. Every other member
// is a stray.
//
// A process that was forked by a master and has not executed its own image
// yet looks like a worker, and is called one.
func Classify(s Snapshot, r Rules) View {
	v := View{Blind: s.Blind}
	members := v.divide(s.Processes, r)
	for _, g := range groups(members) {
		if r.serves(g) {
			v.Generations = append(v.Generations, r.generation(g, members))
			continue
		}
		for _, p := range g {
			v.sortOut(p, r)
		}
	}
	enumerate(v.Generations, r.Known)
	for _, list := range [][]Process{v.Launchers, v.Strays, v.Members} {
		slices.SortFunc(list, byPID)
	}
	return v
}

// divide returns the members, and files the shims and the foreign holders.
func (v *View) divide(all []Process, r Rules) (members []Process) {
	tree := Descendants(all, roots(all, r))
	for _, p := range all {
		switch {
		case p.Zombie() || p.PID == r.Shim && !p.Guard:
		case p.Guard:
			v.Shims = append(v.Shims, p)
		case tree[p.PID] || p.Marked || p.Shared && r.runsServer(p):
			members = append(members, p)
		case p.Shared || p.Exclusive:
			v.Foreign = append(v.Foreign, p)
		}
	}
	return members
}

// roots are the pids that the tree descends from: the shim, and the members
// that it did not launch.
func roots(all []Process, r Rules) []int {
	pids := []int{r.Shim}
	for _, p := range all {
		if p.Marked && !p.Guard {
			pids = append(pids, p.PID)
		}
	}
	return pids
}

// sortOut files a member that is no part of a generation.
func (v *View) sortOut(p Process, r Rules) {
	switch {
	case profile.Wrapper(p.Args):
		v.Launchers = append(v.Launchers, p)
	case p.Held:
		v.Members = append(v.Members, p)
	default:
		v.Strays = append(v.Strays, p)
	}
}

// runsServer reports whether a holder outside the tree runs the server's
// program. Where the shim launched the tree, its members descend from it.
func (r Rules) runsServer(p Process) bool {
	if r.Launched != (ID{}) {
		return false
	}
	return r.Exe != "" && p.Exe == r.Exe || r.bearsCommand(p)
}

// serves reports whether the processes of one image are a generation.
func (r Rules) serves(g []Process) bool {
	if slices.ContainsFunc(r.Known, func(k Known) bool { return k.Image == g[0].Image && k.Image.Known() }) {
		return true
	}
	return slices.ContainsFunc(g, func(p Process) bool {
		launched := p.ID == r.Launched && !profile.Wrapper(p.Args)
		return launched || r.Profile.Role(p.Args) != profile.Unknown || r.bearsCommand(p)
	})
}

// bearsCommand reports whether p's command line is that of the server.
func (r Rules) bearsCommand(p Process) bool {
	if len(p.Args) == 0 || profile.Wrapper(p.Args) {
		return false
	}
	if r.Command != nil && profile.Same(p.Args, r.Command) {
		return true
	}
	found := profile.Recognise(p.Args).Name
	return r.Command == nil && found == r.Profile.Name && found != "generic"
}

// generation finds out who leads g.
func (r Rules) generation(g, members []Process) Generation {
	gen := Generation{Image: g[0].Image}
	lead := r.leader(g, members)
	for i, p := range g {
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
func (r Rules) leader(g, members []Process) int {
	for _, k := range r.Known {
		if k.Image == g[0].Image && k.Image.Known() && k.Master != (ID{}) {
			return slices.IndexFunc(g, func(p Process) bool { return p.ID == k.Master })
		}
	}
	title := func(p Process) bool { return p.ID == r.Launched || r.Profile.Role(p.Args) == profile.Master }
	if i := slices.IndexFunc(g, title); i >= 0 {
		return i
	}
	return r.root(g, members)
}

// root is the index of the one process of g that the others descend from. With
// several, the master is gone, unless one alone has workers or leads a session,
// as a daemon does.
func (r Rules) root(g, members []Process) int {
	var roots, parents, leaders []int
	for i, p := range g {
		if has(g, p.PPID) || r.Profile.Role(p.Args) == profile.Worker || r.Profile.InPlace && replaced(p, members) {
			continue
		}
		roots = append(roots, i)
		if slices.ContainsFunc(g, func(c Process) bool { return c.PPID == p.PID }) {
			parents = append(parents, i)
		}
		if p.Session == p.PID {
			leaders = append(leaders, i)
		}
	}
	for _, only := range [][]int{roots, parents, leaders} {
		if len(only) == 1 {
			return only[0]
		}
	}
	return -1
}

// replaced reports whether p's parent runs the same program from another exec:
// it re-executed itself in place, and p was forked before that.
func replaced(p Process, members []Process) bool {
	return slices.ContainsFunc(members, func(m Process) bool {
		return m.PID == p.PPID && m.Exe == p.Exe && m.Image != p.Image
	})
}

// has reports whether the process pid is among list.
func has(list []Process, pid int) bool {
	return slices.ContainsFunc(list, func(p Process) bool { return p.PID == pid })
}

// groups gathers the processes of one image, in order of their first pids.
// A process whose image cannot be read is a group of its own.
func groups(members []Process) [][]Process {
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
	return all
}

func byPID(a, b Process) int { return a.PID - b.PID }
