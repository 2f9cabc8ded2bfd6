//go:build linux

package test

import (
	"bufio"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// typing is a person at an upgrade, on a terminal of its own.
type typing struct {
	*process
	t    *testing.T
	user *os.File
	seen *bufio.Reader
	text strings.Builder
}

// upgradesOnTerminal starts the verb there.
func (s *service) upgradesOnTerminal() *typing {
	s.t.Helper()
	user, program := terminal(s.t)
	p := start(s.t, spec{
		args: []string{lockshim, "upgrade", s.lock}, env: s.env(), dir: s.dir, in: program, out: program, err: program,
		sys: &syscall.SysProcAttr{Setsid: true, Setctty: true},
	})
	return &typing{process: p, t: s.t, user: user, seen: bufio.NewReader(withDeadline(s.t, user))}
}

// types sends keys.
func (p *typing) types(keys string) {
	p.t.Helper()
	_, err := p.user.WriteString(keys)
	must(p.t, err)
}

// shows blocks until the terminal shows the words, in what it has not shown before.
func (p *typing) shows(words string) {
	p.t.Helper()
	fresh := ""
	for !strings.Contains(fresh, words) {
		b, err := p.seen.ReadByte()
		if err != nil {
			p.t.Fatalf("waited in vain for %q: %v:\n%s", words, err, p.text.String())
		}
		p.text.WriteByte(b)
		fresh += string(b)
	}
}

// Ctrl-C asks; r rolls the upgrade back, and the old generation serves.
func TestUpgradeRolledBackByHand(t *testing.T) {
	eachFragile(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		s.breaks(stuck)
		p := s.upgradesOnTerminal()
		s.line("loading")
		s.mends()
		p.shows("waiting until it is ready: ")
		p.types("\x03")
		p.shows("roll it back?")
		p.types("r\n")
		p.shows("it was rolled back")
		if code := p.wait(); code != exitUpgrade {
			t.Errorf("upgrade exits with %d, want %d:\n%s", code, exitUpgrade, p.text.String())
		}
		r.until(event.UpgradeFailed)
		s.shows(r.pid, s.current())
		s.stop(r, false)
	})
}

// A second Ctrl-C leaves: the shim goes on with the upgrade.
func TestUpgradeIsLeftRunning(t *testing.T) {
	eachFragile(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		s.breaks(stuck)
		p := s.upgradesOnTerminal()
		s.line("loading")
		s.mends()
		p.shows("waiting until it is ready: ")
		p.types("\x03")
		p.shows("roll it back?")
		p.types("\x03")
		p.shows("the shim goes on")
		if code := p.wait(); code != 128+int(syscall.SIGINT) {
			t.Errorf("upgrade exits with %d, want 130:\n%s", code, p.text.String())
		}
		s.release()
		s.generation()
		r.until(event.Upgraded)
		s.shows(r.pid, s.current())
		s.promoted()
		s.stop(r, false)
	})
}
