package shim

import (
	"errors"
	"os"
	"slices"

	"github.com/lockshim/lockshim/shim/notify"
	"github.com/lockshim/lockshim/shim/proc"
)

// A notice is a message and who sent it, as /proc had it before the sender could
// know that it was received.
type notice struct {
	notify.Message
	sender []proc.Process // itself, its parent, and so on up to the shim; empty where it had ended
	main   []proc.Process // the same of the process that MAINPID names
}

// attribute says who sent a message.
func attribute(message notify.Message) notice {
	n := notice{Message: message, sender: lineage(message.PID)}
	if pid, found := message.MainPID(); found {
		n.main = lineage(pid)
	}
	return n
}

// deepest is how far up a lineage goes: no service is as deep.
const deepest = 64

// lineage lists a process and its parents, up to this one or to the top. It is
// read anew where one of them ended meanwhile, as its child has another parent
// then; empty if the process itself is gone.
func lineage(pid int) []proc.Process {
	for range deepest {
		if line, whole := ancestors(pid); whole {
			return line
		}
	}
	return nil
}

// ancestors reads a lineage once; whole says that no parent was missing.
func ancestors(pid int) (line []proc.Process, whole bool) {
	for pid > 0 && len(line) < deepest {
		p, err := proc.Find(pid)
		if err != nil {
			return line, len(line) == 0 || !errors.Is(err, proc.ErrGone)
		}
		line = append(line, p)
		if pid == os.Getpid() {
			break
		}
		pid = p.PPID
	}
	return line, true
}

// idOf is whose lineage it is, zero for an empty one.
func idOf(line []proc.Process) proc.ID {
	if len(line) == 0 {
		return proc.ID{}
	}
	return line[0].ID
}

// descends reports whether a lineage leads to the shim, or to a member that the
// view knows.
func (m *machine) descends(line []proc.Process) bool {
	if len(line) == 0 {
		return false
	}
	return line[len(line)-1].PID == os.Getpid() || m.serving(line) != nil
}

// seen reports whether the view has the process, with the image that it runs.
func (m *machine) seen(p proc.Process) bool {
	return slices.ContainsFunc(m.resolve(everybody, 0), func(o proc.Process) bool { return o.ID == p.ID && o.Image == p.Image })
}

// serves reports whether the view has the process in a generation, with the image
// that it runs: it was a fork of its parent before it executed its own.
func (m *machine) serves(p proc.Process) bool {
	return slices.ContainsFunc(m.view.Servers(), func(o proc.Process) bool { return o.ID == p.ID && o.Image == p.Image })
}

// generationOf is what is remembered of the generation that the nearest of a
// lineage belongs to; nil where none does.
func (m *machine) generationOf(line []proc.Process) *generation {
	seen := m.serving(line)
	if seen == nil {
		return nil
	}
	i := m.indexOf(seen.Number)
	if i < 0 && !seen.Leaderless {
		i = m.ledBy(seen.Master.ID)
	}
	if i < 0 {
		return nil
	}
	return &m.known[i]
}

// serving is that generation in the view.
func (m *machine) serving(line []proc.Process) *proc.Generation {
	for _, p := range line {
		for i := range m.view.Generations {
			g := &m.view.Generations[i]
			if !g.Leaderless && g.Master.ID == p.ID || slices.ContainsFunc(g.Workers, func(w proc.Process) bool { return w.ID == p.ID }) {
				return g
			}
		}
	}
	return nil
}
