package shim

import (
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
	Strays      []ProcessStatus    `json:"strays"`
	Foreign     []ProcessStatus    `json:"foreign"`
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

// A ProcessStatus is one process as people and scripts see it.
type ProcessStatus struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Command string    `json:"command"`
	Locked  bool      `json:"locked"`
	Memory  int64     `json:"memory"` // resident bytes
}

// processStatus is what a status says of p.
func processStatus(p proc.Process) ProcessStatus {
	return ProcessStatus{PID: p.PID, Started: p.Started(), Command: p.Title(), Locked: p.Shared, Memory: p.Memory}
}
