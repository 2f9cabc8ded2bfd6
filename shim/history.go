package shim

import (
	"slices"
	"time"

	"github.com/lockshim/lockshim/shim/control"
	"github.com/lockshim/lockshim/shim/history"
)

// History is what is known of a service's past: what its shim remembers of the
// time since it started, at most the last 256 events, and of what came before,
// or where no shim answers, the start times of the processes that live.
// A service of which nobody lives has no past: its State is Free.
//
// What the caller may not read it cannot see, as with Inspect, whose errors it
// has.
func History(lock string) (history.History, error) {
	var h history.History
	if asked, err := consult(lock, control.Request{Verb: control.History}, &h, nil); asked && err == nil {
		return h, nil
	}
	s, err := Inspect(lock)
	if err != nil {
		return history.History{}, err
	}
	return history.Tell(present(s), nil), nil
}

// history is what the machine remembers. The view is fresh.
func (m *machine) history() history.History {
	h := present(m.status())
	since := m.memory.Since(m.began).UTC()
	h.Since, h.Forgotten = &since, m.memory.Forgotten()
	return history.Tell(h, m.memory.Records())
}

// present is the part of a history that a status tells.
func present(s Status) history.History {
	h := history.History{Lock: s.Lock, Profile: s.Profile, State: string(s.State), Time: time.Now().UTC()}
	if s.Shim != nil {
		h.Shim = &history.Shim{PID: s.Shim.PID, Started: s.Shim.Started.UTC(), Version: s.Shim.Version, Adopted: s.Shim.Adopted}
	}
	for _, g := range s.Generations {
		h.Generations = append(h.Generations, lifeOf(g))
	}
	return h
}

// lifeOf is what start times tell of a generation. One without a master was
// born before the oldest of its workers, nobody knows when.
func lifeOf(g GenerationStatus) history.Generation {
	life := history.Generation{Number: g.Generation, Workers: []history.Worker{}}
	if g.Master != nil {
		born := g.Master.Started.UTC()
		life.PID, life.Command, life.Born = g.Master.PID, g.Master.Command, &born
	}
	for _, w := range g.Workers {
		life.Workers = append(life.Workers, history.Worker{PID: w.PID, Started: w.Started.UTC()})
	}
	slices.SortFunc(life.Workers, func(a, b history.Worker) int { return a.Started.Compare(b.Started) })
	return life
}
