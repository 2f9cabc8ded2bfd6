package shim

import (
	"os"
	"time"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

// An IfRunning says what Run does when it finds the service running already.
type IfRunning string

// The answers to a tree that runs already.
const (
	Adopt   IfRunning = "adopt"   // follow it, launch nothing
	Refuse  IfRunning = "refuse"  // return a LockedError
	Replace IfRunning = "replace" // stop it, then launch
)

// A StrayPolicy says what becomes of strays when no master and worker is left.
type StrayPolicy string

// The policies for strays.
const (
	KillStrays  StrayPolicy = "kill"  // TERM, ten seconds, KILL
	WaitStrays  StrayPolicy = "wait"  // wait until they are gone
	LeaveStrays StrayPolicy = "leave" // exit, and let them live
)

// A Config is all that Run is told.
type Config struct {
	Lock          string          // absolute path of the lockfile
	LockMode      os.FileMode     // of a lockfile that Run creates; 0 means 0640
	LockUID       int             // owner of a lockfile that Run creates; -1 leaves it
	LockGID       int             // group of a lockfile that Run creates; -1 leaves it
	Command       []string        // the server; Command[0] is looked up in PATH
	Profile       profile.Profile // what signals mean, --map and --stop applied
	IfRunning     IfRunning       // "" means Adopt
	Strays        StrayPolicy     // "" means KillStrays
	ClearPidfiles []string        // the server's pid files, removed before a launch
	Pidfile       string          // the shim's own, removed at the end; "" for none
	Ready         profile.Ready   // how a generation shows that it serves
	ReadyTimeout  time.Duration   // what a generation, and the preflight, may take; 0 means a minute
	Preflight     string          // a line for sh(1) that has to succeed before an upgrade; "" for none
	Self          []string        // begins a command line of this program that calls Assist with what follows; nil for none
	Version       string          // published in Status
	Terminal      bool            // standard input is a terminal: give the server a foreground group

	Signals <-chan os.Signal  // what the caller's signal.Notify delivers
	Emit    func(event.Event) // called from one goroutine; must not block for long
	Rest    func()            // called when there is nothing to do, for as long as the server lives perhaps; may be nil
}
