package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lockshim/lockshim/shim"
)

var statusTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func ago(d time.Duration) time.Time { return statusTime.Add(-d) }

// upgrading is a service in the middle of an upgrade, with everything beside it.
func upgrading() shim.Status {
	process := func(pid int, age time.Duration, command string, locked bool) shim.ProcessStatus {
		return shim.ProcessStatus{PID: pid, Started: ago(age), Command: command, Locked: locked, Memory: int64(pid) << 20}
	}
	old, young := process(20, 30*time.Hour, "unicorn master (old)", true), process(40, 5*time.Second, "unicorn master", true)
	return shim.Status{
		Lock: "/run/lockshim/web.lock", Profile: "unicorn", State: shim.Upgrading,
		Shim: &shim.ShimStatus{PID: 10, Started: ago(49 * time.Hour), Version: "1.2.3", Adopted: true},
		Generations: []shim.GenerationStatus{
			{Generation: 1, State: "draining", Locked: true, Master: &old, Workers: []shim.ProcessStatus{process(21, 30*time.Hour, "unicorn worker[0]", true)}},
			{Generation: 2, State: "ready", Locked: true, Master: &young, Workers: []shim.ProcessStatus{
				process(41, 4*time.Second, "unicorn worker[0]", true), process(1042, 3*time.Second, "unicorn worker[1]", false)}},
			{Generation: 3, State: "draining"},
		},
		Helpers: []shim.ProcessStatus{process(49, 30*time.Second, "python3 -c from multiprocessing.resource_tracker import main;main(4)", false)},
		Strays:  []shim.ProcessStatus{process(50, 61*time.Minute, "git gc\n--auto", false)},
		Members: []shim.ProcessStatus{process(55, 2*time.Hour, "rake jobs:work", true)},
		Foreign: []shim.ProcessStatus{process(60, 90*time.Second, "flock -s web.lock sleep 1000", true)},
	}
}

func TestStatusText(t *testing.T) {
	want := `service  web
lock     /run/lockshim/web.lock
profile  unicorn
state    upgrading
shim     pid 10, up 2d01h, version 1.2.3, found the tree running

PROCESS                  PID   STATE     AGE    MEMORY      LOCKED  COMMAND
generation 1, 1 worker   20    draining  1d06h  20.0 MiB    yes     unicorn master (old)
  worker                 21              1d06h  21.0 MiB    yes     unicorn worker[0]
generation 2, 2 workers  40    ready     5s     40.0 MiB    yes     unicorn master
  worker                 41              4s     41.0 MiB    yes     unicorn worker[0]
  worker                 1042            3s     1042.0 MiB  no      unicorn worker[1]
generation 3, 0 workers  -     draining  -      -           -       (its master is gone)
helper                   49              30s    49.0 MiB    no      python3 -c from multiprocessing.resource_tracker import main;main(4)
stray                    50              1h01m  50.0 MiB    no      git gc\012--auto
member                   55              2h00m  55.0 MiB    yes     rake jobs:work
foreign holder           60              1m30s  60.0 MiB    yes     flock -s web.lock sleep 1000
`
	if got := statusText("web", upgrading(), statusTime); got != want {
		t.Errorf("%s\nis not\n%s", got, want)
	}
}

func TestStatusTextOfAFreeService(t *testing.T) {
	want := "service  ./a\\012b\nlock     /srv/a\\012b\nstate    free\nshim     none\n"
	if got := statusText("./a\nb", shim.Status{Lock: "/srv/a\nb", State: shim.Free}, statusTime); got != want {
		t.Errorf("%q is not %q", got, want)
	}
}

// The object has the fields that the manual promises.
func TestStatusJSON(t *testing.T) {
	text, err := statusJSON(upgrading())
	if err != nil || !strings.Contains(text, `"command": "flock -s web.lock sleep 1000"`) {
		t.Fatalf("%s, %v", text, err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"lock", "profile", "state", "shim", "generations", "helpers", "strays", "members", "foreign"} {
		if got[field] == nil {
			t.Errorf("no %s in %s", field, text)
		}
	}
	generation := got["generations"].([]any)[0].(map[string]any)
	for _, field := range []string{"generation", "state", "locked", "master", "workers"} {
		if generation[field] == nil {
			t.Errorf("no %s in a generation of %s", field, text)
		}
	}
}
