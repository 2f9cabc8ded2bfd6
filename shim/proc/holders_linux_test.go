package proc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Holders names whoever has a lock, and nobody who waits for one or only has
// the file open.
func TestHolders(t *testing.T) {
	for name, how := range map[string]int{"shared": unix.LOCK_SH, "exclusive": unix.LOCK_EX} {
		t.Run(name, func(t *testing.T) {
			lock, id := lockfile(t)
			h := hold(t, &grasp{File: lock, FD: 209, Flock: how})
			hold(t, &grasp{File: lock, FD: 209})
			waiter := waitFor(t, lock)
			got, err := Holders(id, filepath.Base(lock))
			must(t, err)
			if len(got) != 1 || got[0].PID != h.PID() || got[0].Shared != (how == unix.LOCK_SH) || got[0].Exclusive == got[0].Shared {
				t.Errorf("the holders are %+v, want %d; %d waits", got, h.PID(), waiter)
			}
			h.End()
		})
	}
}

// Of several holders each is named, in order; a copy of the descriptor in a child
// makes that one a holder as well.
func TestHoldersAreSorted(t *testing.T) {
	lock, id := lockfile(t)
	want := ""
	for range 3 {
		want += fmt.Sprint(hold(t, &grasp{File: lock, FD: 209, Flock: unix.LOCK_SH}).Process.Pid, " ")
	}
	holders, err := Holders(id, filepath.Base(lock))
	must(t, err)
	got := ""
	for _, p := range holders {
		got += fmt.Sprint(p.PID, " ")
	}
	if got != want {
		t.Errorf("the holders are %s, want %s", got, want)
	}
}

// The caller's own lock does not count.
func TestHoldersWithoutTheCaller(t *testing.T) {
	lock, id := lockfile(t)
	f, err := os.Open(lock)
	must(t, err)
	defer f.Close()
	must(t, unix.Flock(int(f.Fd()), unix.LOCK_SH))
	if got, err := Holders(id, filepath.Base(lock)); err != nil || len(got) != 0 {
		t.Errorf("the holders are %+v, %v", got, err)
	}
}

// waitFor starts flock(1), which waits for the exclusive lock and then ends, and
// returns once the kernel says that it waits.
func waitFor(t *testing.T, lock string) int {
	t.Helper()
	path, err := exec.LookPath("flock")
	if err != nil {
		t.Skip("needs the program flock")
	}
	cmd := exec.Command(path, "-x", lock, "true")
	must(t, cmd.Start())
	t.Cleanup(func() { must(t, cmd.Wait()) })
	waits := fmt.Sprintf("WRITE %d ", cmd.Process.Pid)
	for {
		text, err := os.ReadFile("/proc/locks")
		must(t, err)
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "-> FLOCK") && strings.Contains(line, waits) {
				return cmd.Process.Pid
			}
		}
	}
}
