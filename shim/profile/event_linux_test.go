package profile

import (
	"encoding/hex"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lockshim/lockshim/internal/testkit"
)

// An event is one line of a server's.
type event struct {
	what      string
	pid, ppid int
	cmdline   []string
}

// next waits for the next event of that kind; events of another kind are lost.
func (s *server) next(what string) event {
	s.t.Helper()
	for {
		if e := s.any(); e.what == what {
			return e
		}
	}
}

// any waits for the next event.
func (s *server) any() event {
	s.t.Helper()
	line, err := s.lines.ReadString('\n')
	if err != nil {
		s.t.Fatalf("waiting for an event: %v; the server wrote:\n%s", err, s.read("log"))
	}
	f := strings.Fields(line)
	pid, _ := digits(f[1])
	ppid, _ := digits(f[2])
	raw, err := hex.DecodeString(f[3])
	if err != nil {
		s.t.Fatal(err)
	}
	s.watch(pid)
	return event{f[0], pid, ppid, splitCmdline(string(raw))}
}

// workers waits until two workers of one master serve.
func (s *server) workers() []event {
	s.t.Helper()
	return s.collect(false)
}

// generation waits until a master is ready and two workers of it serve.
func (s *server) generation() (master int, workers []event) {
	s.t.Helper()
	workers = s.collect(true)
	return workers[0].ppid, workers
}

// collect waits for two workers of one master, and for the master if need be.
func (s *server) collect(master bool) (workers []event) {
	s.t.Helper()
	ready := 0
	for len(workers) < 2 || master && ready == 0 {
		switch e := s.any(); e.what {
		case "worker":
			workers = append(workers, e)
		case "ready":
			ready = e.pid
		}
	}
	if workers[0].ppid != workers[1].ppid || master && ready != workers[0].ppid {
		s.t.Fatalf("%d is ready, the workers are %v", ready, workers)
	}
	return workers
}

// request sends a request and waits until a worker holds it.
func (s *server) request() (net.Conn, event) {
	s.t.Helper()
	c, err := net.Dial("unix", filepath.Join(s.dir, "sock"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(testkit.Deadline(s.t))
	if _, err := c.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
		s.t.Fatal(err)
	}
	return c, s.next("request")
}

// others are the workers but one.
func others(workers []event, busy int) []event {
	return slices.DeleteFunc(slices.Clone(workers), func(e event) bool { return e.pid == busy })
}
