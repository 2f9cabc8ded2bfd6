// Package profile says what each server's signals mean.
//
// A profile is data: which signal reloads, upgrades, stops, and by which names
// and process titles a server is recognised. The machine in package shim holds
// the mechanism and asks the profile for the numbers. The package starts no
// process, sends no signal and looks at no file: it reads strings.
package profile

import (
	"syscall"
	"time"
)

// A Kind is what the shim does about a signal that it was sent.
type Kind int

// The kinds of action. Forward and Every, alone, use Action.Signal.
const (
	Forward  Kind = iota // send Action.Signal to the current master
	Every                // send Action.Signal to every master
	Stop                 // run the stop schedule
	Graceful             // send the profile's graceful stop to every master
	Quick                // send the profile's quick stop to every master
	Reload               // send the profile's reload to the current master
	Upgrade              // bring a new generation in, send the old one out
	Ignore               // nothing
)

// An Action is the answer to one signal. Actions can be compared with ==.
type Action struct {
	Kind   Kind
	Signal syscall.Signal
}

// A Step of a stop schedule: send Signal, then wait.
// A negative Wait lasts until the tree is gone, however long that takes.
type Step struct {
	Signal syscall.Signal
	Wait   time.Duration
}

// Forever is the Wait of a step that never escalates.
const Forever time.Duration = -1

// A Schedule is what a stop does, in start-stop-daemon(8)'s notation:
// QUIT/60/TERM/10/KILL.
//
// Its first step is for the masters, which tell their workers. The later ones
// must reach the workers too: the masters of Unicorn and Gunicorn read no
// further signal while they stop.
type Schedule []Step

// A Profile is one server's meaning of signals and names.
//
// A zero signal means that the server has no such operation.
type Profile struct {
	Name     string
	Reload   syscall.Signal
	Upgrade  syscall.Signal
	Graceful syscall.Signal
	Quick    syscall.Signal
	Stop     Schedule
	Orphans  Schedule                  // for workers that have lost their master; nil for Stop
	Actions  map[syscall.Signal]Action // what differs from the rule for all servers

	Fatal []syscall.Signal // not handled by the server, which they would end or stop: they are not passed on
	Why   string           // why it lacks an operation, where people may expect one

	Commands []string // base names, or dotted Python modules, that select this profile
	Needs    []string // arguments without one of which a command does not select it; none: no such rule
	Masters  []string // beginnings of a master's process title
	Workers  []string // beginnings of a worker's process title
	Daemon   []string // command-line flags that send the server to the background
	Appended []string // arguments that a re-exec may add behind the user's own
	Inserted []string // options that a re-exec may put before them, each with its arguments
	Permutes bool     // a re-exec may bring its arguments into another order, as getopt(3) does
	InPlace  bool     // a re-exec keeps the master's pid
	ByPath   bool     // a re-exec does not look argv[0] up in PATH
	Detach   bool     // it takes no upgrade from the parent that started it, unless that has exited
	Aside    bool     // it must not be in a terminal's foreground, where WINCH comes from
	Alone    bool     // it signals its whole process group, and has to have one of its own
	Leaves   bool     // a master leaves by itself once the next one is ready
	Spawns   bool     // workers are executed anew: Spawned knows them
	Leads    bool     // a master that went to the background leads its session: it forks once
	Waits    bool     // the master executes itself once more when it has forked its workers
	Laconic  bool     // READY=1 of one generation does not mean that the next one says it
	Hook     string   // name of its file under hooks, or ""
}
