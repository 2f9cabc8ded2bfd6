package main

import (
	"fmt"
	"strings"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

// written is what a server wrote last, on one line.
func written(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return ": it wrote last: " + clip(strings.Join(lines, " | "))
}

// upgradeSentence is an event of a generation that comes or goes.
func upgradeSentence(e event.Event) string {
	switch e.Kind {
	case event.Ready:
		return fmt.Sprintf("generation %d is ready", e.Generation)
	case event.NotReady:
		return fmt.Sprintf("warning: generation %d is not ready: %v", e.Generation, e.Err)
	case event.Upgrading:
		return fmt.Sprintf("upgrading generation %d, master pid %d", e.Generation, e.PID)
	case event.Retiring:
		return fmt.Sprintf("retiring generation %d with %s", e.Generation, profile.SignalName(e.Signal))
	case event.Upgraded:
		return fmt.Sprintf("upgraded to generation %d", e.Generation)
	case event.UpgradeFailed:
		return fmt.Sprintf("warning: the upgrade failed: %v", e.Err) + written(e.Output)
	case event.Interrupted:
		return fmt.Sprintf("warning: two generations live, as after an upgrade that was interrupted: the old one is generation %d, master pid %d: lockshim upgrade finishes it", e.Generation, e.PID)
	}
	return string(e.Kind)
}
