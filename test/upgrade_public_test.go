//go:build linux

package test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

// crowded are the servers that are upgraded under clients. A hot restart of Puma
// closes connections that it has accepted and not read from, by whatever hand: its
// listeners survive, its workers do not wait for a request that is on its way. The
// first request of a connection is lost so; later ones net/http sends again.
var crowded = []string{"puma+hook", "php-fpm", "uwsgi+hook", "haproxy-Ws"}

// eachCrowded runs a test for each of them, one after the other.
func eachCrowded(t *testing.T, test func(*testing.T, inPlace, *service)) {
	t.Helper()
	eachInPlace(t, func(t *testing.T, p inPlace, s *service) {
		for _, title := range crowded {
			if title == p.title {
				test(t, p, s)
			}
		}
	})
}

// A public is four clients that keep their connections, and four that do not.
type public [2]*client

func (s *service) public() public {
	s.t.Helper()
	kept := s.http()
	transport := kept.Transport.(*http.Transport)
	transport.DisableKeepAlives, transport.MaxIdleConnsPerHost = false, 2*connections
	s.t.Cleanup(transport.CloseIdleConnections)
	return public{s.clientsOf(kept, 4), s.clientsOf(s.http(), 4)}
}

// more blocks until all kinds of clients have been answered again.
func (c public) more() {
	for _, clients := range c {
		clients.goOn()
	}
}

// leaves ends the clients, counts the answers, and returns what those lost that keep
// their connections, and what the others.
func (c public) leaves() (answers int, lost [2][]error) {
	for i, clients := range c {
		clients.end()
		answers, lost[i] = answers+clients.answers, clients.failures
	}
	return answers, lost
}

// Upgrades in a row lose no request of clients, but for those that Puma resets.
func TestUpgradeInPublic(t *testing.T) {
	eachCrowded(t, func(t *testing.T, p inPlace, s *service) {
		r := p.start(s)
		master, number := s.master, p.note(s, r)
		ours := descriptors(t, r.pid)
		public := s.public()
		for range testkit.Times(3, 20) {
			public.more()
			if got := s.verb("upgrade"); got.code != 0 {
				t.Fatalf("upgrade answers %+v", got)
			}
			r.until(event.Upgraded) // reads what the server writes: it waits where the pipe is full
			number++
		}
		public.more()
		noMoreDescriptors(t, r.pid, ours, public[0])
		p.tally(t, public)
		if got := p.note(s, r); got != number || s.master != master {
			t.Errorf("generation %d of %d, want %d of %d", got, s.master, number, master)
		}
		noZombies(t, r.pid)
		r.send(syscall.SIGTERM)
		p.end(s, r, p.stopped, false)
		r.never(event.UpgradeFailed, event.Unlocked)
	})
}

// What the same servers lose that are upgraded by hand: by the signal of their
// manuals to the master himself. The shim only looks on.
func TestUpgradeInPublicByHand(t *testing.T) {
	eachCrowded(t, func(t *testing.T, p inPlace, s *service) {
		r := p.start(s)
		known, err := profile.Lookup(p.name)
		must(t, err)
		public := s.public()
		for range testkit.Times(3, 20) {
			public.more()
			watch(t, s.master).send(known.Upgrade)
			p.changed(s, r)
			p.ready(s, r)
		}
		public.more()
		p.tally(t, public)
		r.send(syscall.SIGTERM)
		p.end(s, r, p.stopped, false)
	})
}

// tally ends the clients, and fails the test if it has lost what it need not lose.
func (p inPlace) tally(t *testing.T, c public) {
	t.Helper()
	answers, lost := c.leaves()
	t.Logf("%s: %d requests were answered; of clients that keep connections were lost %v, of others %v", p.title, answers, lost[0], lost[1])
	for _, err := range slices.Concat(lost[0], lost[1]) {
		if p.name != puma.name || !hungUp(err) {
			t.Fatalf("of %d requests %d were lost: %v", answers, len(lost[0])+len(lost[1]), err)
		}
	}
}

// hungUp says whether an error means that the server closed the connection before it
// answered. The client of net/http has no exported error for one that it sees
// closed before it has written the request, and may read from one that it has closed
// itself since its write failed.
func hungUp(err error) bool {
	closed := func(e error) bool { return errors.Is(err, e) }
	return slices.ContainsFunc([]error{io.EOF, syscall.ECONNRESET, syscall.EPIPE, net.ErrClosed}, closed) ||
		strings.HasSuffix(err.Error(), "server closed idle connection")
}
