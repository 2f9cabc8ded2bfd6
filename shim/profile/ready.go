package profile

import (
	"strings"
	"time"
)

// A Ready is how a generation shows that it serves. The zero Ready leaves that to
// the server: what its hook says, or it itself, where it can speak; else that it
// listens.
type Ready struct {
	Check   ReadyCheck
	Command string        // ReadyExec: a line for sh(1)
	After   time.Duration // ReadyAfter
}

// A ReadyCheck names what a Ready looks at.
type ReadyCheck string

// The checks.
const (
	ReadyAuto   ReadyCheck = ""       // READY=1 where the generation can say so, else ReadyListen
	ReadyNotify ReadyCheck = "notify" // a process of it says READY=1 (sd_notify(3))
	ReadyListen ReadyCheck = "listen" // a worker of it has a listening socket, or the master of one without workers
	ReadyExec   ReadyCheck = "exec"   // Command exits with 0
	ReadyAfter  ReadyCheck = "after"  // it has lived so long
)

// ParseReady reads notify, listen, exec:COMMAND or after:5s. Its error is a
// *SyntaxError.
func ParseReady(s string) (Ready, error) {
	check, rest, found := strings.Cut(s, ":")
	switch c := ReadyCheck(check); {
	case (c == ReadyNotify || c == ReadyListen) && !found:
		return Ready{Check: c}, nil
	case c == ReadyExec && strings.TrimSpace(rest) != "":
		return Ready{Check: c, Command: rest}, nil
	case c == ReadyAfter && found:
		if d, ok := parseWait(rest); ok && d >= 0 {
			return Ready{Check: c, After: d}, nil
		}
		return Ready{}, readyError(s, "after is followed by a time")
	case c == ReadyExec:
		return Ready{}, readyError(s, "exec is followed by a command")
	}
	return Ready{}, readyError(s, "there is no such check")
}

func readyError(s, why string) error {
	return &SyntaxError{What: "readiness check", Text: s, Why: why, Want: "notify, listen, exec:COMMAND or after:5s"}
}

// String is the check in the notation that ParseReady reads; "" for the zero one.
func (r Ready) String() string {
	switch r.Check {
	case ReadyExec:
		return "exec:" + r.Command
	case ReadyAfter:
		return "after:" + r.After.String()
	}
	return string(r.Check)
}
