//go:build linux

package test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/lockshim/lockshim/shim"
)

// A result is what a program answered.
type result struct {
	code     int
	out, err string
}

// A running is a program whose output is being collected.
type running struct {
	*process
	out, err *collector
}

// A collector reads all of a pipe.
type collector struct {
	done chan struct{}
	text bytes.Buffer
}

// collect returns the pipe's other end, to be closed once a child has it.
func collect(t *testing.T) (*collector, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	must(t, err)
	c := &collector{done: make(chan struct{})}
	go func() {
		_, _ = io.Copy(&c.text, r)
		r.Close()
		close(c.done)
	}()
	return c, w
}

// begin starts a program in the service's directory and environment.
func (s *service) begin(args ...string) *running {
	s.t.Helper()
	return begin(s.t, spec{args: args, env: s.env(), dir: s.dir})
}

// begin starts a program whose output is collected.
func begin(t *testing.T, how spec) *running {
	t.Helper()
	out, outPipe := collect(t)
	errs, errPipe := collect(t)
	how.out, how.err = outPipe, errPipe
	p := start(t, how)
	must(t, outPipe.Close())
	must(t, errPipe.Close())
	return &running{p, out, errs}
}

// result blocks until the program has exited, and all who have its output.
func (r *running) result() result {
	r.t.Helper()
	code := r.wait()
	await(r.t, "the end of an output", r.out.done)
	await(r.t, "the end of an output", r.err.done)
	return result{code, r.out.text.String(), r.err.text.String()}
}

// verb runs `lockshim VERB LOCK ARGS`.
func (s *service) verb(name string, args ...string) result {
	s.t.Helper()
	return s.begin(append([]string{lockshim, name, s.lock}, args...)...).result()
}

// beginVerb starts `lockshim VERB LOCK ARGS`.
func (s *service) beginVerb(name string, args ...string) *running {
	s.t.Helper()
	return s.begin(append([]string{lockshim, name, s.lock}, args...)...)
}

// status is what `lockshim status --json` answers, which must be with the code
// that belongs to it.
func (s *service) status() shim.Status {
	s.t.Helper()
	r := s.verb("status", "--json")
	var st shim.Status
	if err := json.Unmarshal([]byte(r.out), &st); err != nil {
		s.t.Fatalf("status answered %+v: %v", r, err)
	}
	want := 0
	if st.State == shim.Free {
		want = 3
	}
	if r.code != want {
		s.t.Errorf("status exits with %d in state %q, want %d", r.code, st.State, want)
	}
	return st
}

// A gen is a generation in figures: its master, 0 for none, and its workers.
type gen struct {
	master  int
	workers []int
}

// gens are the generations of a status, oldest first.
func gens(st shim.Status) []gen {
	var found []gen
	for _, g := range st.Generations {
		one := gen{}
		if g.Master != nil {
			one.master = g.Master.PID
		}
		for _, w := range g.Workers {
			one.workers = append(one.workers, w.PID)
		}
		found = append(found, one)
	}
	return found
}

// current is the latest generation as the test knows it.
func (s *service) current() gen { return gen{s.master, slices.Clone(s.crew)} }

// shows fails the test unless status shows exactly these generations, and the
// shim, 0 for none. A shim must have answered for itself: what others can see of
// it is not its version.
func (s *service) shows(shimPID int, want ...gen) shim.Status {
	s.t.Helper()
	st := s.status()
	got := gens(st)
	if !slices.EqualFunc(got, want, func(a, b gen) bool { return a.master == b.master && slices.Equal(a.workers, b.workers) }) {
		s.t.Errorf("status shows the generations %v, want %v", got, want)
	}
	pid := 0
	if st.Shim != nil {
		pid = st.Shim.PID
	}
	if pid != shimPID {
		s.t.Errorf("status shows shim %d, want %d", pid, shimPID)
	}
	if st.Shim != nil && st.Shim.Version != version {
		s.t.Errorf("the shim has not answered status: its version is %q", st.Shim.Version)
	}
	return st
}
