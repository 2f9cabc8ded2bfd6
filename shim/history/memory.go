package history

import (
	"strings"
	"time"

	"github.com/lockshim/lockshim/shim/event"
)

// Room is how many events a Memory keeps.
const Room = 256

// What a Memory keeps of one event, so that no tree of a thousand processes and
// no command line of a megabyte makes it grow: some tens of kilobytes where
// events are as usual, less than a megabyte at the very worst.
const (
	maxProcesses = 8
	maxTitle     = 200
	maxText      = 400
	maxLines     = 12
)

// A Memory keeps the last events of a shim. The zero value is empty. It is for
// one goroutine.
type Memory struct {
	kept      []event.Record // a ring, once it is full
	next      int            // where the next one goes then
	forgotten int
}

// Add keeps an event, in place of the oldest one where there is no more room.
// Long texts and lists are cut.
func (m *Memory) Add(e event.Event) {
	r := cut(e)
	if len(m.kept) < Room {
		m.kept = append(m.kept, r)
		return
	}
	m.kept[m.next] = r
	m.next = (m.next + 1) % Room
	m.forgotten++
}

// Records are a copy of what is kept, oldest first.
func (m *Memory) Records() []event.Record {
	return append(append([]event.Record{}, m.kept[m.next:]...), m.kept[:m.next]...)
}

// Forgotten is how many events had to make room for others.
func (m *Memory) Forgotten() int { return m.forgotten }

// Since is from when on every event is kept, for a shim that started at began.
func (m *Memory) Since(began time.Time) time.Time {
	if m.forgotten == 0 {
		return began
	}
	return m.kept[m.next].Time
}

// cut is the record of an event that keeps nothing else of it alive.
func cut(e event.Event) event.Record {
	if extra := len(e.Processes) - maxProcesses; extra > 0 {
		e.Processes, e.Omitted = e.Processes[:maxProcesses], e.Omitted+extra
	}
	r := e.Record()
	r.Command, r.Error = clip(r.Command, maxText), clip(r.Error, maxText)
	r.Output = clipped(r.Output)
	for i := range r.Processes {
		r.Processes[i].Command = clip(r.Processes[i].Command, maxTitle)
	}
	if r.Code != nil { // of an event that would stay as a whole
		code := *r.Code
		r.Code = &code
	}
	return r
}

// clipped is a copy of lines, or of the last of them.
func clipped(lines []string) []string {
	var kept []string
	for _, line := range lines[max(0, len(lines)-maxLines):] {
		kept = append(kept, clip(line, maxTitle))
	}
	return kept
}

// clip is a copy of s, or of as much as there is room for, and dots.
func clip(s string, room int) string {
	if len(s) <= room {
		return strings.Clone(s)
	}
	return strings.Clone(strings.ToValidUTF8(s[:room-len("...")], "")) + "..."
}
