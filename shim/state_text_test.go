package shim

import (
	"fmt"
	"strings"

	"github.com/lockshim/lockshim/shim/profile"
)

// String shows what of a state differs from a fresh one.
func (s state) String() string {
	words := []string{s.phase.String(), "lock " + s.lock.String()}
	for _, flag := range []struct {
		set  bool
		name string
	}{
		{s.late, "late"}, {s.interrupted, "interrupted"}, {s.alone, "alone"}, {s.adopted, "adopted"}, {s.replace, "replace"}, {s.giveUp, "give up"},
		{s.stop, "stop"}, {s.hurried, "hurried"}, {s.passedOn, "passed on"}, {s.doubted, "doubted"}, {s.missed, "missed"}, {s.helped, "helped"},
	} {
		if flag.set {
			words = append(words, flag.name)
		}
	}
	if s.schedule != nil {
		words = append(words, fmt.Sprintf("%s at %d", s.schedule, s.at))
	}
	if s.ordered != nil {
		words = append(words, "ordered "+s.ordered.String())
	}
	if s.upgrade.stage != noUpgrade {
		words = append(words, s.upgrade.String())
	}
	if s.code != unknown {
		words = append(words, fmt.Sprintf("code %d", s.code))
	}
	return strings.Join(words, ", ")
}

// String shows an upgrade.
func (u upgrade) String() string {
	text := fmt.Sprintf("upgrade of %d %s", u.old, u.stage)
	if u.new > 0 {
		text += fmt.Sprintf(" with %d", u.new)
	}
	if u.stage == retiring || u.stage == failing {
		text += fmt.Sprintf(" at %d", u.at)
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{u.cause != nil, "cause"}, {u.alone, "alone"}, {u.unfound, "unfound"}, {u.resumed, "resumed"}} {
		if flag.set {
			text += " " + flag.name
		}
	}
	return text
}

// String shows an action with the fields that its kind uses.
func (a action) String() string {
	text := a.kind.String()
	switch a.kind {
	case send:
		text += fmt.Sprintf(" %s to %s", profile.SignalName(a.signal), a.target)
		if a.number > 0 {
			text += fmt.Sprintf(" of %d", a.number)
		}
	case settle, stepIn, doubt, timeIn:
		text += " " + a.after.String()
	case exit:
		text += fmt.Sprint(" ", a.code)
	case prove:
		text += fmt.Sprint(" ", a.number)
	case refuse:
		text += fmt.Sprintf(" (%v)", a.err)
	case tell:
		text += " " + string(a.event)
		if a.err != nil {
			text += fmt.Sprintf(" (%v)", a.err)
		}
	case ignore:
		text += " " + profile.SignalName(a.signal)
	case look:
		if a.everyone {
			text += " at everyone"
		}
		if a.orphan {
			text += " for a new leader"
		}
	}
	return text
}
