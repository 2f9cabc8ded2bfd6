package history

import (
	"slices"
	"time"

	"github.com/lockshim/lockshim/shim/event"
)

// Tell puts together what events, oldest first, and the processes that live tell
// of a service's generations. h has the rest: Time, Since, Shim and the names;
// h.Generations are those that live, oldest first, each with its number, its
// master, its workers, and the master's start as Born. It is a pure function.
func Tell(h History, events []event.Record) History {
	t := teller{since: h.Since, shim: h.Shim}
	for _, r := range events {
		t.add(r)
	}
	for _, g := range h.Generations {
		t.live(g)
	}
	slices.SortStableFunc(t.lives, byBirth)
	h.Generations, h.Events = t.lives, events
	if h.Generations == nil {
		h.Generations = []Generation{}
	}
	if h.Events == nil {
		h.Events = []event.Record{}
	}
	return h
}

// byBirth orders two generations, those of unknown birth first.
func byBirth(a, b Generation) int {
	switch {
	case a.Born == nil && b.Born == nil:
		return 0
	case a.Born == nil:
		return -1
	case b.Born == nil:
		return 1
	}
	return a.Born.Compare(*b.Born)
}

// A teller goes through the events.
type teller struct {
	since *time.Time
	shim  *Shim
	lives []Generation
}

// add takes in one event.
func (t *teller) add(r event.Record) {
	switch r.Kind {
	case event.Launched:
		t.lives = append(t.lives, Generation{
			Number: r.Generation, PID: r.PID, Command: r.Command, Born: &r.Time, Seen: true, Workers: []Worker{},
		})
	case event.NewGeneration:
		t.born(r)
	case event.Ready:
		t.find(r).Ready = &r.Time
	case event.Retiring:
		t.find(r).Retired = &r.Time
	case event.UpgradeFailed:
		t.find(r).Retired = nil
	case event.Ended:
		t.ended(r)
	}
}

// born notes a new generation, or who leads one whose first process was only a
// launcher. A master that leads one already has executed itself in place.
func (t *teller) born(r event.Record) {
	if i := t.index(r.Generation); i >= 0 {
		t.lives[i].PID, t.lives[i].Command, t.lives[i].Ended, t.lives[i].Code = r.PID, r.Command, nil, nil
		return
	}
	g := Generation{Number: r.Generation, PID: r.PID, Command: r.Command, Born: &r.Time, Workers: []Worker{}}
	if i := t.leads(r.PID); i >= 0 {
		t.lives[i].Ended = &r.Time
	} else if !r.Started.IsZero() {
		g.Born = &r.Started
	}
	g.Seen = t.watched(*g.Born)
	t.lives = append(t.lives, g)
}

// ended notes how a master ended; a launcher's end is told after somebody else
// has come to lead.
func (t *teller) ended(r event.Record) {
	g := t.find(r)
	if g.PID == 0 {
		g.PID = r.PID
	}
	if g.PID == r.PID {
		g.Ended, g.Code = &r.Time, r.Code
	}
}

// live takes in a generation that lives.
func (t *teller) live(g Generation) {
	i := t.index(g.Number)
	if i < 0 {
		g.Seen = g.Born != nil && t.watched(*g.Born)
		g.Lives = true
		t.lives = append(t.lives, g)
		return
	}
	known := &t.lives[i]
	known.Lives, known.Workers = true, g.Workers
	if known.Born == nil {
		known.Born = g.Born
	}
	if known.PID == 0 {
		known.PID = g.PID
	}
	if known.Command == "" {
		known.Command = g.Command
	}
}

// find is the generation that an event is about. One whose birth is forgotten
// is made then.
func (t *teller) find(r event.Record) *Generation {
	i := t.index(r.Generation)
	if i < 0 {
		i = len(t.lives)
		t.lives = append(t.lives, Generation{Number: r.Generation, PID: r.PID, Workers: []Worker{}})
	}
	return &t.lives[i]
}

// index is where the generation of a number is, -1 for nowhere. Numbers begin
// anew where a tree that was found running was replaced: the last one counts.
func (t *teller) index(number int) int {
	for i := len(t.lives) - 1; i >= 0; i-- {
		if t.lives[i].Number == number {
			return i
		}
	}
	return -1
}

// leads is where the generation is that pid leads, as far as is known, -1 for
// nowhere.
func (t *teller) leads(pid int) int {
	return slices.IndexFunc(t.lives, func(g Generation) bool { return g.PID == pid && g.Ended == nil })
}

// watched reports whether the shim was there at that time. A process's start is
// known to a hundredth of a second.
func (t *teller) watched(at time.Time) bool {
	return t.since != nil && t.shim != nil && !at.Before(t.shim.Started)
}
