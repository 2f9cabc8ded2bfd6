package main

import (
	"os/exec"
	"slices"
	"testing"
	"time"
)

// ready is a bench in the repository's root, with everything built.
func ready(t *testing.T, set settings) *bench {
	t.Helper()
	if _, err := exec.LookPath("cc"); err != nil {
		t.Skip("needs the package gcc")
	}
	t.Chdir("..")
	b, err := prepare(set)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.cleanUp)
	return b
}

// TestRound starts and ends every installed peer once, but the one that polls.
func TestRound(t *testing.T) {
	b := ready(t, settings{})
	peers := with(b.peers(), func(p peer) bool { return !p.slow })
	samples := newSamples(peers)
	if err := b.interleave(peers, samples, 1); err != nil {
		t.Fatal(err)
	}
	for name, s := range samples {
		if len(s.start) != 1 || len(s.exit) != 1 || s.start.median() <= 0 || s.exit.median() <= 0 {
			t.Errorf("%s: start %v, exit %v, want one of each", name, s.start, s.exit)
		}
	}
	if len(b.alive) > 0 {
		t.Errorf("processes %v have not been seen to end", b.alive)
	}
}

// TestTree makes sure that status and stop are measured on all workers.
func TestTree(t *testing.T) {
	if _, err := exec.LookPath("ps"); err != nil {
		t.Skip("needs the package procps")
	}
	b := ready(t, settings{workers: 3})
	status, ps, err := b.statuses()
	if err != nil {
		t.Fatal(err)
	}
	if len(status) != statusRuns || len(ps) != statusRuns {
		t.Errorf("%d runs of status and %d of ps, want %d", len(status), len(ps), statusRuns)
	}
	b.workers = 4
	if err := b.complete([]byte(`{"generations": [{"workers": [{}, {}, {}]}]}`)); err == nil {
		t.Error("a status without one of the workers was believed")
	}
	var stop, limit series
	if err := b.stops(&stop, &limit); err != nil {
		t.Fatal(err)
	}
	if len(stop) != 1 || len(limit) != 1 {
		t.Errorf("stops %v and %v, want one each", stop, limit)
	}
}

// TestUse counts a peer, and not its server.
func TestUse(t *testing.T) {
	b := ready(t, settings{})
	peers := with(b.peers(), func(p peer) bool { return p.name == dumbName || p.name == tiniName || p.name == bareName })
	for _, p := range peers {
		l, err := b.begin(p.argv(b.path("use"), b.server, b.fifo))
		if err != nil {
			t.Fatal(err)
		}
		u, err := use(l)
		if err != nil {
			t.Fatal(err)
		}
		if u.processes != 1 || u.threads < 1 || u.rss < u.dirty || u.dirty <= 0 || u.pss > u.rss {
			t.Errorf("%s uses %+v, want one process", p.name, u)
		}
		if _, err := b.end(l); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSeries(t *testing.T) {
	var s series
	if s.median() != 0 {
		t.Errorf("nothing has the median %v", s.median())
	}
	for i := range 101 {
		s = append(s, time.Duration(101-i))
	}
	if s.median() != 51 || s.p99() != 100 || s.at(1) != 101 {
		t.Errorf("1 to 101: median %d, p99 %d, most %d", s.median(), s.p99(), s.at(1))
	}
	if s[0] != 101 {
		t.Error("the series was sorted in place")
	}
}

func TestRatio(t *testing.T) {
	for want, r := range map[string][2]time.Duration{"0.50": {1, 2}, "–": {1, 0}, "150": {300, 2}} {
		if got := ratio(r[0], r[1]); got != want {
			t.Errorf("ratio(%d, %d) = %s, want %s", r[0], r[1], got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	if got, err := numbers("100,5000"); err != nil || !slices.Equal(got, []int{100, 5000}) {
		t.Errorf("100 and 5000 were read as %v, %v", got, err)
	}
	for _, bad := range []string{"", "1,", "0", "x"} {
		if got, err := numbers(bad); err == nil {
			t.Errorf("%q was read as %v", bad, got)
		}
	}
}
