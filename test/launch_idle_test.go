//go:build linux

package test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// quietRequests is how many requests the server answers while the shim is
// watched; windows is how many times the shim may be busy then, as it is for a
// moment after a start.
const (
	quietRequests = 500
	windows       = 60
)

// A shim at rest makes no system call, launched or adopted.
func TestIdle(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		s.shows(r.pid, s.current())
		s.rests(r)
		if calls := s.trace(r, func() { s.shows(r.pid, s.current()) }); len(calls) == 0 {
			t.Error("the shim that answers status makes no system call: the trace does not work")
		}
		r.kill()
		r = s.run()
		r.until(event.Adopted)
		s.shows(r.pid, s.current())
		s.rests(r)
		s.stopsWith(r, 0)
	})
}

// rests fails the test unless there is a time in which the server answers
// requests and the shim does nothing.
func (s *service) rests(r *shimRun) {
	s.t.Helper()
	var calls []string
	for range windows {
		if calls = s.trace(r, s.request); len(calls) == 0 {
			return
		}
	}
	s.t.Errorf("the shim makes system calls at rest:\n%s", strings.Join(calls, "\n"))
}

// request lets the server answer requests.
func (s *service) request() {
	s.t.Helper()
	c := s.http()
	for range quietRequests {
		_, err := get(c, "/")
		must(s.t, err)
	}
}

// trace lists the system calls of the shim while something happens.
func (s *service) trace(r *shimRun, happen func()) []string {
	s.t.Helper()
	if _, err := os.Stat("/usr/bin/strace"); err != nil {
		s.t.Skip("needs the package strace")
	}
	before := threads(s.t, r.pid)
	out, in, err := os.Pipe()
	must(s.t, err)
	defer out.Close()
	strace := start(s.t, spec{args: []string{"/usr/bin/strace", "-f", "-o", s.file("trace"), "-p", fmt.Sprint(r.pid)}, env: s.env(), err: in})
	must(s.t, in.Close())
	log := bufio.NewReader(withDeadline(s.t, out))
	line, err := log.ReadString('\n')
	if err != nil || !strings.Contains(line, "attached") {
		s.t.Skipf("strace says %q, %v", line, err)
	}
	happen()
	strace.send(syscall.SIGINT)
	strace.wait()
	return append(s.calls(), difference(before, threads(s.t, r.pid))...)
}

// calls are the returns from system calls in the trace: a thread that blocks must
// return before it can call again. That strace comes ends a wait for events that
// has a time limit, and the thread waits again: the first return of a thread from
// that, without an event, is strace's doing.
func (s *service) calls() []string {
	s.t.Helper()
	var found []string
	known := map[string]bool{}
	for line := range strings.Lines(s.text("trace")) {
		thread, call, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		woken := !known[thread] && strings.Contains(call, "epoll_pwait") && strings.Contains(call, "[]")
		if returned := strings.Contains(call, ") = "); returned && !woken || strings.Contains(call, "---") {
			found = append(found, thread+" "+call)
		}
		known[thread] = known[thread] || strings.Contains(call, ") = ")
	}
	return found
}

// threads lists the threads of a process.
func threads(t *testing.T, pid int) []string {
	t.Helper()
	names, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	must(t, err)
	return names
}

// difference lists what b has and a has not.
func difference(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(b), func(name string) bool { return slices.Contains(a, name) })
}
