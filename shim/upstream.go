package shim

import (
	"errors"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/notify"
)

// An upstream is what is above the shim and wants to know how the service is: the
// manager that NOTIFY_SOCKET names, and s6.
type upstream struct {
	manager   *notify.Upstream // nil where there is none
	pipe      *os.File         // s6's; nil where there is none, or it was told
	unsent    [][]string       // what the manager's full queue did not take, in order
	lost      bool             // the manager cannot be reached, which was told
	ready     bool             // READY=1 was said
	upgrading bool             // RELOADING=1 was said for an upgrade
	reloading bool             // it was said for the server, which will say READY=1
	stopping  bool             // STOPPING=1 was said
}

// openUpstream finds out who wants to know. It comes before the launch: the
// server does not inherit s6's pipe.
func (m *machine) openUpstream() {
	manager, err := notify.OpenUpstream(os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		m.emit(event.Event{Kind: event.Trouble, Err: err})
	}
	m.up.manager, m.up.pipe = manager, openPipe()
}

// report tells the manager what an event means to it. It is not told of
// MAINPID: that is the shim's, for ever.
func (m *machine) report(e event.Event) {
	switch e.Kind {
	case event.Adopted:
		m.reportReady()
	case event.Ready:
		m.reportReady()
		m.passStatus(e.Generation)
	case event.Upgrading:
		m.up.upgrading, m.up.reloading = true, false
		m.inform("RELOADING=1", monotonicLine(monotonic()))
	case event.Upgraded, event.UpgradeFailed:
		m.up.upgrading = false
		m.inform("READY=1")
	case event.Signalled:
		m.reportReload(e.Signal)
	case event.Stopping:
		m.reportStop()
	}
}

// reportReady says once that the first generation serves.
func (m *machine) reportReady() {
	if m.up.ready {
		return
	}
	m.up.ready = true
	m.inform("READY=1")
	if m.up.pipe != nil {
		tellPipe(m.up.pipe)
		m.up.pipe = nil
	}
}

// reportReload says that a reload begins, when its signal was sent, and that it is
// over: no server tells when, but those that say it themselves, whose words
// follow.
func (m *machine) reportReload(sig syscall.Signal) {
	if sig != m.rules.profile.Reload || m.state.phase != serving || m.up.upgrading || !m.up.ready {
		return
	}
	m.inform("RELOADING=1", monotonicLine(monotonic()))
	m.inform("READY=1")
}

// reportStop says once that somebody asked for the end, unless the service is to
// come up again after it.
func (m *machine) reportStop() {
	if !m.state.stop || m.state.replace || m.up.stopping {
		return
	}
	m.up.stopping = true
	m.inform("STOPPING=1")
}

// pass passes on what a generation says. What a draining one says of the
// service, or one that is not ready beside one that is, does not count; but it
// may ask for more time.
func (m *machine) pass(n notice, g *generation) {
	names := []string{"EXTEND_TIMEOUT_USEC"}
	if g.Number == m.present() {
		names = append(names, "STATUS", "ERRNO", "WATCHDOG", "WATCHDOG_USEC")
		m.passReload(n)
	} else if status, found := n.Status(); found {
		g.status = status
	}
	var lines []string
	for _, name := range names {
		if value, found := n.Value(name); found {
			lines = append(lines, name+"="+value)
		}
	}
	m.inform(lines...)
}

// passStatus passes on the last STATUS of a generation that did not count before,
// as it was not ready yet.
func (m *machine) passStatus(number int) {
	if i := m.indexOf(number); i >= 0 && m.known[i].status != "" {
		m.inform("STATUS=" + m.known[i].status)
		m.known[i].status = ""
	}
}

// passReload passes on that the server reloads of its own accord, or reloads yet
// when it was told to; and its end.
func (m *machine) passReload(n notice) {
	switch {
	case !m.up.ready || m.up.upgrading || m.up.stopping:
	case n.Reloading():
		since, found := n.MonotonicUSec()
		if !found {
			since = monotonic()
		}
		m.up.reloading = true
		m.inform("RELOADING=1", monotonicLine(since))
	case n.Ready() && m.up.reloading:
		m.up.reloading = false
		m.inform("READY=1")
	}
}

// present is the number of the generation that serves: the last one that is
// ready, or the last one, where none is.
func (m *machine) present() int {
	last, ready := 0, 0
	for _, g := range m.known {
		last = max(last, g.Number)
		if g.ready && !g.ended {
			ready = max(ready, g.Number)
		}
	}
	if ready > 0 {
		return ready
	}
	return last
}

// monotonicLine says when a reload began, in microseconds since the zero of
// CLOCK_MONOTONIC (sd_notify(3)).
func monotonicLine(since time.Duration) string {
	return "MONOTONIC_USEC=" + strconv.FormatInt(since.Microseconds(), 10)
}

// A manager that reads too slowly gets the rest a little later, if it is not too
// much.
const (
	informTime = 100 * time.Millisecond
	mostUnsent = 32
)

// inform sends a message to the manager, after those that it has not taken yet.
func (m *machine) inform(lines ...string) {
	if m.up.manager == nil || len(lines) == 0 {
		return
	}
	if len(m.up.unsent) < mostUnsent {
		m.up.unsent = append(m.up.unsent, lines)
	}
	if len(m.up.unsent) == 1 {
		m.informNow()
	}
}

// informNow sends what was not taken, as far as the manager takes it now.
func (m *machine) informNow() {
	m.disarm(informTimer)
	for len(m.up.unsent) > 0 {
		err := m.up.manager.Send(m.up.unsent[0]...)
		if errors.Is(err, syscall.EAGAIN) {
			m.arm(informTimer, informTime)
			return
		}
		m.up.unsent = m.up.unsent[1:]
		if err != nil && !m.up.lost {
			m.emit(event.Event{Kind: event.Trouble, Err: err})
		}
		m.up.lost = err != nil
	}
	m.up.unsent = nil
}
