//go:build linux

package test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/history"
	"github.com/lockshim/lockshim/shim/proc"
)

// history is what `lockshim history --json` answers of a service that lives.
func (s *service) history() history.History {
	s.t.Helper()
	r := s.verb("history", "--json")
	var h history.History
	if err := json.Unmarshal([]byte(r.out), &h); err != nil || r.code != 0 || r.err != "" {
		s.t.Fatalf("history answers %+v: %v", r, err)
	}
	for i, g := range h.Generations[:max(0, len(h.Generations)-1)] {
		if next := h.Generations[i+1]; next.Born == nil || g.Born != nil && next.Born.Before(*g.Born) {
			s.t.Errorf("the generations are not in the order of their births: %+v", h.Generations)
		}
	}
	return h
}

// lives fails the test unless the history has generations of these masters, and
// returns them.
func (s *service) lives(h history.History, masters ...int) []history.Generation {
	s.t.Helper()
	var pids []int
	for _, g := range h.Generations {
		pids = append(pids, g.PID)
	}
	if !reflect.DeepEqual(pids, masters) {
		s.t.Fatalf("the history has generations of the masters %v, want %v", pids, masters)
	}
	return h.Generations
}

// logged fails the test unless the history's events are what the shim wrote to
// its log, all of it.
func (r *shimRun) logged(h history.History) {
	r.t.Helper()
	var want []event.Record
	for i := 0; len(want) < len(h.Events); i++ {
		for i >= len(r.lines) {
			if !r.read() {
				r.t.Fatalf("the history has %d events, the log %d", len(h.Events), len(want))
			}
		}
		var line event.Record
		if json.Unmarshal([]byte(r.lines[i]), &line) == nil && line.Kind != "" {
			line.Lock = ""
			want = append(want, line)
		}
	}
	for i, got := range h.Events {
		if !reflect.DeepEqual(got, want[i]) {
			r.t.Errorf("event %d of the history is %+v, the log's is %+v", i, got, want[i])
		}
	}
}

// kinds fails the test unless the events have these kinds in this order, others
// between them or not.
func (s *service) kinds(events []event.Record, kinds ...event.Kind) {
	s.t.Helper()
	rest := kinds
	for _, e := range events {
		if len(rest) > 0 && e.Kind == rest[0] {
			rest = rest[1:]
		}
	}
	if len(rest) > 0 {
		s.t.Errorf("the history does not have %q in order, %q is missing: %+v", kinds, rest[0], events)
	}
}

// fromProc fails the test unless all that is told of a generation is what start
// times tell.
func (s *service) fromProc(g history.Generation) {
	s.t.Helper()
	master, err := proc.Find(g.PID)
	must(s.t, err)
	if g.Born == nil || !sameTick(*g.Born, master.Started()) || g.Seen || !g.Lives || g.Ready != nil || g.Retired != nil || g.Ended != nil || g.Code != nil {
		s.t.Errorf("of master %d, which started at %v, the history tells %+v", g.PID, master.Started(), g)
	}
	for _, w := range g.Workers {
		worker, err := proc.Find(w.PID)
		must(s.t, err)
		if !sameTick(w.Started, worker.Started()) {
			s.t.Errorf("worker %d started at %v, the history has %v", w.PID, worker.Started(), w.Started)
		}
	}
	if len(g.Workers) != s.workers {
		s.t.Errorf("generation %d has the workers %v, want %d", g.Number, g.Workers, s.workers)
	}
}

// sameTick reports whether two processes have read the same start time: it is of
// a hundredth of a second, and each reckons from the boot as it sees it.
func sameTick(a, b time.Time) bool { return a.Sub(b).Abs() < 10*time.Millisecond }

// drawn fails the test unless text and picture have a row for each master.
func (s *service) drawn(masters ...int) {
	s.t.Helper()
	lines, picture := s.verb("history"), s.verb("history", "--svg")
	if lines.code != 0 || lines.err != "" || picture.code != 0 || picture.err != "" {
		s.t.Errorf("history answers %+v and %+v", lines, picture)
	}
	for i, pid := range masters {
		if row := fmt.Sprintf("\n%d ", i+1); !strings.Contains(lines.out, row) {
			s.t.Errorf("there is no row of generation %d in\n%s", i+1, lines.out)
		}
		if pid := fmt.Sprintf(">%d</text>", pid); !strings.Contains(picture.out, pid) {
			s.t.Errorf("there is no row of %s in the picture", pid)
		}
	}
	for dec := xml.NewDecoder(strings.NewReader(picture.out)); ; {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			s.t.Fatalf("the picture is no XML: %v\n%s", err, picture.out)
		}
	}
}
