package proc

import (
	"path/filepath"
	"strings"
	"testing"
)

// In the midst of an exec a master has neither image nor command line, as it may at
// any moment of a recording of a server that re-executes itself in place. It leads
// all the same, the generation that it led, and none of its workers is lost.
func TestMasterInExec(t *testing.T) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range names {
		rec, err := readRecording(name)
		if err != nil {
			t.Fatal(err)
		}
		p := kind(t, "", rec.Command)
		if !p.InPlace {
			continue
		}
		memory := begins(rec)
		for _, m := range rec.Moments {
			memory.ends(m.Ended)
			r := Rules{Profile: p, Command: rec.Command, Exe: rec.Exe, Shim: rec.Shim, Launched: rec.Launched, Known: memory.known}
			v := Classify(m.Snapshot, r)
			memory.takesIn(v, p)
			for _, master := range v.Masters() {
				seen++
				r.Known = memory.known
				if got := Classify(inExec(m.Snapshot, master.ID), r); got.summary() != v.summary() {
					t.Errorf("%s, %s: %d in exec makes\n%sof\n%s", name, m.Name, master.PID, got.text(), v.text())
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no recording has a master that re-executes itself in place")
	}
}

// inExec is the snapshot with that process in the midst of an exec.
func inExec(s Snapshot, id ID) Snapshot {
	var during Snapshot
	for _, p := range s.Processes {
		if p.ID == id {
			p.Image, p.Args, p.Marked = Image{}, nil, false
		}
		during.Processes = append(during.Processes, p)
	}
	return during
}

// summary is a view without command lines, and without the number of what lost its
// master's image.
func (v View) summary() string {
	var b strings.Builder
	for _, p := range v.Masters() {
		b.WriteString(" master" + pids([]Process{p}))
	}
	b.WriteString(" servers" + pids(v.Servers()) + " launchers" + pids(v.Launchers) + " strays" + pids(v.Strays))
	return b.String()
}
