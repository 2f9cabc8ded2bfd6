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

// An asker is the request that an upgrade is for; nil for a signal.
type asker = *control.Request

// trialTime is how long a new generation has to live on after it was ready, where
// nobody said what ready means. Only then is the old one told to go: it is all
// there is to go back to.
const trialTime = time.Second

// failTime is what a generation that is rolled back has between its quick stop
// and KILL.
const failTime = 10 * time.Second

// Why an upgrade fails.
var (
	errCancelled  = errors.New("it was cancelled")
	errStopped    = errors.New("the service is being stopped")
	errNoMaster   = errors.New("no master is left")
	errTwo        = errors.New("two generations live, and neither is told to go")
	errNoNewcomer = errors.New("no new generation came in time")
	errStunted    = errors.New("the new generation ended as soon as it began")
	errEarlyEnd   = errors.New("the new generation ended before it was ready")
	errLateEnd    = errors.New("the new generation ended after it was ready")
	errNotReady   = errors.New("the new generation was not ready in time")
	errKept       = errors.New("the old one is gone, so the new one is kept")
	errRemains    = errors.New("the new generation serves, but the old one is still there")
	errTooLate    = errors.New("the old generation is on its way out already")
	errNoUpgrade  = errors.New("no upgrade runs")
)
