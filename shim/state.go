package shim

import (
	"syscall"
	"time"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

// A phase is where the service's life stands.
type phase int

const (
	serving    phase = iota // a master is thought to live
	stopping                // a stop schedule runs, asked for
	masterless              // a stop schedule runs on workers that lost their master
	lingering               // only strays are left; they are ended, or waited for
	draining                // only members elsewhere are left; they are waited for
	over                    // nobody is left
)

func (p phase) String() string {
	return [...]string{"serving", "stopping", "masterless", "lingering", "draining", "over"}[p]
}

// A hold is what the shim has of the exclusive lock.
type hold int

const (
	asked   hold = iota // a goroutine waits for it
	granted             // the shim has it: nobody has the shared one
	given               // given back, as a server process lives without the lock
	broken              // the system refuses to wait
)

func (h hold) String() string { return [...]string{"asked", "granted", "given", "broken"}[h] }

// A state is all that step knows. It is a value: step returns another one.
type state struct {
	phase       phase
	lock        hold
	alone       bool             // no child is left; false after an adoption, which has none
	adopted     bool             // the tree was found running: its members are nobody's children of ours
	replace     bool             // launch once nobody is left
	giveUp      bool             // exit where the schedule has ended in vain
	stop        bool             // somebody asked for the end
	code        int              // how the last master ended; unknown where nobody could know
	schedule    profile.Schedule // that runs, in stopping, masterless and lingering
	ordered     profile.Schedule // of the stop that somebody asked for, where it is not the profile's
	at          int              // its step
	hurried     bool             // it took the place of another one
	passedOn    bool             // that step's signal went to the workers too
	upgrade     upgrade          // that runs, while the phase is serving
	late        bool             // a generation that was launched has not become ready in time
	interrupted bool             // adopted, and no upgrade since: of two generations the old one is to go
	doubted     bool             // a doubtful leader has had its time
	missed      bool             // a look saw nobody, and the lock was held nevertheless
	helped      bool             // helpers that were left alone have had their time to end
}

// unknown is the code of a master whose status nobody could learn.
const unknown = -1

// stillThere is the code of a stop that gave up, start-stop-daemon(8)'s.
const stillThere = 2

// An input is one fact.
type input struct {
	kind   inputKind
	role   role           // exited
	number int            // readied: the generation
	steady bool           // readied: it has served for a while
	asker  asker          // wanted, cancelled: who is to be answered
	code   int            // exited
	left   bool           // exited: there are children yet
	seen   census         // looked
	signal syscall.Signal // signalled
	err    error          // lockFailed; checked: why it failed

	schedule profile.Schedule // requested: of this stop, nil for the profile's
}

type inputKind int

const (
	lockGranted inputKind = iota // the exclusive lock is the shim's
	lockFailed                   // it cannot be waited for
	exited                       // a child, or a watched member, ended
	looked                       // a look at /proc was taken
	signalled                    // the shim was sent a signal
	requested                    // an operator asks for a stop
	readied                      // a generation serves
	wanted                       // an operator asks for an upgrade
	cancelled                    // an operator asks to roll it back
	checked                      // the preflight has ended
	timeUp                       // what the upgrade waits for has had its time
	settled                      // what comes by itself has come: look why not
	stepDue                      // the schedule's step has had its time
	doubtDue                     // a leader that may be a launcher's child has had its time
)

func (k inputKind) String() string {
	return [...]string{"granted", "lock failed", "exited", "looked", "signalled", "requested", "readied", "wanted", "cancelled", "checked", "time up", "settled", "step due", "doubt due"}[k]
}

// A role is what an ended process was.
type role int

const (
	aWorker  role = iota // anything but a master
	aMaster              // the master of a generation
	aSuspect             // leads since a launcher ended, and has not shown that it is a daemon
)

// A census is a View in figures.
type census struct {
	masters  int
	workers  int
	strays   int  // and launchers
	helpers  int  // that end with those they clean up after
	members  int  // joined by lockshim hold elsewhere
	foreign  int  // holders that are none of these
	locked   bool // a server process holds the lock
	owed     bool // the end of an adopted process is about to be told
	doubtful bool // the only master may be a worker that a master left behind

	newest  int  // the number of the latest generation that has a master
	unready bool // that one has yet to say, for the first time, that it serves
	old     bool // one of the generations that the upgrade retires has a process
	oldLed  bool // and one of their masters lives
	new     bool // the generation that it brought in has one
	newLed  bool // and its master lives
	newWas  bool // it has been ready
	newOwed bool // how its master ended is about to be told
	stunted bool // the old master has waited for a child that no look has seen
}

// An action is what the loop is to do. The loop does them in order.
type action struct {
	kind     actionKind
	target   target         // send
	signal   syscall.Signal // send, ignore
	after    time.Duration  // settle, stepIn, doubt
	code     int            // exit
	event    event.Kind     // tell
	everyone bool           // look: at holders outside the tree too
	orphan   bool           // look: the last master's end may have been a launcher's
	number   int            // tell, prove, send to a part of an upgrade: the generation
	err      error          // tell, refuse: why
	asker    asker          // accept, agree, refuse
}

type actionKind int

const (
	look      actionKind = iota // look at /proc, answer with looked
	send                        // send signal to target
	ask                         // wait for the exclusive lock
	giveBack                    // give the exclusive lock back
	settle                      // answer with settled after a moment
	stepIn                      // answer with stepDue after a time; replaces an earlier one
	noStep                      // forget about stepDue
	doubt                       // answer with doubtDue after a time
	tell                        // emit an event
	ignore                      // tell that a signal was not passed on
	relaunch                    // launch the server
	fail                        // tell who asked for a stop that it was in vain
	accept                      // an upgrade begins for asker
	agree                       // tell asker that it will be so
	succeed                     // tell who asked for the upgrade that it is done
	refuse                      // tell asker, or in an event, why not
	preflight                   // run the preflight, answer with checked
	prove                       // answer with readied when the generation serves
	timeIn                      // answer with timeUp after a time; replaces an earlier one
	noTime                      // forget about timeUp
	quit                        // end the preflight and the check of a generation
	exit                        // return code
)

func (k actionKind) String() string {
	return [...]string{"look", "send", "ask", "give back", "settle", "step in", "no step", "doubt", "tell", "ignore", "relaunch", "fail", "accept", "agree", "succeed", "refuse", "preflight", "prove", "time in", "no time", "quit", "exit"}[k]
}

// A target names whom a signal goes to. The loop looks who that is at the
// moment of sending.
type target int

const (
	current      target = iota // the current master
	masters                    // every master; the workers where none is left
	servers                    // masters and workers
	leftover                   // strays and launchers
	everybody                  // the whole tree, members elsewhere too
	retirees                   // what an upgrade retires: masters, workers where none is left
	allRetirees                // masters and workers of it
	newcomers                  // what it brought in: masters, workers where none is left
	allNewcomers               // masters and workers of it
)

func (t target) String() string {
	return [...]string{"current", "masters", "servers", "leftover", "everybody", "retirees", "all retirees", "newcomers", "all newcomers"}[t]
}

// The times that a step waits for what comes by itself. None runs at rest.
const (
	settleTime = 10 * time.Millisecond // between the lock and the exit status of its last holder
	doubtTime  = time.Second           // for a daemon to start its session
	missedTime = time.Second           // for the lock, when nobody is seen to hold it
	helperTime = time.Second           // for helpers to end, once they are alone
	strayTime  = 10 * time.Second      // between TERM and KILL, for strays
)
