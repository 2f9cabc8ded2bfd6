// Package event is what the machine tells while it works: one Event for each
// thing that happened, for a log or a history.
package event

import (
	"syscall"
	"time"

	"github.com/lockshim/lockshim/shim/proc"
)

// A Kind names what an Event tells.
type Kind string

// The kinds of events, in the order in which a life usually shows them.
const (
	Launched      Kind = "launched"       // PID is the server's; Command
	Adopted       Kind = "adopted"        // PID is the current master's
	LowFD         Kind = "low-fd"         // the hard limit forced descriptor FD, below 1025
	Foreign       Kind = "foreign"        // Processes hold the lock and are not of the service
	NewGeneration Kind = "generation"     // PID, forked at Started, leads a new generation, number Generation
	Ready         Kind = "ready"          // generation number Generation, led by PID, serves
	NotReady      Kind = "not-ready"      // generation number Generation has not said so in time; Err
	Upgrading     Kind = "upgrading"      // an upgrade of generation number Generation, led by PID, began
	Retiring      Kind = "retiring"       // Signal goes to generation number Generation, which another one replaces
	Upgraded      Kind = "upgraded"       // generation number Generation is the only one
	UpgradeFailed Kind = "upgrade-failed" // Err says why; generation number Generation goes on
	Interrupted   Kind = "interrupted"    // Processes lead two generations; PID leads Generation, the old one
	Ended         Kind = "ended"          // the master PID ended with Code (-1: could not know)
	Unlocked      Kind = "unlocked"       // Processes serve without the lock
	Replaced      Kind = "replaced"       // the lockfile's path names another file now
	Forged        Kind = "forged"         // PID, with Command if it can be seen, notifies the shim and is not of the service
	Signalled     Kind = "signalled"      // Signal went to PID
	Ignored       Kind = "ignored"        // Signal was not passed on; Err says why
	Stopping      Kind = "stopping"       // a stop began, or went on to the step that sends Signal
	Masterless    Kind = "masterless"     // no master is left; Processes are the workers
	StrayLeft     Kind = "strays"         // Processes are all that is left
	Exiting       Kind = "exiting"        // the last generation is gone; Code is the answer
	Trouble       Kind = "trouble"        // Err is something that went wrong and did not matter
)

// An Event is one thing that happened. Fields that a kind does not name are zero.
type Event struct {
	Time       time.Time
	Kind       Kind
	PID        int
	Started    time.Time
	Generation int
	Signal     syscall.Signal
	Code       int
	FD         int
	Command    []string
	Processes  []proc.Process
	Omitted    int // how many more there are than Processes lists
	Err        error
	Output     []string // what was written last, a line each
}
