package proc

import (
	"slices"
	"time"

	"github.com/lockshim/lockshim/shim/profile"
)

// Rules are what Classify must know besides the snapshot.
type Rules struct {
	Profile  profile.Profile
	Command  []string // how the server was launched; nil where nobody knows
	Exe      string   // the file that Command runs, as Program says; "" where nobody knows
	Shim     int      // the shim's pid; 0 where it is dead
	Launched ID       // what the shim launched itself; zero after an adoption
	Session  int      // the session that it was launched in; 0 where nobody knows
	Known    []Known  // the generations of an earlier View

	Announced []Announcement // who said that it leads
}

// An Announcement is a member's word that it leads a generation, as a server
// gives it by sd_notify(3). A process that a server has executed serves by it,
// whatever its command line. Main says that it was named as the main process;
// else it only said that it is ready, as a program may that a server runs for
// that purpose, and must run the file of a master.
type Announcement struct {
	ID
	Main bool
}

// A Known is a generation as it was seen before. It keeps its number, and its
// master, once dead, is not replaced by one of the workers; a zero Master lets
// the processes' shape say who leads, as after a launcher's end.
type Known struct {
	Number int
	Image  Image
	Master ID
	Orphan bool     // it had lost its master when it was seen first: none of it will lead
	Args   []string // the master's command line: a later generation may have it too
	Served bool     // it had workers, or its master that title: its image is the server's, not a launcher's
	Ready  bool     // it was ready to serve, as somebody saw or said: who led it then was no launcher

	Lasted time.Time // it was ready by time alone: who led it may yet be a launcher, of a daemon that is younger than this
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
	Launchers   []Process // what stays as a parent of the server: sudo(8), a script
	Helpers     []Process // descended from the launch; each ends with those that it cleans up after: profile.Tracker
	Strays      []Process // descended from the launch, neither master nor worker
	Members     []Process // joined by lockshim hold, elsewhere
	Foreign     []Process // hold the lock, and are none of these
	Shims       []Process // hold the guard
	Blind       int       // as in the snapshot
}

// Classify says what each process of a snapshot is. It is a pure function.
//
// A member descends from the shim, or its environment names the service, or,
// where the shim did not launch the tree, it holds the lock and is the server by
// its title, its command line or its program. Members of one image are one
// generation if that is known from before, or if one of them was launched, or
// bears a title of the profile or the command line of the launch or of a master.
// What leads it is the known master, else a title's word, else the process that
// executed the image, else the only root. Members with an older image than the
// server that is their parent are the workers of the generation that it was
// before it re-executed itself in place. Where workers are executed anew
// (profile.Spawns), the server's children that say so are its workers, and those
// that have lost their parent are, where nobody else serves. A member that is none
// of this and has a master below it is a launcher. Every other one is a stray, if
// it is no tracker.
//
// What cannot be told apart: a process that was forked by a server and has not
// executed an image of its own looks like a worker and is called one, be it a
// daemon that the application started or the next master on its way to its exec.
// Without an earlier view and without titles, one worker that its daemonized
// master left behind looks like a daemonized master that has no worker yet, and
// is taken for that. Without randomised addresses, workers that a master forked
// before it re-executed itself in place look like those that it forked after,
// and one that its master left behind looks like that of a younger master if it
// was forked in the life of both.
func Classify(s Snapshot, r Rules) View {
	v := View{Blind: s.Blind}
	c := newCensus(v.divide(s.Processes, r), r)
	for _, g := range c.groups {
		if g.serves {
			v.Generations = append(v.Generations, g.generation())
		}
	}
	enumerate(v.Generations, r.Known)
	v.sortOut(c)
	for _, list := range [][]Process{v.Launchers, v.Helpers, v.Strays, v.Members} {
		slices.SortFunc(list, byPID)
	}
	return v
}

// divide returns the members, and files the shims and the foreign holders.
func (v *View) divide(all []Process, r Rules) (members []Process) {
	tree := Descendants(all, roots(all, r))
	launched := Descendants(all, []int{r.Shim})
	for _, p := range all {
		switch {
		case p.Zombie() || p.PID == r.Shim && !p.Guard:
		case p.Guard:
			v.Shims = append(v.Shims, p)
		case p.Held && r.Launched != (ID{}) && !launched[p.PID]:
			v.Members = append(v.Members, p) // whatever it runs: the server is elsewhere
		case tree[p.PID] || p.Marked || p.Shared && r.claims(p):
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

// sortOut files the members that are no part of a generation.
func (v *View) sortOut(c *census) {
	above := c.above()
	for _, g := range c.groups {
		for _, p := range g.processes {
			switch {
			case g.serves:
			case above[p.PID] || c.launches(p):
				v.Launchers = append(v.Launchers, p)
			case p.Held:
				v.Members = append(v.Members, p)
			case profile.Tracker(p.Args):
				v.Helpers = append(v.Helpers, p)
			default:
				v.Strays = append(v.Strays, p)
			}
		}
	}
}

func byPID(a, b Process) int { return a.PID - b.PID }
