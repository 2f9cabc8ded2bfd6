//go:build linux

package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim"
)

// userID is the number of a user, whose group has the same one.
func userID(t *testing.T, name string) int {
	t.Helper()
	u, err := user.Lookup(name)
	must(t, err)
	return number(t, u.Uid)
}

// verb runs `lockshim VERB NAME ARGS` where the service is, as root.
func (x *tenant) verb(name string, args ...string) result {
	x.t.Helper()
	return x.w.ask(slices.Concat(x.enter(), []string{plain, name, x.lock}, args)...)
}

// enter is what to put before a command line to run it where the service is.
func (x *tenant) enter() []string {
	if own := x.ownPlace(); own != nil {
		return own.enterTo(x)
	}
	return x.w.init.enter()
}

// A places is an init system with a place for each service, whose pids begin anew
// whenever the service does.
type places interface{ enterTo(x *tenant) []string }

// ownPlace is nil where the services share one.
func (x *tenant) ownPlace() places {
	p, _ := x.w.init.(places)
	return p
}

// client is one that leaves the machine time for the other worlds.
func (x *tenant) client() *client { return x.visitor() }

// status is what `lockshim status --json` answers there.
func (x *tenant) status() shim.Status {
	x.t.Helper()
	r := x.verb("status", "--json")
	var st shim.Status
	if err := json.Unmarshal([]byte(r.out), &st); err != nil {
		x.t.Fatalf("status answered %+v: %v", r, err)
	}
	return st
}

// until blocks until the status is so.
func (x *tenant) until(what string, is func(shim.Status) bool) (st shim.Status) {
	x.t.Helper()
	again(x.t, what, func() (any, bool) {
		st = x.status()
		return st, is(st)
	})
	return st
}

// serves blocks until one generation serves with all its workers, and fails the test
// unless these are all the processes that the service has.
func (x *tenant) serves() shim.Status {
	x.t.Helper()
	st := x.until("a service that serves", func(st shim.Status) bool {
		return st.State == shim.Serving && st.Shim != nil && len(st.Generations) == 1 && len(st.Generations[0].Workers) == x.workers
	})
	if n := len(x.members()); n != 1+x.workers {
		x.t.Errorf("the service has %d processes, want a master and %d workers", n, x.workers)
	}
	return st
}

// alive blocks for a new generation by its own words, and then as serves does.
func (x *tenant) alive() shim.Status {
	x.t.Helper()
	if x.ownPlace() != nil {
		x.forget()
	}
	x.generation()
	return x.serves()
}

// forget lets the next generation have any pids: those of a world that begins anew
// may be the same.
func (x *tenant) forget() { x.master, x.crew = 0, nil }

// members are the masters and workers that live: who has the service's lockfile in
// its environment. The pids are the host's, sorted.
func (x *tenant) members() []int {
	return slices.DeleteFunc(testkit.PIDs(), func(pid int) bool {
		return testkit.Ended(pid) || !slices.Contains(testkit.Environ(pid), "LOCKSHIM_LOCK="+x.lock)
	})
}

// shims are the processes that are a `lockshim run` of the service, by the host's pids.
func (x *tenant) shims() []int {
	return slices.DeleteFunc(testkit.PIDs(), func(pid int) bool {
		args := testkit.CommandLine(pid)
		i := slices.Index(args, "--lock")
		return len(args) < 4 || args[1] != "run" || i < 0 || args[i+1] != x.lock && args[i+1] != x.name || testkit.Ended(pid)
	})
}

// leader is the master of the one generation, by the host's pid.
func (x *tenant) leader() int {
	x.t.Helper()
	members := x.members()
	masters := slices.DeleteFunc(slices.Clone(members), func(pid int) bool { return slices.Contains(members, testkit.Parent(pid)) })
	if len(masters) != 1 {
		x.t.Fatalf("the masters are %v, want one", masters)
	}
	return masters[0]
}

// keeper is the shim, by the host's pid. Init must follow it.
func (x *tenant) keeper() int {
	x.t.Helper()
	shims := x.shims()
	if len(shims) != 1 {
		x.t.Fatalf("the shims are %v, want one", shims)
	}
	if seen, main := insidePID(shims[0]), x.w.init.main(x); seen != main {
		x.t.Errorf("init follows pid %d, and the shim is %d", main, seen)
	}
	return shims[0]
}

// insidePID is the pid that a process of the host has in its own pid namespace
// (NSpid in proc_pid_status(5)), 0 where it is gone.
func insidePID(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "NSpid:" {
			n, _ := strconv.Atoi(words[len(words)-1])
			return n
		}
	}
	return 0
}

// empty fails the test if anything of the service lives, or listens.
func (x *tenant) empty() {
	x.t.Helper()
	for _, pid := range append(x.members(), x.shims()...) {
		x.t.Errorf("process %d lives: %s", pid, commandLine(pid))
	}
	x.released()
}
