package proc

import "testing"

// bereft is a real nginx that serves, at the moment when its master was killed and
// one of its workers has yet to take its own title: what is left descends from init.
func bereft(t *testing.T, name string, workers int) (Snapshot, Rules, int) {
	t.Helper()
	rec, err := readRecording("testdata/" + name + ".json")
	must(t, err)
	r := Rules{Profile: kind(t, "nginx", nil), Command: rec.Command, Exe: rec.Exe}
	s := rec.orphaned(rec.Moments[0].Snapshot)
	g := Classify(s, r).Generations[0]
	left := Snapshot{}
	for _, w := range g.Workers[:workers] {
		w.PPID = 1
		left.Processes = append(left.Processes, w)
	}
	left.Processes[0].Args = g.Master.Args
	return left, r, left.Processes[0].PID
}

// A worker with the title of its dead master is no master, alone or not.
func TestWorkerWithItsMastersTitle(t *testing.T) {
	for _, name := range []string{"nginx-daemon", "nginx-foreground"} {
		for _, workers := range []int{1, 2} {
			s, r, pid := bereft(t, name, workers)
			if v := Classify(s, r); len(v.Generations) != 1 || !v.Generations[0].Leaderless || len(v.Generations[0].Workers) != workers {
				t.Errorf("%s with %d: pid %d leads: %s", name, workers, pid, v.text())
			}
		}
	}
}

// One that was taken for a master is none once it has the title of a worker.
func TestMasterWithAWorkersTitle(t *testing.T) {
	s, r, _ := bereft(t, "nginx-daemon", 2)
	title := s.Processes[1].Args
	s.Processes[0].Args = title
	r.Known = []Known{{Number: 1, Image: s.Processes[0].Image, Master: s.Processes[0].ID}}
	if v := Classify(s, r); len(v.Generations) != 1 || !v.Generations[0].Leaderless {
		t.Errorf("it leads: %s", v.text())
	}
}
