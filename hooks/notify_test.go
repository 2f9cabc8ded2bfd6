//go:build linux

package hooks_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/notify"
)

// What the hooks say, each in a message of its own.
const (
	loaded = "X_LOCKSHIM=hook"
	ready  = "READY=1 X_LOCKSHIM=ready"
)

// A manager receives what a server says of itself.
type manager struct {
	*service
	*notify.Socket
}

// notified starts a service that has a NOTIFY_SOCKET, at the path that follows
// from name. From the end of the service on nothing is received.
func notified(t *testing.T, c setup, name string) manager {
	t.Helper()
	dir, err := os.MkdirTemp("", "hook")
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	lock := dir + "/" + name + ".lock"
	must(t, os.MkdirAll(lock[:strings.LastIndex(lock, "/")], 0o755))
	socket, err := notify.Listen(lock)
	must(t, err)
	c.notify = socket.Address()
	m := manager{prepare(t, c), socket}
	m.launch()
	t.Cleanup(func() { // before the service is ended, if it is not
		must(t, socket.Close())
		os.RemoveAll(dir)
	})
	go func() {
		<-m.ended
		_ = socket.Close()
	}()
	return m
}

// hears blocks for a message, and returns what it says, in words, and who sent
// it. Gunicorn's own words are passed over.
func (m manager) hears() (string, int) {
	m.t.Helper()
	for {
		message, err := m.Receive()
		must(m.t, err)
		if text := strings.Join(message.Lines, " "); !strings.Contains(text, "Gunicorn arbiter") {
			return text, message.PID
		}
	}
}

// expects fails the test unless a generation says that its hook is loaded, and
// then each of its workers that it is ready.
func (m manager) expects() {
	m.t.Helper()
	m.generation()
	m.introduced()
	m.readied()
}

// introduced fails the test unless the next message is the master's first.
func (m manager) introduced() {
	m.t.Helper()
	if text, pid := m.hears(); text != loaded || pid != m.master {
		m.t.Errorf("heard %q of %d, want %q of the master %d", text, pid, loaded, m.master)
	}
}

// readied fails the test unless the next messages are those of the workers.
func (m manager) readied() {
	m.t.Helper()
	var pids []int
	for range m.children {
		text, pid := m.hears()
		pids = append(pids, pid)
		if text != ready {
			m.t.Errorf("heard %q of %d, want %q", text, pid, ready)
		}
	}
	slices.Sort(pids)
	slices.Sort(m.children)
	if !slices.Equal(pids, m.children) {
		m.t.Errorf("%v are ready, want the workers %v", pids, m.children)
	}
}

// Each master says that it has the hook before anything else, each worker that
// it is ready when the user's own hook has run, in every generation; whatever
// the socket's address is, and whoever the server runs as.
func TestNotify(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		for _, name := range []string{"web", strings.Repeat("d", 120) + "/web"} {
			t.Run(name[:1], func(t *testing.T) {
				t.Parallel()
				c := c
				c.workers = 2
				m := notified(t, c, name)
				m.expects()
				for range 2 {
					old := m.master
					kill(t, old, syscall.SIGUSR2)
					m.expects()
					kill(t, old, m.graceful)
					await(t, old)
				}
				m.silent()
				m.stop()
			})
		}
	})
}

// A reload evaluates the configuration anew, and forks new workers: they say the
// same as those before them.
func TestNotifyAfterReload(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		m := notified(t, c, "web")
		m.expects()
		for range 2 {
			kill(t, m.master, syscall.SIGHUP)
			m.generation()
			if m.name == "unicorn" { // which evaluates its file in the same way as at its start
				m.introduced()
			}
			m.readied()
		}
		m.stop()
	})
}

// Nobody reads, nobody is there, or the address is none: the server serves.
func TestNotifyNobody(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		for _, address := range []string{"/nonexistent/notify", "@lockshim/nobody", "vsock:2:1", "web.notify", "@", "/" + strings.Repeat("d", 200)} {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				c := c
				c.notify = address
				s := serve(t, c)
				s.upgrade()
				s.get("collect")
				s.silent()
				s.stop()
			})
		}
		t.Run("full", func(t *testing.T) {
			t.Parallel()
			m := notified(t, c, "web")
			m.expects()
			fill(t, m.Address())
			kill(t, m.master, syscall.SIGHUP)
			m.generation()
			m.get("collect")
			m.silent()
			m.stop()
		})
	})
}

// fill sends to address until its queue takes no more.
func fill(t *testing.T, address string) {
	t.Helper()
	up, err := notify.OpenUpstream(address)
	must(t, err)
	defer up.Close()
	for err = nil; err == nil; err = up.Send("X_FILL=1") {
	}
	if !errors.Is(err, syscall.EAGAIN) {
		t.Fatal(err)
	}
}

// Without lockshim the hook says nothing: readiness is the server's own affair.
func TestNotifyWithoutLockshim(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.way = absent
		m := notified(t, c, "web")
		m.generation()
		fill(t, m.Address())
		if text, pid := m.hears(); text != "X_FILL=1" {
			t.Errorf("heard %q of %d", text, pid)
		}
		kill(t, m.master, m.graceful)
		m.gone()
	})
}
