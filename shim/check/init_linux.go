package check

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// patientForever is the patience of an init that never kills.
const patientForever = time.Duration(math.MaxInt64)

// An initSystem is what supervises a shim, and how long it waits after TERM
// before it kills.
type initSystem struct {
	name  string
	waits time.Duration
	known bool
	set   func(seconds int) string // the line that sets it
}

// line is what a configuration has to say for a time.
func (i initSystem) line(d time.Duration) string { return i.set(int(d / time.Second)) }

// An ancestor is a process above the one that is looked at.
type ancestor struct {
	pid  int
	name string
	args []string
}

// findInit finds out who supervises a process: the nearest ancestor that is a
// supervisor, past shells and wrappers; else the systemd unit that it is in.
func findInit(pid int) initSystem {
	for _, a := range ancestors(pid) {
		if found, is := supervisor(a, pid); is {
			return found
		}
	}
	return initSystem{name: "the init system", set: anyLine}
}

// anyLine is the line of every init, for who knows which one it will be.
func anyLine(n int) string {
	t := strconv.Itoa(n)
	return "TimeoutStopSec=" + t + " (systemd), stopwaitsecs=" + t + " (supervisord), kill timeout " + t + " (Upstart), sv -w " + t + " stop (runit)"
}

// supervisor says whether a is one, and what it waits.
func supervisor(a ancestor, pid int) (initSystem, bool) {
	switch a.name {
	case "runsv":
		// sv(8): it waits 7 s, and kills only when it is told force-stop.
		return initSystem{"sv", 7 * time.Second, true, func(n int) string { return "sv -w " + strconv.Itoa(n) + " stop" }}, true
	case "s6-supervise":
		return s6(a), true
	case "supervisord":
		return supervisord(a, pid), true
	case "supervise":
		return initSystem{"svc", patientForever, true, anyLine}, true
	case "supervise-daemon":
		return openrc(a), true
	case "systemd":
		return systemd(pid)
	case "tini", "dumb-init", "docker-init", "catatonit", "conmon", "containerd-shim":
		return initSystem{name: "the container's runtime", set: func(n int) string { return "docker stop --time " + strconv.Itoa(n) }}, true
	}
	return initSystem{}, false
}

// ancestors are those of a process, the nearest first.
func ancestors(pid int) []ancestor {
	var all []ancestor
	for range 64 {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			return all
		}
		words := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(words) < 2 || words[1] == "0" {
			return all
		}
		pid, _ = strconv.Atoi(words[1])
		all = append(all, ancestorOf(pid))
	}
	return all
}

// ancestorOf names a process by its comm (proc_pid_comm(5)), or, where that is
// an interpreter's, by its script.
func ancestorOf(pid int) ancestor {
	dir := "/proc/" + strconv.Itoa(pid)
	comm, _ := os.ReadFile(dir + "/comm")
	cmdline, _ := os.ReadFile(dir + "/cmdline")
	a := ancestor{pid, strings.TrimSpace(string(comm)), strings.Split(strings.TrimRight(string(cmdline), "\x00"), "\x00")}
	if strings.HasPrefix(a.name, "python") && len(a.args) > 1 {
		a.name = filepath.Base(a.args[1])
	}
	return a
}

// s6 reads the file timeout-kill of a service directory, in which s6-supervise
// runs: milliseconds, 0 for never (s6-supervise's page, "timeout-kill").
func s6(a ancestor) initSystem {
	i := initSystem{"s6", patientForever, true, func(n int) string { return "echo " + strconv.Itoa(n*1000) + " >timeout-kill" }}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(a.pid) + "/cwd/timeout-kill")
	if n, bad := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && bad == nil && n > 0 {
		i.waits = time.Duration(n) * time.Millisecond
	}
	return i
}

// openrc reads the schedule that supervise-daemon(8) was given, --retry.
func openrc(a ancestor) initSystem {
	i := initSystem{name: "supervise-daemon", set: func(n int) string { return `retry="TERM/` + strconv.Itoa(n) + `/KILL/5"` }}
	for n, arg := range a.args {
		value, attached := strings.CutPrefix(arg, "--retry=")
		if (arg == "--retry" || arg == "-R") && n+1 < len(a.args) {
			value, attached = a.args[n+1], true
		}
		words := strings.Split(value, "/")
		if secs, err := strconv.Atoi(words[min(1, len(words)-1)]); attached && err == nil {
			i.waits, i.known = time.Duration(secs)*time.Second, true
		}
	}
	return i
}
