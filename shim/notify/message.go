package notify

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Message is one datagram. Of a name that is given twice the first counts.
// The accessors find nothing in the message of a barrier, whose other lines are
// ignored (sd_notify(3), BARRIER=1).
type Message struct {
	// PID, UID and GID are the sender's, as the kernel knows them
	// (SCM_CREDENTIALS, unix(7)). Root may name another living process
	// instead of itself: systemd-notify(1) names its parent. The PID is 0 for a
	// process that this pid namespace does not see.
	PID, UID, GID int
	// Lines are what was sent, in order, known or not, empty lines left out.
	Lines []string
}

// Value is what the first line "name=…" says.
func (m Message) Value(name string) (value string, found bool) {
	if m.Barrier() {
		return "", false
	}
	for _, line := range m.Lines {
		if key, value, ok := strings.Cut(line, "="); ok && key == name {
			return value, true
		}
	}
	return "", false
}

// has tells whether the line is there.
func (m Message) has(line string) bool { return !m.Barrier() && slices.Contains(m.Lines, line) }

// Barrier: the sender of earlier messages waits until they are received. It has
// been let go.
func (m Message) Barrier() bool { return slices.Contains(m.Lines, "BARRIER=1") }

// Ready: the start, or a reload, is complete.
func (m Message) Ready() bool { return m.has("READY=1") }

// Reloading: a reload begins; Ready will end it.
func (m Message) Reloading() bool { return m.has("RELOADING=1") }

// Stopping: the shutdown begins.
func (m Message) Stopping() bool { return m.has("STOPPING=1") }

// Status is the state in a line for people. An empty one takes the last back.
// It may be any bytes but NUL and newline.
func (m Message) Status() (text string, found bool) { return m.Value("STATUS") }

// MainPID is the process that leads the service from now on, in the sender's
// pid namespace. Nothing proves that it exists.
func (m Message) MainPID() (pid int, found bool) {
	n, found := m.number("MAINPID", 31)
	return int(n), found && n > 0
}

// Watchdog is "1" for a sign of life, "trigger" for a failure, else "".
func (m Message) Watchdog() string {
	value, _ := m.Value("WATCHDOG")
	if value != "1" && value != "trigger" {
		return ""
	}
	return value
}

// WatchdogUSec is the new watchdog interval.
func (m Message) WatchdogUSec() (d time.Duration, found bool) { return m.duration("WATCHDOG_USEC") }

// ExtendTimeoutUSec is how long the present start, run or stop may take beyond
// its limit, until the next message.
func (m Message) ExtendTimeoutUSec() (d time.Duration, found bool) {
	return m.duration("EXTEND_TIMEOUT_USEC")
}

// MonotonicUSec is when the message was made, since the zero of
// CLOCK_MONOTONIC (clock_gettime(2)).
func (m Message) MonotonicUSec() (d time.Duration, found bool) { return m.duration("MONOTONIC_USEC") }

// Errno is the error of a server that failed, as in errno(3).
func (m Message) Errno() (errno int, found bool) {
	n, found := m.number("ERRNO", 31)
	return int(n), found
}

// duration is a value in microseconds. One that Duration cannot hold (292
// years; systemd's "infinity" is one) is the longest Duration.
func (m Message) duration(name string) (time.Duration, bool) {
	n, found := m.number(name, 64)
	if n > uint64(1<<63-1)/uint64(time.Microsecond) {
		return 1<<63 - 1, found
	}
	return time.Duration(n) * time.Microsecond, found
}

// number is a decimal value of so many bits. What is no such number is as
// good as absent.
func (m Message) number(name string, bits int) (uint64, bool) {
	value, _ := m.Value(name)
	n, err := strconv.ParseUint(value, 10, bits)
	if err != nil {
		return 0, false
	}
	return n, true
}
