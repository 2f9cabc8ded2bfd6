package flock

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// heldBy checks that err is a HeldError that names h, and nobody else.
func heldBy(t *testing.T, err error, h *helper, path string) {
	t.Helper()
	var held *HeldError
	if !errors.As(err, &held) || !errors.Is(err, ErrHeld) || held.Path != path {
		t.Fatalf("got %v, want a HeldError of %s", err, path)
	}
	pid := h.PID()
	if len(held.Holders) != 1 || held.Holders[0].PID != pid {
		t.Errorf("holders %v, want pid %d", held.Holders, pid)
	}
	if text := err.Error(); !strings.Contains(text, path) || !strings.Contains(text, fmt.Sprintf("pid %d (", pid)) || !strings.Contains(text, "since 2") {
		t.Errorf("the error says %q, want path, pid and time", text)
	}
}

func TestTryLockNamesTheHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "job.lock")
	h := start(t, nil)
	h.must("trylock", path)
	_, err := TryLock(path)
	heldBy(t, err, h, path)
	h.Kill()
	unlock, err := TryLock(path)
	do(t, err)
	do(t, unlock())
}

func TestTryLockInOneProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "job.lock")
	unlock, err := TryLock(path)
	do(t, err)
	if _, err := TryLock(path); !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), "this process") {
		t.Errorf("a second TryLock: %v, want ErrHeld by this process", err)
	}
	do(t, unlock())
	do(t, unlock())
	if st, err := os.Stat(path); err != nil || st.Mode() != 0o640 {
		t.Errorf("the lockfile after unlock: %v, %v", st, err)
	}
	again, err := TryLock(path)
	do(t, err)
	do(t, again())
}

// A deleted lockfile still locked by its holder stands in nobody's way, and
// its holder keeps nobody else's.
func TestTryLockAfterTheFileIsDeleted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "job.lock")
	first, err := TryLock(path)
	do(t, err)
	do(t, os.Remove(path))
	second, err := TryLock(path)
	do(t, err)
	do(t, first())
	if _, err := TryLock(path); !errors.Is(err, ErrHeld) {
		t.Errorf("beside the second: %v, want ErrHeld", err)
	}
	do(t, second())
}

// Between an open and its lock the file may lose its name: such a lock, granted
// or refused, decides nothing.
func TestLockOfAFileThatLostItsName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.pid")
	remove, err := Pidfile(path)
	do(t, err)
	f := open(t, path, mine)
	do(t, os.Rename(path, path+".old"))
	gets(t, "refused", f.lockNamed, false)
	do(t, os.Rename(path+".old", path))
	do(t, remove())
	gets(t, "granted", f.lockNamed, false)
	gets(t, "the file at the path", open(t, path, mine).lockNamed, true)
}

func TestTryLockKeepsOpensErrors(t *testing.T) {
	if _, err := TryLock(t.TempDir()); !errors.Is(err, ErrNotRegular) {
		t.Errorf("of a directory: %v, want ErrNotRegular", err)
	}
}

// Several processes take turns as fast as they can, and never two at once;
// with pid files each turn unlinks and makes the file.
func TestNeverTwoInside(t *testing.T) {
	for _, kind := range []string{"lock", "pidfile"} {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "job")
			var all []*helper
			for range 6 {
				all = append(all, start(t, nil))
			}
			for _, h := range all {
				h.Say("contend", kind, path, 100)
			}
			total := 0
			for _, h := range all {
				answer := h.Read()
				had, err := strconv.Atoi(answer)
				if err != nil {
					t.Error(answer)
				}
				total += had
			}
			if total == 0 {
				t.Error("nobody ever got it")
			}
		})
	}
}
