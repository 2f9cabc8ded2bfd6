package shim

import (
	"strings"
	"testing"

	"github.com/lockshim/lockshim/shim/proc"
)

// A scene is what the machine knows of generations 1, 2 and so on, of which each
// has a letter: r ready, u not ready, h not ready with a hook that will say so, and o
// for one that has lost its master.
func scene(letters string, u upgrade, proving int) *machine {
	m := &machine{state: state{upgrade: u}, proof: proof{number: proving}}
	for i, letter := range letters {
		g := proc.Generation{Number: i + 1, Leaderless: letter == 'o', Master: proc.Process{ID: proc.ID{PID: 10 * (i + 1), Start: 1}}}
		m.view.Generations = append(m.view.Generations, g)
		m.known = append(m.known, generation{
			Known: proc.Known{Number: g.Number, Master: g.Master.ID}, ready: letter == 'r', hooked: letter == 'h',
		})
	}
	return m
}

func TestStanding(t *testing.T) {
	for _, c := range []struct {
		name   string
		m      *machine
		want   string // states of the generations
		serves State
	}{
		{"launched, and a look tells when it is ready", scene("u", upgrade{}, 1), "starting", Starting},
		{"launched, and its hook tells", scene("h", upgrade{}, 0), "starting", Starting},
		{"launched, and it has not become ready in time", scene("u", upgrade{}, 0), "ready", Serving},
		{"ready", scene("r", upgrade{}, 0), "ready", Serving},
		{"an upgrade has only begun", scene("r", upgrade{stage: checking}, 0), "ready", Upgrading},
		{"an upgrade waits for the new one", scene("ru", upgrade{stage: proving, old: 1, new: 2}, 2), "ready starting", Upgrading},
		{"an upgrade watches the new one", scene("rr", upgrade{stage: trial, old: 1, new: 2}, 0), "ready ready", Upgrading},
		{"an upgrade retires the old one", scene("rr", upgrade{stage: retiring, old: 1, new: 2}, 0), "draining ready", Upgrading},
		{"an upgrade is rolled back", scene("ru", upgrade{stage: failing, old: 1, new: 2}, 0), "ready draining", Upgrading},
		{"by hand, the new one has yet to say so", scene("rh", upgrade{}, 0), "ready starting", Upgrading},
		{"by hand, the new one has said so", scene("rr", upgrade{}, 0), "draining ready", Upgrading},
		{"by hand, nobody says anything", scene("uu", upgrade{}, 0), "draining ready", Upgrading},
		{"a master was lost beside one that serves", scene("or", upgrade{}, 0), "draining ready", Serving},
		{"the last master was lost", scene("o", upgrade{}, 0), "draining", NoMaster},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.m.status()
			var got []string
			for _, g := range s.Generations {
				got = append(got, g.State)
			}
			if strings.Join(got, " ") != c.want || s.State != c.serves {
				t.Errorf("the service is %s with generations that are %q, want %s and %q", s.State, got, c.serves, c.want)
			}
		})
	}
}

// A stop is what the service is about, whatever its generations are.
func TestStandingInAStop(t *testing.T) {
	for phase, want := range map[phase]State{stopping: StateStop, lingering: StateStop, masterless: NoMaster} {
		m := scene("ru", upgrade{stage: proving, old: 1, new: 2}, 2)
		m.state.phase = phase
		if got := m.status().State; got != want {
			t.Errorf("in the phase %s the service is %s, want %s", phase, got, want)
		}
	}
}
