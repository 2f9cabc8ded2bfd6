//go:build linux

package test

import (
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/control"
)

// The nuisances are clients that keep a shim's socket busy, each with the
// beginning of what it sends, and whether it shuts its sending side down then.
var nuisances = []struct {
	says string
	half bool
}{
	{"", false},                // silent
	{"", true},                 // gone half
	{`{"verb":"sta`, false},    // slow
	{`{"verb":"status"`, true}, // no end of the line
	{`{"verb":"explode"}` + "\n", true},
	{"GET / HTTP/1.1\r\n\r\n", false},
	{strings.Repeat("\x00", 1<<20), false},
	{strings.Repeat("{", 1<<20), true},
	{`{"verb":"status"}` + "\n", false}, // and does not read the answer
}

// A crowd is clients that are connected.
type crowd struct {
	conns   []net.Conn
	talking sync.WaitGroup
}

// crowd connects clients of every kind, all at once.
func (s *service) crowd(n int) *crowd {
	s.t.Helper()
	c := &crowd{}
	for i := range n {
		conn, err := net.Dial("unix", control.Path(s.lock))
		must(s.t, err)
		c.conns = append(c.conns, conn)
		kind := nuisances[i%len(nuisances)]
		c.talking.Go(func() {
			_, _ = io.WriteString(conn, kind.says) // the shim may have had enough
			if kind.half {
				_ = conn.(*net.UnixConn).CloseWrite()
			}
		})
	}
	return c
}

// leave closes them.
func (c *crowd) leave() {
	for _, conn := range c.conns {
		conn.Close()
	}
	c.talking.Wait()
}

// 200 clients at once that ask for the status are all answered by the shim, and
// so is one more when a crowd of bad ones has left.
func TestControlTwoHundredClients(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		s.crowd(200).leave()
		var asking sync.WaitGroup
		for range 200 {
			asking.Go(func() {
				st, err := shim.Inspect(s.lock)
				if err != nil || st.Shim == nil || st.Shim.Version == "" || st.Shim.PID != r.pid {
					t.Errorf("status answers %+v, %v", st.Shim, err)
				}
			})
		}
		asking.Wait()
		s.crowd(200).leave()
		s.shows(r.pid, s.current())
		s.stopsWith(r, 0)
	})
}

// A server's end is seen while 200 bad clients have all places of the socket: the
// shim exits before the first of them has been told that it is too slow, and
// takes a multiple of the time that it takes without them, as the processors have
// 200 clients to serve in that moment. To wait for one of them would make it
// thousands of times as long.
func TestControlCrowdDelaysNoExit(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	var quiet, busy []time.Duration
	for range 7 {
		quiet = append(quiet, s.exitTakes(0))
		busy = append(busy, s.exitTakes(200))
	}
	slices.Sort(quiet)
	slices.Sort(busy)
	ratio := float64(busy[3]) / float64(quiet[3])
	t.Logf("an exit with 200 clients takes %.1f times as long as without: %v, %v", ratio, busy[3], quiet[3])
	if ratio > 200 {
		t.Errorf("an exit with 200 clients takes %.1f times as long as without: %v, %v", ratio, busy, quiet)
	}
}

// exitTakes is how long it takes from the end of a server to that of its shim,
// with a crowd at the socket.
func (s *service) exitTakes(clients int) time.Duration {
	s.t.Helper()
	r := s.runCommand([]string{"sh", "-c", "echo serving $$ >events; exec sleep infinity"})
	pid := number(s.t, s.line("serving")[1])
	r.knows(pid)
	for s.verb("status", "--json").code != 0 { // the socket is there
		s.t.Fatal("the service does not run")
	}
	c := s.crowd(clients)
	defer c.leave()
	began := time.Now()
	must(s.t, syscall.Kill(pid, syscall.SIGKILL))
	await(s.t, "the exit of the shim", r.done)
	took := time.Since(began)
	if code := r.finish(); code != 128+int(syscall.SIGKILL) {
		s.t.Errorf("the shim exits with %d", code)
	}
	for _, conn := range c.conns {
		if answer, _ := io.ReadAll(conn); strings.Contains(string(answer), control.CodeSlow) {
			s.t.Error("the shim waited for a slow client")
		}
	}
	return took
}
