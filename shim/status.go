package shim

import (
	"slices"
	"time"

	"github.com/lockshim/lockshim/shim/proc"
)

// A State is a service's condition in one word.
type State string

// The states of a service.
const (
	Starting  State = "starting"   // launched, no master ready yet
	Serving   State = "serving"    // a master lives
	Upgrading State = "upgrading"  // two generations live
	StateStop State = "stopping"   // a stop runs
	NoMaster  State = "masterless" // workers live, their master does not
	Free      State = "free"       // nobody of the service is there
)

// A Status is what can be seen of a service at one moment.
// Generations are oldest first, the last is the current one; processes are
// sorted by pid.
type Status struct {
	Lock        string             `json:"lock"`
	Profile     string             `json:"profile"`
	State       State              `json:"state"`
	Shim        *ShimStatus        `json:"shim"`
	Generations []GenerationStatus `json:"generations"`
	Helpers     []ProcessStatus    `json:"helpers"` // end with those that they clean up after
	Strays      []ProcessStatus    `json:"strays"`
	Members     []ProcessStatus    `json:"members"` // joined by lockshim hold
	Foreign     []ProcessStatus    `json:"foreign"`
}

// Ready reports whether a generation is ready, and nothing ends the service: what a
// probe wants to know.
func (s Status) Ready() bool {
	return (s.State == Serving || s.State == Upgrading) &&
		slices.ContainsFunc(s.Generations, func(g GenerationStatus) bool { return g.State == isReady })
}

// A ShimStatus is the process that waits for the service.
type ShimStatus struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Version string    `json:"version"`
	Adopted bool      `json:"adopted"` // it found the tree running
}

// A GenerationStatus is one master and its workers.
// Master is nil where the master is gone and its workers are not.
type GenerationStatus struct {
	Generation int             `json:"generation"`
	State      string          `json:"state"` // starting, ready, draining
	Locked     bool            `json:"locked"`
	Master     *ProcessStatus  `json:"master"`
	Workers    []ProcessStatus `json:"workers"`
}

// The states of a generation. One that has said nothing is ready for all that is
// known, where no later one is.
const (
	isStarting = "starting" // it has yet to be ready
	isReady    = "ready"
	isDraining = "draining" // a later one has taken its place, or it has lost its master
)

// A ProcessStatus is one process as people and scripts see it.
type ProcessStatus struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Command string    `json:"command"`
	Locked  bool      `json:"locked"`
	Memory  int64     `json:"memory"` // resident bytes
}

// status says it of an observation.
func (o *observation) status() Status {
	s := Status{
		Lock:        o.lock,
		Profile:     o.rules.Profile.Name,
		State:       stateOf(o.view),
		Generations: []GenerationStatus{},
		Helpers:     statusesOf(o.view.Helpers),
		Strays:      statusesOf(slices.Concat(o.view.Launchers, o.view.Strays)),
		Members:     statusesOf(o.view.Members),
		Foreign:     statusesOf(o.view.Foreign),
	}
	if len(o.view.Shims) > 0 {
		p := o.view.Shims[0]
		s.Shim = &ShimStatus{PID: p.PID, Started: p.Started(), Adopted: o.adopted()}
	}
	for i, g := range o.view.Generations {
		s.Generations = append(s.Generations, statusOf(g, i == len(o.view.Generations)-1))
	}
	return s
}

// adopted reports whether the masters descend from somebody else than the shim.
func (o *observation) adopted() bool {
	masters := o.view.Masters()
	if len(masters) == 0 {
		return false
	}
	tree := proc.Descendants(append(slices.Clone(o.view.Shims), o.view.Servers()...), []int{o.rules.Shim})
	return !tree[masters[len(masters)-1].PID]
}

// stateOf is the state that a view shows.
func stateOf(v proc.View) State {
	switch masters := len(v.Masters()); {
	case masters > 1:
		return Upgrading
	case masters == 1:
		return Serving
	case len(v.Generations) > 0:
		return NoMaster
	case len(v.Shims) > 0:
		return Starting
	}
	return Free
}

// statusOf says it of a generation.
func statusOf(g proc.Generation, isCurrent bool) GenerationStatus {
	s := GenerationStatus{Generation: g.Number, State: isDraining, Workers: statusesOf(g.Workers)}
	if isCurrent && !g.Leaderless {
		s.State = isReady
	}
	if !g.Leaderless {
		master := processStatus(g.Master)
		s.Master, s.Locked = &master, master.Locked
	} else {
		s.Locked = slices.ContainsFunc(g.Workers, func(p proc.Process) bool { return p.Shared })
	}
	return s
}

// statusesOf says it of a list, which it sorts.
func statusesOf(processes []proc.Process) []ProcessStatus {
	list := []ProcessStatus{}
	for _, p := range processes {
		list = append(list, processStatus(p))
	}
	slices.SortFunc(list, func(a, b ProcessStatus) int { return a.PID - b.PID })
	return list
}

// processStatus is what a status says of p.
func processStatus(p proc.Process) ProcessStatus {
	return ProcessStatus{PID: p.PID, Started: p.Started(), Command: p.Title(), Locked: p.Shared, Memory: p.Memory}
}
