package proc

import "testing"

// left is a snapshot of what a launch has left: its pid was 100, and its shim's is 10.
func left(processes ...Process) (Snapshot, Rules) {
	shim := Process{ID: ID{10, 1}, PPID: 1, Session: 10, State: "S", Image: image(1), Exe: "/usr/bin/lockshim", Args: []string{"lockshim"}, Guard: true}
	s := Snapshot{Processes: append([]Process{shim}, processes...)}
	r := Rules{
		Command: []string{"sh", "-c", "exec served"}, Exe: "/usr/bin/dash", Shim: 10, Launched: ID{100, 50}, Session: 10,
		Known: []Known{{Number: 1, Image: image(2)}},
	}
	r.Profile.Name = generic
	return s, r
}

func image(n uint64) Image { return Image{Stack: n, Args: n + 100, Env: n + 200} }

// orphan is a child of the shim that runs the image n, executed by itself or not.
func orphan(pid int, n uint64, forked bool, args ...string) Process {
	return Process{ID: ID{pid, uint64(pid)}, PPID: 10, Session: pid, State: "S", Image: image(n), Forked: forked, Exe: "/usr/bin/" + args[0], Args: args, Marked: true, Shared: true}
}

// A daemon whose launcher's last image nobody saw is the server, with what it has
// forked: of several, the one that was forked last.
func TestDaemonOfAnUnseenLauncher(t *testing.T) {
	worker := orphan(103, 4, true, "served")
	worker.PPID = 102
	s, r := left(orphan(101, 3, true, "ssh-agent"), orphan(102, 4, true, "served"), worker)
	v := Classify(s, r)
	if len(v.Generations) != 1 || v.Generations[0].Master.PID != 102 || len(v.Generations[0].Workers) != 1 || v.Generations[0].Number != 1 {
		t.Errorf("the generations are %+v", v.Generations)
	}
	if len(v.Strays) != 1 || v.Strays[0].PID != 101 {
		t.Errorf("the strays are %+v", v.Strays)
	}
}

// A launch that was ready by time alone may have been a launcher.
func TestDaemonOfASlowLauncher(t *testing.T) {
	s, r := left(orphan(102, 4, true, "served"))
	r.Known[0].Lasted = s.Processes[1].Started()
	if v := Classify(s, r); len(v.Generations) != 1 || v.Generations[0].Master.PID != 102 {
		t.Errorf("the generations are %+v", v.Generations)
	}
}

// It need not lead a session yet.
func TestDaemonBeforeItsSession(t *testing.T) {
	p := orphan(102, 4, true, "served")
	p.Session = 10
	s, r := left(p)
	if v := Classify(s, r); len(v.Generations) != 1 || v.Generations[0].Leaderless {
		t.Errorf("the generations are %+v", v.Generations)
	}
}

// What a launch has left that was ready to serve is a stray, and so is what has
// executed its program itself.
func TestStraysOfALauncher(t *testing.T) {
	s, r := left(orphan(102, 4, true, "ssh-agent"))
	r.Known[0].Ready = true
	if v := Classify(s, r); len(v.Generations) != 0 || len(v.Strays) != 1 {
		t.Errorf("beside a server that was ready: %+v", v)
	}
	r.Known[0].Ready, r.Known[0].Lasted = false, s.Processes[1].Started().Add(1)
	if v := Classify(s, r); len(v.Generations) != 0 || len(v.Strays) != 1 {
		t.Errorf("older than a server that was ready by time: %+v", v)
	}
	s, r = left(orphan(102, 4, false, "sleep", "infinity"))
	if v := Classify(s, r); len(v.Generations) != 0 || len(v.Strays) != 1 {
		t.Errorf("executed by itself: %+v", v)
	}
}
