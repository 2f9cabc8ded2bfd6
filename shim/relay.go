package shim

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/notify"
	"github.com/lockshim/lockshim/shim/proc"
	"github.com/lockshim/lockshim/shim/profile"
)

// A relay is the machine's part in sd_notify(3): it stands between the server
// and the service manager.
type relay struct {
	socket    *notify.Socket       // the server's NOTIFY_SOCKET; nil where it could not be made
	notices   chan notice          // what came there
	waiting   *notice              // whose sender only a look can tell; the next one waits
	announced []proc.Announcement  // who claims to lead, for the next look
	listens   int                  // the generation that was seen to listen, once all is heard that was said before
	forgers   map[proc.ID]struct{} // who was told of
	since     time.Time            // when the first of them was
}

// The words of the hooks: the first when a master loads its configuration, the
// second with READY=1, when a worker can take requests.
const (
	hookLine  = "X_LOCKSHIM"
	hookWord  = "hook"
	readyWord = "ready"
	selfWord  = "heard" // the shim's own, to itself
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
	if n.PID == os.Getpid() {
		m.caughtUp()
		return
	}
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

// catchUp decides on a generation that listens when everything has been heard that
// was said before: its hook spoke first, and may be in the queue. The shim sends a
// message to itself; where the queue is full, the next look tries again.
func (m *machine) catchUp(number int) {
	if m.relay.socket == nil {
		m.listening(number)
		return
	}
	own, err := notify.OpenUpstream(m.relay.socket.Address())
	if err == nil {
		err = errors.Join(own.Send(hookLine+"="+selfWord), own.Close())
	}
	switch {
	case err == nil:
		m.relay.listens = number
	case !errors.Is(err, syscall.EAGAIN):
		m.listening(number)
	}
}

// caughtUp is what follows.
func (m *machine) caughtUp() {
	m.listening(m.relay.listens)
	m.relay.listens = 0
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
		if !m.serves(n.main[0]) && (m.state.adopted || m.descends(n.main)) {
			m.relay.announced = append(m.relay.announced, proc.Announcement{ID: n.main[0].ID, Main: true})
		}
	case n.Ready() && !m.serves(n.sender[0]):
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
	if m.believes() && n.Ready() && (!g.hooked || word == readyWord) {
		m.speaks = true
		m.readied(g.Number)
	}
	m.pass(n, g)
}

// believes reports whether the server is asked when it is ready, and not somebody
// else.
func (m *machine) believes() bool {
	return m.cfg.Ready.Check == profile.ReadyAuto || m.cfg.Ready.Check == profile.ReadyNotify
}

// Of so many senders that are not of the service the shim tells, in so long a
// time. Each of them is told of once.
const (
	forgersTold = 32
	forgersTime = time.Hour
)

// forged tells of a notice that counts for nothing. The last words of a process
// that has ended may have been the server's own: what is missed of them is told
// only if it matters, and not while processes end because they were told to.
func (m *machine) forged(n notice) {
	if _, main := n.MainPID(); len(n.sender) == 0 && (!main && !n.Ready() || m.state.phase != serving) {
		return
	}
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
