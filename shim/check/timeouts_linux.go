package check

import (
	"fmt"
	"os"
	"time"

	"github.com/lockshim/lockshim/shim/profile"
)

// timeouts compares the stop schedule with the patience of the init system.
func timeouts(s *Subject) []Finding {
	if len(s.Command) == 0 && !s.Runs {
		return nil
	}
	pid := os.Getpid()
	if s.status.Shim != nil {
		pid = s.status.Shim.PID
	}
	return judge(s.Profile.Stop, findInit(pid))
}

// judge says whether an init waits long enough.
func judge(stop profile.Schedule, i initSystem) []Finding {
	takes, ends := stop.Length()
	switch {
	case !ends && i.known && i.waits != patientForever:
		return warn("timeouts", "--stop "+longer(stop, i.waits), "the stop schedule %s has no end, and %s waits %s", stop, i.name, seconds(i.waits))
	case !ends:
		return ok("timeouts", "the stop schedule %s has no end: what the init system waits decides", stop)
	}
	needs := takes + time.Second
	set := (needs + 5*time.Second - 1).Truncate(5 * time.Second)
	switch {
	case !i.known:
		return ok("timeouts", "a stop takes up to %s: give %s at least %s: %s", seconds(takes), i.name, seconds(needs), i.line(set))
	case i.waits < needs:
		return warn("timeouts", i.line(set), "a stop takes up to %s, and %s waits %s", seconds(takes), i.name, seconds(i.waits))
	case i.waits == patientForever:
		return ok("timeouts", "a stop takes up to %s, and %s waits for as long as it takes", seconds(takes), i.name)
	}
	return ok("timeouts", "a stop takes up to %s, and %s waits %s", seconds(takes), i.name, seconds(i.waits))
}

// longer is a schedule with an end within what an init waits.
func longer(stop profile.Schedule, waits time.Duration) string {
	first := max(waits-5*time.Second, time.Second)
	return fmt.Sprintf("%s/%d/KILL", profile.SignalName(stop[0].Signal), int(first.Seconds()))
}
