package proc

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

var recordFlag = flag.Bool("record", false, "record snapshots of the real servers into testdata")

// A recorder makes a recording of a service.
type recorder struct {
	*service
	recording
	told int // reports that are in the recording
}

// record returns a recorder, whose recording is written where the test succeeds.
func record(t *testing.T, name string) *recorder {
	t.Helper()
	if !*recordFlag {
		t.Skip("needs -record")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	r := &recorder{service: newService(t)}
	t.Cleanup(func() {
		if !t.Failed() {
			must(t, r.recording.save(filepath.Join("testdata", name+".json")))
		}
	})
	return r
}

// launchAs starts the command.
func (r *recorder) launchAs(command ...string) {
	r.t.Helper()
	r.service.start(command...)
	r.recording.Command, r.recording.launch = slices.Clone(command), r.service.launch
	r.recording.Shim = r.shim.Process.Pid
	r.Exe = Program(command)
	r.anonymiseAll(r.recording.Command)
}

// shoot adds a moment: what is there now.
func (r *recorder) shoot(name string) {
	r.t.Helper()
	s := r.look()
	r.hear(s)
	s.Blind = 0 // the host's, not the service's
	for i := range s.Processes {
		r.anonymise(&s.Processes[i])
	}
	m := moment{Name: name, Snapshot: s}
	for _, e := range r.reports.heard[r.told:] {
		m.Ended = append(m.Ended, end{e.pid, e.code})
	}
	r.told = len(r.reports.heard)
	r.Moments = append(r.Moments, m)
}

// hear waits for the reports of the shim's children that s has no more.
func (r *recorder) hear(s Snapshot) {
	r.t.Helper()
	pids := []int{r.service.Launched.PID}
	if len(r.Moments) > 0 {
		for _, p := range r.Moments[len(r.Moments)-1].Processes {
			if p.PPID == r.recording.Shim {
				pids = append(pids, p.PID)
			}
		}
	}
	for _, pid := range pids {
		if !hasPID(s.Processes, pid) {
			must(r.t, r.ended(pid))
		}
	}
}

// anonymise takes the machine out of a process.
func (r *recorder) anonymise(p *Process) {
	r.anonymiseAll(p.Args)
	if p.PID == r.recording.Shim {
		p.Exe = "/usr/bin/lockshim"
	}
	if p.PPID == os.Getpid() {
		p.PPID = 1
	}
}

// anonymiseAll takes the machine out of arguments.
func (r *recorder) anonymiseAll(args []string) {
	place := strings.NewReplacer(r.lock, "/run/web.lock", r.dir, "/srv/app", filepath.Base(r.dir), "app")
	for i, arg := range args {
		args[i] = place.Replace(arg)
	}
}

// gate makes the server stop at the named place from now on.
func (r *recorder) gate(name string) {
	r.t.Helper()
	path := filepath.Join(r.dir, "gate."+name)
	must(r.t, unix.Mkfifo(path, 0o666))
	must(r.t, os.Chmod(path, 0o666))
}

// at waits for the server at a gate, looks, and lets it go on.
func (r *recorder) at(gate, moment string) {
	r.t.Helper()
	r.until(fmt.Sprintf("at %s ", gate))
	r.shoot(moment)
	r.open(gate)
}

// open lets the server pass a gate, now and later. It blocks until the server has
// the gate open; then its read ends as the only writer closes.
func (r *recorder) open(gate string) {
	r.t.Helper()
	path := filepath.Join(r.dir, "gate."+gate)
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(r.t, err)
	must(r.t, os.Remove(path))
	must(r.t, w.Close())
}

// quit ends the old master and waits until the new one knows.
func (r *recorder) quit(v server, old int) {
	r.t.Helper()
	r.kill(old, v.graceful)
	r.gone(old)
	if v.promoted != "" {
		r.until(v.promoted)
	}
}

// upgrade brings a new generation in, and returns the old master.
func (r *recorder) upgrade(workers int) int {
	r.t.Helper()
	old := r.master
	r.kill(old, syscall.SIGUSR2)
	r.generation(workers)
	return old
}
