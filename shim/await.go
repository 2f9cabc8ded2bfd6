package shim

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/flock"
	"github.com/lockshim/lockshim/shim/proc"
)

// await blocks until the exclusive lock of the service is the shim's: of the
// files that it opened, the last of which the path named, and of each one that
// the path has come to name since, as a generation may have opened that. It runs
// in a goroutine of its own, which owns the files until it hands them back.
func (m *machine) await(own []*flock.File) {
	f := fact{own: own}
	for i := 0; i < len(f.own); i++ {
		if err := f.own[i].Wait(); err != nil {
			f.input = input{kind: lockFailed, err: err}
			f.event = event.Event{Kind: event.Trouble, Err: err}
			break
		}
		if i < len(f.own)-1 {
			continue
		}
		next, err := successor(f.own)
		if err != nil {
			f.event = event.Event{Kind: event.Trouble, Err: err}
		}
		if next == nil {
			break
		}
		f.own, f.files = append(f.own, next), append(f.files, next.ID())
		m.facts <- fact{input: input{kind: looked}, event: event.Event{Kind: event.Replaced}}
	}
	m.facts <- f
}

// successor is the file that the path of own names now, guarded; nil where it
// names one of them, or none.
func successor(own []*flock.File) (*flock.File, error) {
	last := own[len(own)-1]
	if same, err := last.Named(); same || err != nil {
		return nil, err
	}
	next, err := flock.Open(last.Path(), nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot follow the lockfile that took the place of the one in use: %w", err)
	}
	if slices.ContainsFunc(own, func(f *flock.File) bool { return f.ID() == next.ID() }) {
		return nil, next.Close()
	}
	// Another shim may have it by now. It found this one's tree, or will.
	_, err = next.Guard()
	return next, err
}

// watch follows the members of an adopted tree, which are nobody's children of
// ours: the masters, and whoever does not hold the lock; with no master left,
// everybody.
func (m *machine) watch() {
	leads := m.view.Masters()
	for _, p := range m.resolve(everybody, 0) {
		isLead := len(leads) == 0
		for _, l := range leads {
			isLead = isLead || l.ID == p.ID
		}
		if (isLead || !p.Shared) && !m.watched[p.ID] {
			m.watchOne(p.ID)
		}
	}
}

// watchOne sends a fact when the process has ended.
func (m *machine) watchOne(id proc.ID) {
	h, err := m.sys.watch(id)
	if errors.Is(err, proc.ErrGone) {
		m.arm(settleTimer, settleTime)
		return
	}
	if err != nil {
		m.emit(event.Event{Kind: event.Trouble, Err: err})
		return
	}
	m.watched[id] = true
	go func() {
		defer h.Close()
		m.facts <- gone(h)
	}()
}

// reapPatience is how long the parent of an adopted process may take to reap
// it, in milliseconds. Only then does the kernel tell how it ended.
const reapPatience = 1000

// gone waits for the end of an adopted process.
func gone(h *proc.Handle) fact {
	f := fact{input: input{kind: exited, code: unknown, left: true}, id: h.ID}
	if err := h.Wait(); err != nil {
		f.event = event.Event{Kind: event.Trouble, Err: err}
	}
	if status, ok := h.Status(reapPatience); ok {
		f.code = exitCode(status)
	}
	return f
}
