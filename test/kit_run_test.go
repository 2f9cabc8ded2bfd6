//go:build linux

package test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/proc"
)

// A toldEvent is a line of a shim's standard error, as --log-format json has it.
type toldEvent struct {
	Time       time.Time  `json:"time"`
	Event      event.Kind `json:"event"`
	PID        int        `json:"pid"`
	Generation int        `json:"generation"`
	Signal     string     `json:"signal"`
	Code       *int       `json:"code"`
	FD         int        `json:"fd"`
	Command    string     `json:"command"`
	Processes  []struct {
		PID     int    `json:"pid"`
		Command string `json:"command"`
		Locked  bool   `json:"locked"`
	} `json:"processes"`
	Error string `json:"error"`
	Hint  string `json:"hint"`
}

// failure is the kind of the record that tells why run failed.
const failure event.Kind = "error"

// pids are those of the event's processes, sorted.
func (e toldEvent) pids() []int {
	var found []int
	for _, p := range e.Processes {
		found = append(found, p.PID)
	}
	slices.Sort(found)
	return found
}

// A shimRun is a `lockshim run`, and what it has told.
type shimRun struct {
	*process
	s      *service
	pipe   *os.File
	log    *bufio.Reader
	told   []toldEvent
	passed int      // how many of them event has been through
	lines  []string // told, and what the server wrote to standard error
}

// run starts `lockshim run` with the service's lock and server.
func (s *service) run(flags ...string) *shimRun {
	s.t.Helper()
	return s.runCommand(s.command(), flags...)
}

// runCommand starts `lockshim run` with another command.
func (s *service) runCommand(command []string, flags ...string) *shimRun {
	s.t.Helper()
	args := append([]string{lockshim, "run", "--lock", s.lock, "--log-format", "json"}, flags...)
	return s.runArgs(append(append(args, "--"), command...), spec{})
}

// runArgs starts a whole command line; how says what else is special about it.
func (s *service) runArgs(args []string, how spec) *shimRun {
	s.t.Helper()
	out, in, err := os.Pipe()
	must(s.t, err)
	how.args, how.err = args, in
	if how.dir == "" {
		how.dir = s.dir
	}
	if how.env == nil {
		how.env = s.env()
	}
	r := &shimRun{process: start(s.t, how), s: s, pipe: withDeadline(s.t, out), log: bufio.NewReader(out)}
	must(s.t, in.Close())
	s.runs = append(s.runs, r)
	return r
}

// serve starts the shim and returns when the server's workers are ready, and the
// shim knows the master.
func (s *service) serve(flags ...string) *shimRun {
	s.t.Helper()
	r := s.run(flags...)
	s.generation()
	s.settled(r)
	return r
}

// settled blocks until the shim knows the new master, and what a daemon was
// forked from is gone.
func (s *service) settled(r *shimRun) {
	r.t.Helper()
	r.knows(s.master)
	r.daemonized()
}

// daemonized blocks until the process is gone that forked a daemon.
func (r *shimRun) daemonized() {
	r.t.Helper()
	for above := testkit.Parent(r.s.master); above != r.pid; above = testkit.Parent(r.s.master) {
		if p, err := proc.Find(above); err == nil {
			if h, err := proc.Open(p.ID); err == nil {
				watched{r.t, h}.gone()
				h.Close()
			}
		}
	}
}

// knows blocks until the shim has told of the master, by whatever event. One that
// ends unseen in the moment before is a worker for all that the shim knows.
func (r *shimRun) knows(master int) {
	r.t.Helper()
	r.find(0, "the new master", func(e toldEvent) bool {
		return e.PID == master && slices.Contains([]event.Kind{event.Launched, event.Adopted, event.NewGeneration}, e.Event)
	})
}

// read takes one more line of standard error; false at its end.
func (r *shimRun) read() bool {
	r.t.Helper()
	line, err := r.log.ReadString('\n')
	if errors.Is(err, io.EOF) {
		return false
	}
	if err != nil {
		r.t.Fatalf("waited in vain for an event of the shim: %v", err)
	}
	line = strings.TrimSuffix(line, "\n")
	r.lines = append(r.lines, line)
	if strings.Contains(line, "DATA RACE") || strings.HasPrefix(line, "panic:") {
		r.t.Errorf("the shim says %q", line)
	}
	var e toldEvent
	if json.Unmarshal([]byte(line), &e) == nil && e.Event != "" {
		r.told = append(r.told, e)
	}
	return true
}

// event blocks for the next event that fits; what comes before is passed over.
func (r *shimRun) event(what string, fits func(toldEvent) bool) toldEvent {
	r.t.Helper()
	i := r.find(r.passed, what, fits)
	r.passed = i + 1
	return r.told[i]
}

// find blocks for the first event from index i on that fits, and passes over
// nothing.
func (r *shimRun) find(i int, what string, fits func(toldEvent) bool) int {
	r.t.Helper()
	for ; ; i++ {
		for i >= len(r.told) {
			if !r.read() {
				r.t.Fatalf("the shim ended, and has not told of %s", what)
			}
		}
		if fits(r.told[i]) {
			return i
		}
	}
}

// says blocks until a line of standard error has that in it.
func (r *shimRun) says(words string) {
	r.t.Helper()
	for r.read() {
		if strings.Contains(r.lines[len(r.lines)-1], words) {
			return
		}
	}
	r.t.Fatalf("the program ended, and has not said %q", words)
}

// until blocks for the next event of a kind.
func (r *shimRun) until(kind event.Kind) toldEvent {
	r.t.Helper()
	return r.event(string(kind), func(e toldEvent) bool { return e.Event == kind })
}

// untilEnded blocks until the shim has told of the end of a master.
func (r *shimRun) untilEnded(master int) toldEvent {
	r.t.Helper()
	return r.event("the end of a master", func(e toldEvent) bool { return e.Event == event.Ended && e.PID == master })
}

// finish blocks until the shim has exited, and everybody who has its standard
// error; it returns the exit code.
func (r *shimRun) finish() int {
	r.t.Helper()
	for r.read() {
	}
	return r.wait()
}

// rest takes what there is of standard error when nobody of the service lives.
func (r *shimRun) rest() {
	_ = r.pipe.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	text, _ := io.ReadAll(r.log)
	r.lines = append(r.lines, strings.Split(string(text), "\n")...)
	r.pipe.Close()
}

// all are the events of a kind so far.
func (r *shimRun) all(kind event.Kind) []toldEvent {
	var found []toldEvent
	for _, e := range r.told {
		if e.Event == kind {
			found = append(found, e)
		}
	}
	return found
}

// order fails the test unless the events so far have these kinds in this order,
// others between them or not.
func (r *shimRun) order(kinds ...event.Kind) {
	r.t.Helper()
	rest := kinds
	for _, e := range r.told {
		if len(rest) > 0 && e.Event == rest[0] {
			rest = rest[1:]
		}
	}
	if len(rest) > 0 {
		r.t.Errorf("the events do not have %q in order: %q is missing", kinds, rest[0])
	}
}

// never fails the test if the shim has told of such an event so far.
func (r *shimRun) never(kinds ...event.Kind) {
	r.t.Helper()
	for _, e := range r.told {
		if slices.Contains(kinds, e.Event) {
			r.t.Errorf("the shim told of %q: %+v", e.Event, e)
		}
	}
}
