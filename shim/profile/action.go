package profile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"syscall"
)

// ErrNoOperation says that the server has no such operation.
var ErrNoOperation = errors.New("the server has no such operation")

// Action is what the shim does when it is sent sig: what p.Actions says, else
// the rule for all servers. TERM stops, QUIT stops gracefully, INT quickly, HUP
// reloads, USR2 upgrades; the other signals that a person or an init system
// sends go to the current master unchanged.
//
// The answer is Ignore for an operation that the server does not have, for a
// signal that would end or stop a server that does not handle it, and always for
// one that is about the shim itself (CHLD, PIPE, URG, a fault) or that nobody can
// catch. Refusal tells why.
func (p Profile) Action(sig syscall.Signal) Action {
	if !passable(sig) {
		return Action{Kind: Ignore}
	}
	a := p.chosen(sig)
	if p.lacks(a.Kind) {
		return Action{Kind: Ignore}
	}
	return a
}

// chosen is the action for sig, whether the server has that operation or not.
func (p Profile) chosen(sig syscall.Signal) Action {
	if a, ok := p.Actions[sig]; ok {
		return a
	}
	switch sig {
	case syscall.SIGTERM:
		return Action{Kind: Stop}
	case syscall.SIGQUIT:
		return Action{Kind: Graceful}
	case syscall.SIGINT:
		return Action{Kind: Quick}
	case syscall.SIGHUP:
		return Action{Kind: Reload}
	case syscall.SIGUSR2:
		return Action{Kind: Upgrade}
	}
	if slices.Contains(p.Fatal, sig) {
		return Action{Kind: Ignore}
	}
	return Action{Forward, sig}
}

// Signal is the signal that performs an operation: Graceful, Quick, Reload or
// Upgrade. It is 0 where the server has no such operation, and for other kinds.
func (p Profile) Signal(k Kind) syscall.Signal {
	switch k {
	case Graceful:
		return p.Graceful
	case Quick:
		return p.Quick
	case Reload:
		return p.Reload
	case Upgrade:
		return p.Upgrade
	}
	return 0
}

// lacks says whether k is an operation that the server does not have.
func (p Profile) lacks(k Kind) bool {
	switch k {
	case Graceful, Quick, Reload, Upgrade:
		return p.Signal(k) == 0
	case Stop:
		return len(p.Stop) == 0
	}
	return false
}

// Refusal tells why Action(sig) is Ignore; it is nil for every other action.
// The error wraps ErrNoOperation where the server has no such operation.
func (p Profile) Refusal(sig syscall.Signal) error {
	if p.Action(sig).Kind != Ignore {
		return nil
	}
	name := SignalName(sig)
	if !passable(sig) {
		return fmt.Errorf("cannot pass on %s: it is not a message to the server", name)
	}
	if k := p.chosen(sig).Kind; k != Ignore {
		return p.missing(fmt.Sprintf("%s with the profile %s on %s", k, p.Name, name))
	}
	if _, mapped := p.Actions[sig]; !mapped {
		return fmt.Errorf("cannot pass on %s: with the profile %s it would end or stop the server, which does not handle it", name, p.Name)
	}
	return fmt.Errorf("cannot pass on %s: it is mapped to ignore", name)
}

// Missing is the error for an operation that the server does not have, nil for
// one that it has. It wraps ErrNoOperation and says why, where the profile does.
func (p Profile) Missing(k Kind) error {
	if !p.lacks(k) {
		return nil
	}
	return p.missing(fmt.Sprintf("%s with the profile %s", k, p.Name))
}

func (p Profile) missing(what string) error {
	if p.Why != "" {
		return fmt.Errorf("cannot %s: %w: %s", what, ErrNoOperation, p.Why)
	}
	return fmt.Errorf("cannot %s: %w", what, ErrNoOperation)
}

// Send is what the verb signal does with sig, which nobody translates: a signal
// that ends a server goes to every master, any other to the current one.
func (p Profile) Send(sig syscall.Signal) Action {
	switch {
	case sig == p.Graceful, sig == p.Quick:
		return Action{Every, sig}
	case sig == p.Reload, sig == p.Upgrade:
		return Action{Forward, sig}
	}
	return deliver(sig)
}

// deliver sends a signal that ends a program by default, and that people end
// programs with, to every master.
func deliver(sig syscall.Signal) Action {
	switch sig {
	case syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL:
		return Action{Every, sig}
	}
	return Action{Forward, sig}
}

// With is p with a for sig. It leaves p alone: they share no map.
func (p Profile) With(sig syscall.Signal, a Action) Profile {
	actions := make(map[syscall.Signal]Action, len(p.Actions)+1)
	maps.Copy(actions, p.Actions)
	actions[sig] = a
	p.Actions = actions
	return p
}

// String names k as --map does where it can, and else says what k does.
func (k Kind) String() string {
	switch k {
	case Forward:
		return "forward"
	case Every:
		return "every"
	case Stop:
		return "stop"
	case Graceful:
		return "graceful stop"
	case Quick:
		return "quick stop"
	case Reload:
		return "reload"
	case Upgrade:
		return "upgrade"
	case Ignore:
		return "ignore"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}
