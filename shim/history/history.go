// Package history is a service's past as far as anybody remembers it: the
// events that its shim keeps, and the lives of its generations.
//
// A shim remembers what has happened since it started, as much as it has room
// for. What came before, and everything where no shim lives, is told by proc(5)
// alone: which processes live, and when each was forked. It does not tell when
// a generation was ready, nor of any that is gone; so a History says of each
// fact whether it is known, and leaves the rest empty.
package history

import (
	"time"

	"github.com/lockshim/lockshim/shim/event"
)

// A History is what is known of a service at one moment. Generations are in
// the order of their births, those of unknown birth first; events are oldest
// first.
type History struct {
	Lock        string         `json:"lock"`
	Profile     string         `json:"profile"`
	State       string         `json:"state"`     // as status has it
	Time        time.Time      `json:"time"`      // the moment
	Since       *time.Time     `json:"since"`     // every event from then on is here; nil: nobody remembers
	Forgotten   int            `json:"forgotten"` // events of this shim that there was no room for
	Shim        *Shim          `json:"shim"`
	Generations []Generation   `json:"generations"`
	Events      []event.Record `json:"events"`
}

// A Shim is the process that remembers. Version is empty, and nothing is
// remembered, where it has not answered.
type Shim struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Version string    `json:"version"`
	Adopted bool      `json:"adopted"` // it found the tree running
}

// A Generation is the life of one. A time that is not known is nil: that of
// Ready too where it was ready before anybody watched, so that nil does not mean
// that it has not happened.
type Generation struct {
	Number  int        `json:"generation"`
	PID     int        `json:"pid"`     // its master's; 0 if that one was gone before anybody saw it
	Command string     `json:"command"` // its master's
	Born    *time.Time `json:"born"`
	Seen    bool       `json:"seen"`    // the shim was there at its birth; otherwise Born is from /proc
	Ready   *time.Time `json:"ready"`   // it said that it serves
	Retired *time.Time `json:"retired"` // it was told to make room for the next one
	Ended   *time.Time `json:"ended"`   // its master ended, or became the next generation
	Code    *int       `json:"code"`    // how; nil and -1 are not known
	Lives   bool       `json:"lives"`   // master or workers of it are there
	Workers []Worker   `json:"workers"` // those that are there
}

// A Worker is a process of a generation that lives.
type Worker struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
}

// Marks are the events that happened to the generation number i of the list,
// and to no other: what was sent to its master, and what was told of it.
func (h History) Marks(i int) []event.Record {
	g := h.Generations[i]
	var marks []event.Record
	for _, r := range h.Events {
		early := g.Born != nil && r.Time.Before(*g.Born) && g.Seen
		late := g.Ended != nil && r.Time.After(*g.Ended)
		if !early && !late && concerns(r, g) {
			marks = append(marks, r)
		}
	}
	return marks
}

// concerns reports whether an event is about a generation with that number and
// that master.
func concerns(r event.Record, g Generation) bool {
	if r.Kind == event.Signalled {
		for _, p := range r.Processes {
			if p.PID == g.PID {
				return true
			}
		}
		return r.PID == g.PID
	}
	if r.Kind == event.Ended && r.PID != g.PID {
		return false // a launcher's
	}
	return r.Generation == g.Number && !ofService(r.Kind)
}

// ofService reports the kinds that are told of the service as a whole, although
// they name a generation.
func ofService(kind event.Kind) bool {
	switch kind {
	case event.Launched, event.Upgrading, event.Upgraded, event.UpgradeFailed, event.Interrupted:
		return true
	}
	return false
}

// Service are the events of the service as a whole: those that are no mark of
// any generation.
func (h History) Service() []event.Record {
	var rest []event.Record
	for _, r := range h.Events {
		if r.Kind != event.Signalled && (r.Generation == 0 || ofService(r.Kind)) {
			rest = append(rest, r)
		}
	}
	return rest
}
