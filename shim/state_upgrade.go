package shim

import (
	"errors"
	"time"

	"github.com/lockshim/lockshim/shim/control"
)

// A stage is where an upgrade stands.
type stage int

const (
	noUpgrade stage = iota
	begun           // a look tells whether it may be, or that the one there is has yet to be ready
	checking        // the preflight runs
	coming          // the server was told; its new generation was not seen yet
	proving         // the new generation has yet to be ready
	trial           // it is ready, and has to stay alive for a while
	retiring        // the old one is on its way out
	failing         // the new one is on its way out
)

func (s stage) String() string {
	return [...]string{"none", "begun", "checking", "coming", "proving", "trial", "retiring", "failing"}[s]
}

// An upgrade is how one stands. It is zero while none runs.
type upgrade struct {
	stage   stage
	old     int   // the latest generation when it began: this one and those before retire
	new     int   // the generation that it brought in, 0 before it was seen
	at      int   // the step of the schedule in retiring and failing; -1 before the first
	cause   error // why it is rolled back
	alone   bool  // no old master is left: there is nothing to go back to
	unfound bool  // the next look that finds no new generation ends it
	resumed bool  // it found two generations: the real one follows
}

// ends reports whether the upgrade waits for somebody's end, to be over.
func (u upgrade) ends() bool { return u.stage == retiring || u.stage == failing }

// An asker is the request that an upgrade is for; nil for a signal.
type asker = *control.Request

// trialTime is how long a new generation has to live on after it was ready, where
// nobody said what ready means. Only then is the old one told to go: it is all
// there is to go back to.
const trialTime = time.Second

// failTime is what a generation that is rolled back has between its graceful stop
// and KILL.
const failTime = 10 * time.Second

// Why an upgrade fails, or is refused.
var (
	errCancelled  = errors.New("it was rolled back, as somebody asked for")
	errStopped    = errors.New("the service is being stopped")
	errNoMaster   = errors.New("no master is left")
	errNoNewcomer = late("no new generation came in time")
	errStunted    = errors.New("the new generation ended as soon as it began")
	errEarlyEnd   = errors.New("the new generation ended before it was ready")
	errLateEnd    = errors.New("the new generation ended after it was ready")
	errNotReady   = late("the new generation was not ready in time")
	errSlowCheck  = late("the preflight took too long")
	errKept       = errors.New("the old one is gone, so the new one is kept")
	errRemains    = errors.New("the new generation serves, but the old one is still there")
	errTwo        = busy("two generations live, and neither is told to go")
	errTooLate    = busy("it cannot be rolled back: the old generation is on its way out")
	errNoUpgrade  = busy("it cannot be rolled back: no upgrade runs")
)

// busy and late are errors of these kinds in words of their own.
func busy(text string) error { return &namedError{text, []error{ErrBusy}} }
func late(text string) error { return &namedError{text, []error{ErrTimeout}} }
