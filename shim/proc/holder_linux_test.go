package proc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// A grasp is what a holder helper does to a file.
type grasp struct {
	File  string
	FD    int // of the descriptor that it keeps: one that nobody has, the runtime neither
	Flock int // LOCK_SH, LOCK_EX, or 0
	Guard bool
}

// holderEnv holds the grasp of a holder helper.
const holderEnv = "LOCKSHIM_PROC_TEST_GRASP"

// helperHolder takes hold of a file, says so, and waits for the end of its
// standard input.
func helperHolder() error {
	var g grasp
	if text := os.Getenv(holderEnv); text != "" {
		if err := json.Unmarshal([]byte(text), &g); err != nil {
			return err
		}
		if err := g.take(); err != nil {
			return err
		}
	}
	fmt.Println("ready")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func (g grasp) take() error {
	fd, err := unix.Open(g.File, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(unix.Dup3(fd, g.FD, 0), unix.Close(fd)); err != nil {
		return err
	}
	if g.Flock != 0 {
		if err := unix.Flock(g.FD, g.Flock); err != nil {
			return err
		}
	}
	if g.Guard {
		return unix.FcntlFlock(uintptr(g.FD), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Len: 1})
	}
	return nil
}

// hold starts a helper that holds. Its environment is env, and nothing else of
// interest.
func hold(t *testing.T, g *grasp, env ...string) *testkit.Process {
	t.Helper()
	cmd := testkit.Helper("holder")
	cmd.Env = append(testkit.HelperEnv("holder"), env...)
	if g != nil {
		text, err := json.Marshal(g)
		must(t, err)
		cmd.Env = append(cmd.Env, holderEnv+"="+string(text))
	}
	return begin(t, cmd)
}

// begin starts a helper and waits until it is ready.
func begin(t *testing.T, cmd *exec.Cmd) *testkit.Process {
	t.Helper()
	h := testkit.Start(t, cmd)
	h.Expect("ready")
	return h
}

// lockfile makes one, and says which it is.
func lockfile(t *testing.T) (string, FileID) {
	t.Helper()
	lock := filepath.Join(t.TempDir(), fmt.Sprintf("look-%d.lock", os.Getpid()))
	must(t, os.WriteFile(lock, nil, 0o640))
	return lock, fileID(t, lock)
}

func fileID(t *testing.T, file string) FileID {
	t.Helper()
	info, err := os.Stat(file)
	must(t, err)
	st := info.Sys().(*syscall.Stat_t)
	return FileID{Dev: st.Dev, Ino: st.Ino}
}

// lookFor is what a look at everyone says of one process; found is whether it
// says anything.
func lookFor(t *testing.T, q Query, pid int) (p Process, found bool) {
	t.Helper()
	q.Everyone = true
	seen, err := Look(q)
	must(t, err)
	for _, p := range seen.Processes {
		if p.PID == pid {
			return p, true
		}
	}
	return Process{}, false
}

// traits are what a look says of a process's part in the service.
func traits(p Process, found bool) string {
	if !found {
		return "absent"
	}
	text := ""
	for _, trait := range []struct {
		name string
		has  bool
	}{{"marked", p.Marked}, {"held", p.Held}, {"open", p.Open}, {"shared", p.Shared}, {"exclusive", p.Exclusive}, {"guard", p.Guard}} {
		if trait.has {
			text += trait.name + " "
		}
	}
	return text
}
