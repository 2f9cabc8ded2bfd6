package shim

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/notify"
	"github.com/lockshim/lockshim/shim/proc"
)

// A relay is the machine's part in sd_notify(3): it stands between the server
// and the service manager.
type relay struct {
	socket    *notify.Socket       // the server's NOTIFY_SOCKET; nil where it could not be made
	notices   chan notice          // what came there
	waiting   *notice              // whose sender only a look can tell; the next one waits
	announced []proc.Announcement  // who claims to lead, for the next look
	forgers   map[proc.ID]struct{} // who was told of
	since     time.Time            // when the first of them was
}

// A notice is a message and who sent it, as /proc had it before the sender could
// know that it was received.
type notice struct {
	notify.Message
	sender []proc.Process // itself, its parent, and so on up to the shim; empty where it had ended
	main   []proc.Process // the same of the process that MAINPID names
}

// The words of the hooks: the first when a master loads its configuration, the
// second with READY=1, when a worker can take requests.
const (
	hookLine  = "X_LOCKSHIM"
	hookWord  = "hook"
	readyWord = "ready"
)

// openRelay makes the server's notify socket. Without one the shim does its work
// all the same: readiness is seen by other means.
func (m *machine) openRelay() {
	socket, err := notify.Listen(m.cfg.Lock)
	if err != nil {
		m.emit(event.Event{Kind: event.Trouble, Err: err})
		return
	}
	m.relay.socket, m.relay.notices = socket, make(chan notice)
	go m.receive(socket)
}

// closeRelay removes the socket's file.
func (m *machine) closeRelay() {
	if m.relay.socket == nil {
		return
	}
	if err := m.relay.socket.Close(); err != nil {
		m.emit(event.Event{Kind: event.Trouble, Err: err})
	}
}

// receive tells the loop of each message. The sender is looked at before the
// next call of Receive, which may let it go; it goes on while the loop waits for
// a look, but for one message, so that no flood of them takes memory.
func (m *machine) receive(socket *notify.Socket) {
	for {
		message, err := socket.Receive()
		switch {
		case errors.Is(err, notify.ErrDropped):
		case errors.Is(err, os.ErrClosed):
			return
		case err != nil:
			m.facts <- fact{input: input{kind: looked}, event: event.Event{Kind: event.Trouble, Err: err}}
			return
		case !message.Barrier():
			m.relay.notices <- attribute(message)
		}
	}
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

// hearing is where notices come from, nil while one waits for a look.
func (m *machine) hearing() <-chan notice {
	if m.relay.waiting != nil {
		return nil
	}
	return m.relay.notices
}

// hear takes a notice. Of a sender that the view does not know as it is now, it
// takes a look first: it may be the master of a new generation, which was
// executed by a member of the present one.
//
// Who is no descendant of the shim needs no look to be refused, but for an
// adopted tree, of which nobody is.
func (m *machine) hear(n notice) {
	_, told := m.relay.forgers[idOf(n.sender)]
	if len(n.sender) == 0 || told || !m.state.adopted && !m.descends(n.sender) {
		m.forged(n)
		return
	}
	m.claim(n)
	if m.seen(n.sender[0]) && len(m.relay.announced) == 0 {
		m.take(n)
		return
	}
	m.relay.waiting = &n
	if m.state.upgrade.stage != noUpgrade {
		m.nextLook = time.Time{} // it is what the upgrade waits for
	}
	m.look(action{everyone: m.state.adopted})
}

// heard takes the notice that waited for the look which was taken now.
func (m *machine) heard() {
	if n := m.relay.waiting; n != nil {
		m.relay.waiting, m.relay.announced = nil, nil
		m.take(*n)
	}
}

// claim notes who a notice says that leads, if the view does not say so: the
// process of MAINPID, or the sender that is ready.
func (m *machine) claim(n notice) {
	switch {
	case len(n.main) > 0:
		if m.serving(n.main[:1]) == nil && (m.state.adopted || m.descends(n.main)) {
			m.relay.announced = append(m.relay.announced, proc.Announcement{ID: n.main[0].ID, Main: true})
		}
	case n.Ready() && m.serving(n.sender[:1]) == nil:
		m.relay.announced = append(m.relay.announced, proc.Announcement{ID: n.sender[0].ID})
	}
}

// take does what a notice says, in the generation that its sender belongs to.
func (m *machine) take(n notice) {
	g := m.generationOf(n.sender)
	if g == nil {
		if !m.descends(n.sender) {
			m.forged(n)
		}
		return
	}
	word, _ := n.Value(hookLine)
	g.hooked = g.hooked || word == hookWord
	if n.Ready() && (!g.hooked || word == readyWord) {
		m.speaks = true
		m.readied(g.Number)
	}
	m.pass(n, g)
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

// generationOf is what is remembered of the generation that the nearest of a
// lineage belongs to; nil where none does.
func (m *machine) generationOf(line []proc.Process) *generation {
	seen := m.serving(line)
	if seen == nil {
		return nil
	}
	for i := range m.known {
		if g := &m.known[i]; g.Number == seen.Number || !seen.Leaderless && g.Master == seen.Master.ID {
			return g
		}
	}
	return nil
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

// Of so many senders that are not of the service the shim tells, in so long a
// time. Each of them is told of once.
const (
	forgersTold = 32
	forgersTime = time.Hour
)

// forged tells of a notice that counts for nothing.
func (m *machine) forged(n notice) {
	id := idOf(n.sender)
	if len(n.sender) == 0 {
		id.PID = n.PID
	}
	if len(m.relay.forgers) == 0 || len(m.relay.forgers) >= forgersTold && time.Since(m.relay.since) > forgersTime {
		m.relay.forgers, m.relay.since = make(map[proc.ID]struct{}), time.Now()
	}
	if _, told := m.relay.forgers[id]; told || len(m.relay.forgers) >= forgersTold {
		return
	}
	m.relay.forgers[id] = struct{}{}
	e := event.Event{Kind: event.Forged, PID: n.PID}
	if p, err := proc.Describe(n.PID); err == nil && p.ID == id {
		e.Command = p.Args
	}
	m.emit(e)
}

// idOf is whose lineage it is, zero for an empty one.
func idOf(line []proc.Process) proc.ID {
	if len(line) == 0 {
		return proc.ID{}
	}
	return line[0].ID
}

// environment is what the server sees: its lock, and where it may say how it is.
// NOTIFY_SOCKET is there without a service manager too, as many servers tell that
// they are ready only where it is.
//
// The shim's own pid as the WATCHDOG_PID is left out. Then WATCHDOG_USEC is for
// whoever reads it (sd_watchdog_enabled(3)); the pid of the first master would
// keep the next one, which inherits it, from giving signs of life.
func (m *machine) environment(fd int) []string {
	watchdog := "WATCHDOG_PID=" + strconv.Itoa(os.Getpid())
	env := slices.DeleteFunc(environment(os.Environ(), m.cfg.Lock, fd), func(v string) bool {
		return strings.HasPrefix(v, "NOTIFY_SOCKET=") || v == watchdog
	})
	if m.relay.socket != nil {
		env = append(env, "NOTIFY_SOCKET="+m.relay.socket.Address())
	}
	return env
}
