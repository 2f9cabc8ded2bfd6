package main

import (
	"strconv"
	"syscall"
	"time"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/history"
	"github.com/lockshim/lockshim/shim/profile"
)

// A part is a stretch of a lane that means one thing.
type part int

const (
	watching part = iota // the shim's
	hearsay              // known from /proc alone
	starting
	running
	draining
)

// parts has the words of the legend.
var parts = [...]string{
	watching: "shim",
	hearsay:  "known from /proc alone", starting: "starting", running: "running", draining: "draining",
}

// A span is a part of a lane between two times.
type span struct {
	part     part
	from, to time.Time
}

// A lane is a row of the picture: the shim, or one generation.
type lane struct {
	label  string
	pid    int
	spans  []span
	marks  []event.Record
	ended  *time.Time
	code   string // how it ended
	ragged bool   // its beginning is not known
}

// from is where the lane begins.
func (l lane) from() time.Time { return l.spans[0].from }

// to is where it ends.
func (l lane) to() time.Time { return l.spans[len(l.spans)-1].to }

// lanes are the rows of a history: the shim's first, then the generations.
func lanes(h history.History) []lane {
	var all []lane
	if h.Shim != nil {
		all = append(all, lane{
			label: "shim", pid: h.Shim.PID, marks: h.Service(),
			spans: []span{{watching, h.Shim.Started, h.Time}},
		})
	}
	tells := false // whether this service says when it is ready
	for _, g := range h.Generations {
		tells = tells || g.Ready != nil
	}
	for i, g := range h.Generations {
		all = append(all, laneOf(h, i, tells && g.Seen))
	}
	return all
}

// laneOf is the row of generation number i of the list.
func laneOf(h history.History, i int, tells bool) lane {
	g := h.Generations[i]
	l := lane{label: strconv.Itoa(g.Number), pid: g.PID, marks: h.Marks(i), ended: g.Ended, ragged: g.Born == nil}
	from, to := extent(h, g, l.marks)
	if g.Ended != nil {
		l.code = codeText(g.Code)
	}
	l.spans = []span{{running, from, to}}
	if tells && g.Ready == nil {
		l.spans[0].part = starting
	} else if tells {
		l.since(*g.Ready, running, starting)
	}
	if !g.Seen {
		l.spans[0].part = hearsay
		if h.Since != nil {
			l.since(h.Shim.Started, running, hearsay)
		}
	}
	if g.Retired != nil {
		l.since(*g.Retired, draining, l.last())
	}
	if g.Ended != nil && g.Lives {
		l.since(*g.Ended, draining, l.last())
	}
	return l
}

// last is what the last span means.
func (l lane) last() part { return l.spans[len(l.spans)-1].part }

// since cuts the last span in two at a time, the first part and the second one.
func (l *lane) since(at time.Time, then, before part) {
	last := &l.spans[len(l.spans)-1]
	if !at.Before(last.to) {
		last.part = before
		return
	}
	if !at.After(last.from) {
		last.part = then
		return
	}
	to := last.to
	last.part, last.to = before, at
	l.spans = append(l.spans, span{then, at, to})
}

// extent is from when to when something is known of a generation.
func extent(h history.History, g history.Generation, marks []event.Record) (from, to time.Time) {
	from, to = h.Time, h.Time
	for _, w := range g.Workers {
		from = earlier(from, w.Started)
	}
	for _, r := range marks {
		from = earlier(from, r.Time)
	}
	if g.Born != nil {
		from = *g.Born
	}
	switch {
	case g.Lives:
	case g.Ended != nil:
		to = *g.Ended
	case len(marks) > 0:
		to = marks[len(marks)-1].Time
	}
	return from, to
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// codeText is how a master ended, in a word.
func codeText(code *int) string {
	switch {
	case code == nil || *code < 0:
		return ""
	case *code > 128:
		return profile.SignalName(syscall.Signal(*code - 128))
	}
	return "exit " + strconv.Itoa(*code)
}

// A sign is a letter on a lane, with the words of the legend. Where two meet the
// later one of the list is seen.
type sign struct {
	letter byte
	means  string
	kinds  []event.Kind
}

var signs = []sign{
	{'s', "signal", []event.Kind{event.Signalled}},
	{'A', "adopted", []event.Kind{event.Adopted}},
	{'R', "ready", []event.Kind{event.Ready}},
	{'D', "told to make room", []event.Kind{event.Retiring}},
	{'U', "upgrade", []event.Kind{event.Upgrading}},
	{'!', "warning", []event.Kind{event.LowFD, event.Foreign, event.Forged, event.NotReady, event.Interrupted, event.Unlocked, event.Replaced, event.Ignored, event.Trouble}},
	{'T', "stop", []event.Kind{event.Stopping}},
	{'M', "no master left", []event.Kind{event.Masterless}},
	{'F', "upgrade failed", []event.Kind{event.UpgradeFailed}},
	{'x', "end", []event.Kind{event.Ended}},
}

// signOf is the index of a kind's sign, -1 for none.
func signOf(kind event.Kind) int {
	for i, s := range signs {
		for _, k := range s.kinds {
			if k == kind {
				return i
			}
		}
	}
	return -1
}

// used lists what the lanes have: the parts and the signs, in their order, and
// whether any beginning is unknown.
func used(all []lane) (drawn []part, marked []sign, ragged bool) {
	has, marks := map[part]bool{}, map[int]bool{}
	for _, l := range all {
		ragged = ragged || l.ragged
		for _, sp := range l.spans {
			has[sp.part] = true
		}
		for _, r := range l.marks {
			marks[signOf(r.Kind)] = true
		}
		if l.ended != nil {
			marks[signOf(event.Ended)] = true
		}
	}
	for p := hearsay; p <= draining; p++ {
		if has[p] {
			drawn = append(drawn, p)
		}
	}
	for i, s := range signs {
		if marks[i] {
			marked = append(marked, s)
		}
	}
	return drawn, marked, ragged
}
