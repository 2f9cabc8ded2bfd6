package profile

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ParseSchedule reads a stop schedule in the notation of start-stop-daemon(8),
// --retry: items separated by slashes, each a signal (TERM, SIGTERM, -TERM, -15)
// or a timeout, how long to wait after the signal before it. A timeout is a
// number of seconds (60, 0.5), a Go duration (1m30s), or the word forever. Its
// error is a *SyntaxError that names the item.
//
// It differs from start-stop-daemon: the first item is a signal; a last signal
// without a timeout waits for ever; forever ends the schedule, where
// start-stop-daemon repeats what follows it. As there, a number without a minus
// is a timeout, and two signals in a row are sent without a wait between them.
func ParseSchedule(s string) (Schedule, error) {
	var steps Schedule
	timed := true // no signal waits for its timeout
	for i, item := range strings.Split(s, "/") {
		sig, wait, why := parseItem(item)
		switch {
		case why == "" && sig == 0 && len(steps) == 0:
			why = "a schedule starts with a signal"
		case why == "" && timed && len(steps) > 0 && steps[len(steps)-1].Wait == Forever:
			why = "nothing can follow forever"
		case why == "" && sig == 0 && timed:
			why = "a timeout follows a timeout"
		}
		if why != "" {
			return nil, scheduleError(s, i, item, why)
		}
		if timed = sig == 0; timed {
			steps[len(steps)-1].Wait = wait
		} else {
			steps = append(steps, Step{Signal: sig})
		}
	}
	if !timed {
		steps[len(steps)-1].Wait = Forever
	}
	return steps, nil
}

// parseItem reads one item: a signal, or with sig 0 a timeout, or why it is
// neither.
func parseItem(item string) (sig syscall.Signal, wait time.Duration, why string) {
	if _, number := digits(item); !number {
		if sig = lookupSignal(strings.TrimPrefix(item, "-")); sig != 0 {
			return sig, 0, ""
		}
	}
	if wait, ok := parseWait(item); ok {
		return 0, wait, ""
	}
	return 0, 0, "neither a signal nor a timeout"
}

func scheduleError(s string, i int, item, why string) error {
	return &SyntaxError{
		What: "stop schedule", Text: s,
		Why:  fmt.Sprintf("item %d, %q: %s", i+1, item, why),
		Want: "QUIT/60/TERM/10/KILL, -15/1m30s/-9 or TERM/forever",
	}
}

// parseWait reads a timeout. It takes none that is negative or too long for a
// time.Duration.
func parseWait(s string) (time.Duration, bool) {
	if s == "forever" {
		return Forever, true
	}
	if d, ok := parseSeconds(s); ok {
		return d, true
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && s[0] != '-' && s[0] != '+'
}

// parseSeconds reads whole or decimal seconds, to the nanosecond.
func parseSeconds(s string) (time.Duration, bool) {
	whole, frac, dot := strings.Cut(s, ".")
	if dot && (frac == "" || len(frac) > 9) {
		return 0, false
	}
	for len(frac) < 9 {
		frac += "0"
	}
	sec, err := strconv.ParseUint(whole, 10, 63)
	ns, ok := digits(frac)
	if err != nil || !ok || sec > (math.MaxInt64-uint64(ns))/1e9 {
		return 0, false
	}
	return time.Duration(sec)*time.Second + time.Duration(ns), true
}

// String is the schedule in the notation that ParseSchedule reads, and reads
// back to an equal one.
func (s Schedule) String() string {
	var items []string
	for i, step := range s {
		items = append(items, SignalName(step.Signal))
		last := i == len(s)-1
		if step.Wait > 0 || step.Wait == 0 && last {
			items = append(items, formatSeconds(step.Wait))
		} else if step.Wait < 0 && !last {
			items = append(items, "forever")
		}
	}
	return strings.Join(items, "/")
}

// Length is how long the schedule may take to its last signal, and whether nothing
// is left then, or it gives up: where it waits for ever for another signal than
// KILL to be obeyed, it has no end.
func (s Schedule) Length() (sum time.Duration, ends bool) {
	for i, step := range s {
		if step.Wait < 0 {
			return sum, i == len(s)-1 && step.Signal == syscall.SIGKILL
		}
		sum += step.Wait
	}
	return sum, true
}

// formatSeconds writes d in seconds, with as many decimals as it needs.
func formatSeconds(d time.Duration) string {
	whole := strconv.FormatInt(int64(d/time.Second), 10)
	if ns := d % time.Second; ns != 0 {
		return whole + "." + strings.TrimRight(fmt.Sprintf("%09d", int64(ns)), "0")
	}
	return whole
}
