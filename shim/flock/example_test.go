package flock_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lockshim/lockshim/shim/flock"
)

// A job that must not run twice at once.
func ExampleTryLock() {
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "backup.lock")

	unlock, err := flock.TryLock(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer unlock()

	_, err = flock.TryLock(path)
	fmt.Println("a second one:", errors.Is(err, flock.ErrHeld))
	// Output: a second one: true
}

// A daemon's pid file, in the place of one that a crash left behind.
func ExamplePidfile() {
	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "app.pid")
	if err := os.WriteFile(path, []byte("1\n"), 0o640); err != nil {
		fmt.Println(err)
		return
	}

	remove, err := flock.Pidfile(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := os.ReadFile(path)
	fmt.Println("it has my pid:", string(text) == fmt.Sprintln(os.Getpid()))
	fmt.Println("removed:", remove())
	// Output:
	// it has my pid: true
	// removed: <nil>
}
