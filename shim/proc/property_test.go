package proc

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lockshim/lockshim/shim/profile"
)

// eachMoment calls visit with every moment of every recording, and with what
// everybody knows of it who classifies.
func eachMoment(t *testing.T, visit func(name string, s Snapshot, r Rules)) {
	t.Helper()
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no recordings", err)
	}
	for _, name := range names {
		rec, err := readRecording(name)
		if err != nil {
			t.Fatal(err)
		}
		memory := begins(rec)
		for _, m := range rec.Moments {
			memory.ends(m.Ended)
			r := Rules{Profile: profile.Recognise(rec.Command), Command: rec.Command, Exe: rec.Exe, Shim: rec.Shim, Launched: rec.Launched, Known: slices.Clone(memory.known)}
			visit(name+" "+m.Name, m.Snapshot, r)
			memory.takesIn(Classify(m.Snapshot, r), r.Profile)
			visit(name+" "+m.Name+" adopted", rec.orphaned(m.Snapshot), Rules{Profile: r.Profile, Command: rec.Command, Exe: rec.Exe})
			visit(name+" "+m.Name+" guessed", rec.orphaned(m.Snapshot), guess(rec.orphaned(m.Snapshot)))
		}
	}
}

// everybody lists who is in a view, each as often as it is there.
func (v View) everybody() []int {
	var all []Process
	for _, g := range v.Generations {
		all = append(all, g.Processes()...)
	}
	for _, list := range [][]Process{v.Launchers, v.Helpers, v.Strays, v.Members, v.Foreign, v.Shims} {
		all = append(all, list...)
	}
	var pids []int
	for _, p := range all {
		pids = append(pids, p.PID)
	}
	slices.Sort(pids)
	return pids
}

// Whatever is missing from a snapshot, each process that lives is in one place of
// the view, generations have members and their numbers rise, and lists are sorted.
func TestViewIsAPartition(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	eachMoment(t, func(name string, s Snapshot, r Rules) {
		for range 20 {
			v := Classify(s, r)
			if want := expected(s, r); !slices.Equal(v.everybody(), want) {
				t.Fatalf("%s: in the view are %v, want %v", name, v.everybody(), want)
			}
			if why := v.disorder(); why != "" {
				t.Fatalf("%s: %s in\n%s", name, why, v.text())
			}
			if len(s.Processes) == 0 {
				break
			}
			at := random.IntN(len(s.Processes))
			s.Processes = slices.Delete(slices.Clone(s.Processes), at, at+1)
		}
	})
}

// expected are the processes of a recording that have to do with the service:
// all but the shim where it has lost its guard, zombies, and those of a dead
// shim's tree that neither hold the lock nor name the service.
func expected(s Snapshot, r Rules) []int {
	tree := Descendants(s.Processes, roots(s.Processes, r))
	var pids []int
	for _, p := range s.Processes {
		if !p.Zombie() && (tree[p.PID] || p.Marked || p.Shared || p.Exclusive || p.Guard) {
			pids = append(pids, p.PID)
		}
	}
	return pids
}

// disorder is what is wrong with the order of a view.
func (v View) disorder() string {
	for i, g := range v.Generations {
		switch {
		case len(g.Processes()) == 0:
			return "an empty generation"
		case g.Number < 1 || i > 0 && g.Number <= v.Generations[i-1].Number:
			return "numbers that do not rise"
		case !slices.IsSortedFunc(g.Workers, byPID):
			return "workers that are not sorted"
		}
	}
	for _, list := range [][]Process{v.Launchers, v.Helpers, v.Strays, v.Members, v.Foreign, v.Shims, v.Servers()} {
		if !slices.IsSortedFunc(list, byPID) {
			return "a list that is not sorted"
		}
	}
	return ""
}

// Without randomised addresses the generations from the second on are of one
// layout, or the recording would show nothing.
func TestFixedRecordingsAreAlike(t *testing.T) {
	for _, name := range []string{"unicorn-fixed", "gunicorn-fixed"} {
		rec, err := readRecording(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		executed := make(map[Image]int)
		for _, m := range rec.Moments {
			if m.Name != "two generations again" {
				continue
			}
			for _, p := range m.Processes {
				if !p.Forked && p.Shared {
					executed[p.Image]++
				}
			}
		}
		for image, masters := range executed {
			if len(executed) != 1 || masters != 2 {
				t.Errorf("%s: %d masters have the image %+v", name, masters, image)
			}
		}
		if len(executed) == 0 {
			t.Errorf("%s has no masters", name)
		}
	}
}
