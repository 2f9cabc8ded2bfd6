package check

import (
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/lockshim/lockshim/shim"
)

// systemd asks for TimeoutStopSec of the unit that a process is in. A process of
// a login is in none.
func systemd(pid int) (initSystem, bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	unit := unitOf(string(text))
	if err != nil || unit == "" {
		return initSystem{}, false
	}
	i := initSystem{name: "systemd", set: func(n int) string { return "TimeoutStopSec=" + strconv.Itoa(n) }}
	answer, err := output("systemctl", "show", "-p", "TimeoutStopUSec", unit)
	if value, found := strings.CutPrefix(strings.TrimSpace(answer), "TimeoutStopUSec="); err == nil && found {
		i.waits, i.known = timespan(value)
	}
	return i, true
}

// unitOf is the service that a cgroup belongs to (cgroups(7), /proc/PID/cgroup),
// "" for none. A unit may have cgroups of its own below.
func unitOf(cgroup string) string {
	for line := range strings.Lines(cgroup) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 || parts[1] != "" && parts[1] != "name=systemd" {
			continue
		}
		names := strings.Split(parts[2], "/")
		for i := len(names) - 1; i >= 0; i-- {
			if strings.HasSuffix(names[i], ".service") && !strings.HasPrefix(names[i], "user@") {
				return names[i]
			}
		}
	}
	return ""
}

// spans are the units of systemd.time(7) in which show answers.
var spans = map[string]time.Duration{
	"y": 31557600 * time.Second, "month": 2629800 * time.Second, "w": 7 * 24 * time.Hour, "d": 24 * time.Hour,
	"h": time.Hour, "min": time.Minute, "s": time.Second, "ms": time.Millisecond, "us": time.Microsecond,
}

// timespan reads "1min 30s" and "infinity".
func timespan(text string) (time.Duration, bool) {
	if text == "infinity" {
		return patientForever, true
	}
	var sum time.Duration
	words := strings.Fields(text)
	for _, w := range words {
		number := strings.TrimRight(w, "abcdefghijklmnopqrstuvwxyz")
		n, err := strconv.ParseFloat(number, 64)
		unit, known := spans[w[len(number):]]
		if err != nil || !known || n < 0 {
			return 0, false
		}
		sum += time.Duration(n * float64(unit))
	}
	return sum, len(words) > 0
}

// output is what a program writes.
func output(name string, args ...string) (string, error) {
	path, err := shim.LookPath(name)
	if err != nil {
		return "", err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	p, err := os.StartProcess(path, append([]string{name}, args...), &os.ProcAttr{Env: os.Environ(), Files: []*os.File{nil, w, nil}})
	w.Close()
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(r, 1<<16))
	if _, waited := p.Wait(); err == nil {
		err = waited
	}
	return string(text), err
}
