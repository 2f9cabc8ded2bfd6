package check

import (
	"strings"
	"testing"
	"time"

	"github.com/lockshim/lockshim/shim/profile"
)

func TestUnitOf(t *testing.T) {
	for cgroup, want := range map[string]string{
		"0::/system.slice/web.service\n":                                           "web.service",
		"0::/system.slice/web.service/app\n":                                       "web.service",
		"0::/system.slice/system-web.slice/web@1.service\n":                        "web@1.service",
		"12:cpu:/x\n1:name=systemd:/system.slice/web.service\n0::/\n":              "web.service",
		"0::/user.slice/user-1000.slice/session-3.scope\n":                         "",
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/a.scope":       "",
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/web.service\n": "web.service",
		"5:memory:/system.slice/other.service\n0::/init.scope\n":                   "",
		"": "", "x\n": "",
	} {
		if got := unitOf(cgroup); got != want {
			t.Errorf("%q: %q, want %q", cgroup, got, want)
		}
	}
}

func TestTimespan(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1min 30s": 90 * time.Second, "infinity": patientForever, "5s": 5 * time.Second, "1h 2min 3.500s": 3723500 * time.Millisecond,
		"250ms": 250 * time.Millisecond, "1w 1d": 8 * 24 * time.Hour, "": -1, "soon": -1, "1 min": -1, "-5s": -1,
	} {
		got, known := timespan(text)
		if !known {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// What is said of a schedule and an init, at the bounds.
func TestJudge(t *testing.T) {
	knows := func(d time.Duration) initSystem {
		return initSystem{"init", d, true, func(int) string { return "set it" }}
	}
	for _, c := range []struct {
		stop  string
		init  initSystem
		level Level
		words string
	}{
		{"QUIT/60/TERM/10/KILL", knows(70 * time.Second), Warning, "init waits 70 s"},
		{"QUIT/60/TERM/10/KILL", knows(71 * time.Second), OK, "init waits 71 s"},
		{"QUIT/60/TERM/10/KILL", knows(patientForever), OK, "as long as it takes"},
		{"QUIT/60/TERM/10/KILL", initSystem{name: "it", set: anyLine}, OK, "at least 71 s: TimeoutStopSec=75"},
		{"TERM", knows(90 * time.Second), Warning, "no end, and init waits 90 s"},
		{"TERM", knows(patientForever), OK, "no end"},
		{"TERM", initSystem{name: "it", set: anyLine}, OK, "no end"},
	} {
		schedule, err := profile.ParseSchedule(c.stop)
		if err != nil {
			t.Fatal(err)
		}
		found := judge(schedule, c.init)
		if len(found) != 1 || found[0].Level != c.level || !strings.Contains(found[0].Text, c.words) {
			t.Errorf("%s and %v: %+v, want %v: %s", c.stop, c.init.waits, found, c.level, c.words)
		}
	}
}

func TestHides(t *testing.T) {
	const before = "22 1 0:20 / /sys rw - sysfs sysfs rw\n"
	for mounts, want := range map[string]bool{
		before + "23 1 0:21 / /proc rw,nosuid - proc proc rw\n":                                          false,
		before + "23 1 0:21 / /proc rw,nosuid - proc proc rw,gid=5,hidepid=2\n":                          true,
		before + "23 1 0:21 / /proc rw - proc proc rw,hidepid=invisible\n":                               true,
		before + "23 1 0:21 / /proc rw - proc proc rw,hidepid=off\n":                                     false,
		before + "23 1 0:21 / /other/proc rw - proc proc rw,hidepid=2\n":                                 false,
		"23 1 0:21 / /proc rw shared:5 - proc proc rw,hidepid=2\n24 23 0:22 / /proc rw - proc proc rw\n": false,
	} {
		if got := hides(mounts); got != want {
			t.Errorf("%q: %v", mounts, got)
		}
	}
}
