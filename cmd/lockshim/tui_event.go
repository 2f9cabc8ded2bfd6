package main

import (
	"fmt"
	"strings"
	"syscall"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

// sentence is an event as people read it.
func (r *renderer) sentence(e event.Event) string {
	switch e.Kind {
	case event.Launched:
		return fmt.Sprintf("launched pid %d: %s", e.PID, clip(shellQuote(e.Command)))
	case event.Adopted:
		return fmt.Sprintf("adopted the running tree of master pid %d: nothing is launched", e.PID)
	case event.LowFD:
		return fmt.Sprintf("warning: the hard limit of open files is so low that the lock is descriptor %d, which some servers close: raise it with ulimit -Hn 4096", e.FD)
	case event.Foreign:
		return "warning: the lock is held from outside the service, which is left alone: " + processList(e)
	case event.NewGeneration:
		return fmt.Sprintf("generation %d has master pid %d", e.Generation, e.PID)
	case event.Ended:
		return fmt.Sprintf("master pid %d %s", e.PID, ending(e.Code))
	case event.Unlocked:
		return "warning: serving without the lock: " + processList(e) + r.hookAdvice()
	case event.Forged:
		return "warning: ignored a notification of " + forger(e)
	case event.Replaced:
		return "warning: " + r.lock + " was deleted or replaced: the file of that name now is waited for too"
	}
	return r.stopSentence(e)
}

// stopSentence is an event of the last part of a life.
func (r *renderer) stopSentence(e event.Event) string {
	switch e.Kind {
	case event.Signalled:
		return fmt.Sprintf("sent %s to pid %d", profile.SignalName(e.Signal), e.PID) + others(e)
	case event.Ignored:
		return fmt.Sprintf("warning: %s is not passed on: %v", profile.SignalName(e.Signal), e.Err)
	case event.Stopping:
		return "stopping with " + profile.SignalName(e.Signal)
	case event.Masterless:
		return "no master is left: stopping " + processList(e)
	case event.StrayLeft:
		return "only strays are left: " + processList(e)
	case event.Exiting:
		return fmt.Sprintf("the last generation is gone: exiting with %d", e.Code)
	case event.Trouble:
		return fmt.Sprintf("warning: %v", e.Err)
	}
	return upgradeSentence(e)
}

// forger is who sent a notification without being of the service.
func forger(e event.Event) string {
	if len(e.Command) == 0 {
		return fmt.Sprintf("pid %d, which has ended or cannot be seen", e.PID)
	}
	return fmt.Sprintf("pid %d (%s), which is not of the service", e.PID, clip(e.Record().Command))
}

// ending is how a master ended, from the number that a shell would show.
func ending(code int) string {
	switch {
	case code < 0:
		return "has ended; its exit status could not be known"
	case code > 128:
		return "was ended by " + profile.SignalName(syscall.Signal(code-128))
	}
	return fmt.Sprintf("exited with %d", code)
}

// hookAdvice is how to see the hook that puts the lock back, as far as there is
// one.
func (r *renderer) hookAdvice() string {
	if r.hook == "" {
		return ""
	}
	return ": install the hook of lockshim hook " + r.hook
}

// listed is how many processes a sentence names.
const listed = 8

// processList names the processes of an event by pid and command.
func processList(e event.Event) string {
	names := make([]string, 0, listed+1)
	for _, p := range e.Processes[:min(listed, len(e.Processes))] {
		names = append(names, fmt.Sprintf("pid %d (%s)", p.PID, clip(p.Title())))
	}
	if more := len(e.Processes) - len(names) + e.Omitted; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// others says how many more processes there are than the one that is named.
func others(e event.Event) string {
	if n := len(e.Processes) - 1 + e.Omitted; n > 0 {
		return fmt.Sprintf(" and %d more", n)
	}
	return ""
}

// clip shortens a command to what a line of a log can bear.
func clip(command string) string {
	const limit = 200
	if runes := []rune(command); len(runes) > limit {
		return string(runes[:limit]) + "..."
	}
	return command
}
