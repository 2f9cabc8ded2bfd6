//go:build linux

package test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/event"
)

// A program that closes every descriptor is told of once, and its end is seen.
func TestUnlockedProgram(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	closer := s.closer()
	r := closer.run()
	if e := r.until(event.Unlocked); !slices.Equal(e.pids(), []int{s.master}) {
		t.Errorf("the shim tells that %v serve without the lock, want %d", e.pids(), s.master)
	}
	s.free()
	s.shows(r.pid, gen{s.master, nil})
	closer.exit(7)
	if code := r.finish(); code != 7 {
		t.Errorf("the shim exits with %d, want the program's 7", code)
	}
	if n := len(r.all(event.Unlocked)); n != 1 {
		t.Errorf("the shim told %d times of the program, want once", n)
	}
	s.over()
}

func TestUnlockedProgramAdopted(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	closer := s.closer()
	r := closer.run()
	r.until(event.Unlocked)
	r.kill()
	program := watch(t, s.master)
	r = closer.again()
	if e := r.until(event.Adopted); e.PID != s.master {
		t.Errorf("the shim adopts %d, want %d", e.PID, s.master)
	}
	if e := r.until(event.Unlocked); !slices.Equal(e.pids(), []int{s.master}) {
		t.Errorf("the shim tells that %v serve without the lock, want %d", e.pids(), s.master)
	}
	closer.exit(7)
	want := 7
	if _, told := program.status(); !told { // the kernel is older than 6.15
		want = 1
	}
	if code := r.finish(); code != want {
		t.Errorf("the shim exits with %d, want %d", code, want)
	}
	r.never(event.Launched)
	if n := len(r.all(event.Unlocked)); n != 1 {
		t.Errorf("the shim told %d times of the program, want once", n)
	}
	s.over()
}

// status blocks until the process was reaped, and says whether the kernel tells
// how it ended (PIDFD_GET_INFO, Linux 6.15).
func (w watched) status() (syscall.WaitStatus, bool) {
	w.t.Helper()
	w.gone()
	return w.Status(int(time.Until(testkit.Deadline(w.t)).Milliseconds()))
}
