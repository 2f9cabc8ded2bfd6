package main

import (
	"fmt"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

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
		return fmt.Sprintf("warning: the upgrade failed: %v", e.Err)
	}
	return string(e.Kind)
}
