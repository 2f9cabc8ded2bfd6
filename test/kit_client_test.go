//go:build linux

package test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// A client sends requests to a service without a pause, each on a connection of
// its own, until it is stopped.
type client struct {
	t       *testing.T
	http    *http.Client
	pace    <-chan time.Time // one request each time; nil for as many as the server takes
	quit    chan struct{}
	workers sync.WaitGroup

	mu       sync.Mutex
	changed  *sync.Cond
	answers  int
	by       map[int]int // answers by the pid of who answered
	failures []error
}

// connections is how many requests are on their way at a time.
const connections = 2

// client starts a client. It is stopped at the end of the test at the latest.
func (s *service) client() *client {
	s.t.Helper()
	return s.clientsOf(s.http(), connections)
}

// visitor is a client that leaves the machine time for others: fifty requests a
// second, while a world goes through what takes long.
func (s *service) visitor() *client {
	s.t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	s.t.Cleanup(ticker.Stop)
	return s.clients(&client{http: s.http(), pace: ticker.C}, connections)
}

// clientsOf starts n clients that share what h keeps.
func (s *service) clientsOf(h *http.Client, n int) *client {
	s.t.Helper()
	return s.clients(&client{http: h}, n)
}

// clients starts the client with n connections at a time.
func (s *service) clients(c *client, n int) *client {
	s.t.Helper()
	c.t, c.quit, c.by = s.t, make(chan struct{}), make(map[int]int)
	c.changed = sync.NewCond(&c.mu)
	for range n {
		c.workers.Go(c.work)
	}
	s.t.Cleanup(func() {
		if s.t.Failed() {
			endAll(s.dir + "/") // it may not answer any more
		}
		c.end()
	})
	return c
}

// http sends requests over the service's socket.
func (s *service) http() *http.Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return s.dial(ctx) }
	return &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
}

// get sends one request and returns the pid of the worker that answered.
func get(c *http.Client, path string) (int, error) {
	answer, err := c.Get("http://web" + path)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	var pid int
	if _, err := fmt.Sscan(string(body), &pid); err != nil || answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("answered %s: %q", answer.Status, body)
	}
	return pid, nil
}

func (c *client) work() {
	for c.goesOn() {
		pid, err := get(c.http, "/")
		c.mu.Lock()
		if err != nil {
			c.failures = append(c.failures, err)
		} else {
			c.answers++
			c.by[pid]++
		}
		c.changed.Broadcast()
		c.mu.Unlock()
	}
}

// goesOn is false once the client is to stop. It waits for the pace, if there is one.
func (c *client) goesOn() bool {
	if c.pace != nil {
		select {
		case <-c.quit:
		case <-c.pace:
		}
	}
	select {
	case <-c.quit:
		return false
	default:
		return true
	}
}

// more blocks until further requests have been sent and answered: one that was
// sent after the call for each connection.
func (c *client) more() {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for want := c.answers + 2*connections; c.answers < want && len(c.failures) == 0; {
		c.changed.Wait()
	}
}

// goOn blocks until further requests have been answered, whatever was lost.
func (c *client) goOn() {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for want := c.answers + 2*connections; c.answers < want; {
		c.changed.Wait()
	}
}

// servedBy blocks until one of the processes has answered.
func (c *client) servedBy(pids ...int) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.failures) == 0 && !slices.ContainsFunc(pids, func(pid int) bool { return c.by[pid] > 0 }) {
		c.changed.Wait()
	}
}

// end stops sending.
func (c *client) end() {
	c.mu.Lock()
	select {
	case <-c.quit:
	default:
		close(c.quit)
	}
	c.mu.Unlock()
	c.workers.Wait()
}

// finish stops the client, and fails the test unless every request was answered.
func (c *client) finish() {
	c.t.Helper()
	c.end()
	if len(c.failures) > 0 || c.answers == 0 {
		c.t.Errorf("%d requests were answered, %d were not: %v", c.answers, len(c.failures), c.failures[:min(3, len(c.failures))])
	}
}

// An answer is what became of a request: who answered, or why nobody did.
type answer struct {
	pid int
	err error
}

// hang sends a request that is not answered before release, and returns which
// worker has it, and where its answer will be.
func (s *service) hang() (worker int, answers <-chan answer) {
	s.t.Helper()
	ch := make(chan answer, 1)
	go func() {
		pid, err := get(s.http(), "/hang")
		ch <- answer{pid, err}
	}()
	return number(s.t, s.line("hanging")[1]), ch
}

// release lets one request be answered that hangs.
func (s *service) release() {
	s.t.Helper()
	_, err := s.block.WriteString("go on\n")
	must(s.t, err)
}

// released fails the test if anybody listens on the service's socket.
func (s *service) released() {
	s.t.Helper()
	conn, err := s.dial(context.Background())
	if err == nil {
		conn.Close()
		s.t.Error("somebody listens on the socket")
	}
}
