package proc

import (
	"testing"

	"github.com/lockshim/lockshim/shim/profile"
)

// Who says that it leads is a master if a server executed it; a fork of one is a
// worker of its image, whatever it says, and who joined from elsewhere a member.
func TestAnnounced(t *testing.T) {
	image := func(n uint64) Image { return Image{Stack: n, Args: n, Env: n} }
	master := Process{ID: ID{PID: 20, Start: 1}, PPID: 10, State: "S", Image: image(1), Exe: "/srv/server", Args: []string{"server"}, Shared: true}
	worker := Process{ID: ID{PID: 21, Start: 2}, PPID: 20, State: "S", Image: image(1), Forked: true, Exe: "/srv/server", Args: []string{"server"}, Shared: true}
	next := Process{ID: ID{PID: 30, Start: 3}, PPID: 20, State: "S", Image: image(2), Exe: "/srv/server", Args: []string{"other"}, Shared: true}
	helper := Process{ID: ID{PID: 40, Start: 4}, PPID: 20, State: "S", Image: image(3), Exe: "/usr/bin/helper", Args: []string{"helper"}, Shared: true}
	joined := Process{ID: ID{PID: 50, Start: 5}, PPID: 1, State: "S", Image: image(4), Exe: "/srv/server", Args: []string{"job"}, Shared: true, Marked: true, Held: true}
	all := []Process{master, worker, next, helper, joined}
	for _, c := range []struct {
		name  string
		says  []Announcement
		leads []int
	}{
		{"nobody", nil, []int{20}},
		{"the next master, ready", []Announcement{{ID: next.ID}}, []int{20, 30}},
		{"the next master, as main", []Announcement{{ID: next.ID, Main: true}}, []int{20, 30}},
		{"another program, ready", []Announcement{{ID: helper.ID}}, []int{20}},
		{"another program, as main", []Announcement{{ID: helper.ID, Main: true}}, []int{20, 40}},
		{"a worker", []Announcement{{ID: worker.ID, Main: true}}, []int{20}},
		{"a member", []Announcement{{ID: joined.ID, Main: true}}, []int{20}},
		{"who had that pid before", []Announcement{{ID: ID{PID: 30, Start: 2}, Main: true}}, []int{20}},
	} {
		p, err := profile.Lookup("generic")
		if err != nil {
			t.Fatal(err)
		}
		v := Classify(Snapshot{Processes: all}, Rules{Profile: p, Command: []string{"server"}, Shim: 10, Launched: master.ID, Announced: c.says})
		var leads []int
		for _, m := range v.Masters() {
			leads = append(leads, m.PID)
		}
		if len(leads) != len(c.leads) || leads[len(leads)-1] != c.leads[len(c.leads)-1] {
			t.Errorf("%s: %v lead, want %v", c.name, leads, c.leads)
		}
	}
}
