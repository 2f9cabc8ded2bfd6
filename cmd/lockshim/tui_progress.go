package main

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/event"
)

// The words around an upgrade.
const (
	textAsk    = "leave the upgrade running, or roll it back? (l/r; Ctrl-C again leaves) "
	textLeft   = "left: the shim goes on with the upgrade"
	textGoesOn = "the upgrade goes on"
)

// refresh is the time between two showings of how long a step takes.
const refresh = 200 * time.Millisecond

// A progress shows an upgrade on standard error: a line for each step with the
// time since the start; on a terminal the step that runs, too, with its time.
type progress struct {
	began  time.Time
	live   bool   // on a terminal
	now    string // what is waited for
	since  time.Time
	paused bool // a question stands there
}

func newProgress() *progress {
	now := time.Now()
	return &progress{began: now, since: now, live: onTerminal(unix.Stderr), now: "asking the shim"}
}

// step shows an event, and says what is waited for after it.
func (p *progress) step(e event.Event) {
	output := e.Output
	e.Output = nil
	p.say((&renderer{}).sentence(e))
	for _, line := range output {
		toStderr([]byte("lockshim: wrote: " + oneLine(clip(line)) + "\n"))
	}
	if next := awaited[e.Kind]; next != "" {
		p.now, p.since = next, time.Now()
	}
}

// awaited is what an upgrade waits for after an event.
var awaited = map[event.Kind]string{
	event.Upgrading:     "waiting for the new generation",
	event.NewGeneration: "waiting until it is ready",
	event.Ready:         "seeing that it stays",
	event.Retiring:      "waiting for the old generation to finish its work",
}

// say writes a line.
func (p *progress) say(text string) {
	p.clear()
	toStderr([]byte(fmt.Sprintf("lockshim: %7.3fs  %s\n", time.Since(p.began).Seconds(), oneLine(text))))
}

// tick shows how long the present step takes.
func (p *progress) tick() {
	if p.live && !p.paused {
		toStderr([]byte(fmt.Sprintf("\rlockshim: %7.1fs  %s: %.0f s \x1b[K", time.Since(p.began).Seconds(), p.now, time.Since(p.since).Seconds())))
	}
}

// clear takes the line of tick away.
func (p *progress) clear() {
	if p.live {
		toStderr([]byte("\r\x1b[K"))
	}
}

// pause lets a question stand.
func (p *progress) pause(question string) {
	p.clear()
	p.paused = true
	toStderr([]byte(question))
}

// resume goes on after a question.
func (p *progress) resume() { p.paused = false }

// end clears up. The result is in the last event, or the error that follows.
func (p *progress) end(error) { p.clear() }
