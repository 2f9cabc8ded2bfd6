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
		{s.alone, "alone"}, {s.adopted, "adopted"}, {s.replace, "replace"}, {s.giveUp, "give up"},
		{s.stop, "stop"}, {s.hurried, "hurried"}, {s.passedOn, "passed on"}, {s.doubted, "doubted"}, {s.missed, "missed"}, {s.helped, "helped"},
	} {
		if flag.set {
			words = append(words, flag.name)
		}
	}
	if s.schedule != nil {
		words = append(words, fmt.Sprintf("%s at %d", s.schedule, s.at))
	}
	if s.code != unknown {
		words = append(words, fmt.Sprintf("code %d", s.code))
	}
	return strings.Join(words, ", ")
}

// String shows an action with the fields that its kind uses.
func (a action) String() string {
	text := a.kind.String()
	switch a.kind {
	case send:
		text += fmt.Sprintf(" %s to %s", profile.SignalName(a.signal), a.target)
	case settle, stepIn, doubt:
		text += " " + a.after.String()
	case exit:
		text += fmt.Sprint(" ", a.code)
	case tell:
		text += " " + string(a.event)
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
