//go:build linux

package test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/event"
)

// inContainer starts the shim as pid 1 of a pid namespace: what a container's
// entrypoint is.
func (s *service) inContainer() *shimRun {
	s.t.Helper()
	if os.Getuid() != 0 {
		s.t.Skip("needs root")
	}
	if _, err := os.Stat("/usr/bin/unshare"); err != nil {
		s.t.Skip("needs the package util-linux")
	}
	args := []string{"/usr/bin/unshare", "--pid", "--fork", "--mount-proc", lockshim, "run", "--lock", s.lock, "--log-format", "json", "--"}
	return s.runArgs(append(args, s.command()...), spec{})
}

// outside is the pid that a descendant of root has here, whose pid in a
// namespace of its own is inside (NSpid of proc_pid_status(5)).
func outside(t *testing.T, root, inside int) int {
	t.Helper()
	for _, pid := range testkit.Descendants(root) {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		for line := range strings.Lines(string(status)) {
			if strings.HasPrefix(line, "NSpid:") && slices.Contains(strings.Fields(line)[2:], strconv.Itoa(inside)) {
				return pid
			}
		}
	}
	t.Fatalf("pid %d is not in the namespace", inside)
	return 0
}

// As pid 1 the shim reaps what is left to it, and takes TERM, which the kernel
// keeps from a pid 1 that does not ask for it.
func TestContainer(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepareDaemon(t, c, forked, "read -r line <quit")
		quit := s.fifo("quit")
		r := s.inContainer()
		daemon := s.daemonStarted()
		first := outside(t, r.pid, 1)
		orphan := watch(t, outside(t, r.pid, daemon))
		if testkit.Parent(orphan.PID) != first {
			t.Errorf("the parent of the daemon is %d, want the shim %d", testkit.Parent(orphan.PID), first)
		}
		_, err := quit.WriteString("go\n")
		must(t, err)
		orphan.reaped()
		old := s.master
		watch(t, outside(t, r.pid, old)).send(syscall.SIGUSR2)
		s.generation()
		watch(t, outside(t, r.pid, old)).send(s.graceful)
		r.untilEnded(old)
		everyone := watchAll(t, []int{outside(t, r.pid, s.master), outside(t, r.pid, s.crew[0])})
		watch(t, first).send(syscall.SIGTERM)
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want the master's 0", code)
		}
		exited(t, everyone...)
		r.order(event.Launched, event.NewGeneration, event.Stopping, event.Exiting)
		s.released()
	})
}
