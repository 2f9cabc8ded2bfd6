package shim

import (
	"os"
	"syscall"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/proc"
)

// A reaped is a child that ended and was waited for, or, on a terminal, one that
// was stopped.
type reaped struct {
	id     proc.ID
	status syscall.WaitStatus
	left   bool // there are children yet
}

// watchChildren tells the loop of each child that has ended, until none is left.
// The loop reaps: until it does, a look sees a zombie, and nobody has vanished
// whose end the loop does not know.
func (m *machine) watchChildren() {
	if !m.reaping {
		m.reaping = true
		go m.followChildren()
	}
}

// followChildren is its goroutine.
func (m *machine) followChildren() {
	for {
		pid, err := m.sys.changed(m.cfg.Terminal)
		if err != nil {
			return // no child, which the last fact said already
		}
		m.facts <- fact{input: input{kind: exited}, child: pid}
		if left := <-m.left; !left {
			return
		}
	}
}

// reapOne waits for the child of a fact, and lets the watching go on.
func (m *machine) reapOne(f *fact) {
	f.child = m.eldest(f.child)
	r, err := m.sys.reap(f.child, m.cfg.Terminal)
	if err != nil {
		m.emit(event.Event{Kind: event.Trouble, Err: err})
	}
	m.left <- r.left
	m.reaping = r.left
	f.status, f.id, f.code, f.input.left = r.status, r.id, exitCode(r.status), r.left
	switch {
	case r.status.Stopped():
		f.kind = looked
		m.suspended(r.id)
	case r.id.PID == m.parent:
		m.parent = 0
	}
}

// eldest is the launched process where that has ended too, and is not reaped yet:
// what it left behind, as a launcher leaves a daemon, is to be told of after it.
// The other child is found again.
func (m *machine) eldest(child int) int {
	i := m.ledBy(m.launched)
	if i < 0 || m.known[i].ended || child == m.launched.PID {
		return child
	}
	if p, err := proc.Find(m.launched.PID); err != nil || p.ID != m.launched || p.State != "Z" || p.PPID != os.Getpid() {
		return child
	}
	return m.launched.PID
}

// exitCode is what a shell makes of a status: the code, or 128 and the number
// of the signal (POSIX, Shell Command Language, 2.8.2).
func exitCode(s syscall.WaitStatus) int {
	if s.Signaled() {
		return 128 + int(s.Signal())
	}
	return s.ExitStatus()
}
