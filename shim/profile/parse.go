package profile

import (
	"fmt"
	"strings"
	"syscall"
)

// A SyntaxError says what is wrong with a text that a person wrote: a signal, a
// schedule, a map.
type SyntaxError struct {
	What string // "signal", "stop schedule", "map"
	Text string // the whole text
	Why  string // what is wrong with it, and with which item
	Want string // what would be right, as an example
}

// Error is one line: what, where, why, and what would be right.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("cannot read %s %q: %s; write %s", e.What, e.Text, e.Why, e.Want)
}

// ParseMap reads SIG=ACTION, where ACTION is a signal's name, upgrade, reload,
// stop or ignore. A signal goes to the current master; TERM, INT, QUIT and KILL
// go to every master. SIG must be one that the shim can be told of. Its error is
// a *SyntaxError.
//
// It does not know whether a server has the operation: Profile.Refusal does.
func ParseMap(s string) (syscall.Signal, Action, error) {
	from, to, ok := strings.Cut(s, "=")
	if !ok {
		return mapError(s, "it has no =")
	}
	sig := lookupSignal(from)
	switch {
	case sig == 0:
		return mapError(s, fmt.Sprintf("%q is no signal", from))
	case !passable(sig):
		return mapError(s, SignalName(sig)+" cannot be mapped")
	}
	a, why := parseAction(to)
	if why != "" {
		return mapError(s, why)
	}
	return sig, a, nil
}

// parseAction reads the right side of a map, or tells why it cannot. The word
// stop in capitals is refused: it might mean SIGSTOP, which freezes a server.
func parseAction(s string) (a Action, why string) {
	switch s {
	case "upgrade":
		return Action{Kind: Upgrade}, ""
	case "reload":
		return Action{Kind: Reload}, ""
	case "stop":
		return Action{Kind: Stop}, ""
	case "ignore":
		return Action{Kind: Ignore}, ""
	}
	if strings.EqualFold(s, "stop") {
		return a, fmt.Sprintf("%q may mean the action stop or the signal SIGSTOP", s)
	}
	if sig := lookupSignal(s); sig != 0 {
		return deliver(sig), ""
	}
	return a, fmt.Sprintf("%q is neither a signal nor upgrade, reload, stop, ignore", s)
}

func mapError(s, why string) (syscall.Signal, Action, error) {
	return 0, Action{}, &SyntaxError{What: "map", Text: s, Why: why, Want: "HUP=USR2 or TERM=stop"}
}
