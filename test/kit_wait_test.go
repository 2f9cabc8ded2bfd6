//go:build linux

package test

import (
	"errors"
	"math"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/proc"
)

// must fails the test at once for an error.
var must = testkit.Must

// expired delivers at the deadline.
func expired(t *testing.T) <-chan time.Time {
	d := testkit.Deadline(t)
	if d.IsZero() {
		return nil
	}
	return time.After(time.Until(d))
}

// await blocks until done is closed.
func await(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-expired(t):
		t.Fatalf("waited in vain for %s", what)
	}
}

// again looks until it is so. What tells only who asks, as most init systems do, is
// asked no oftener than leaves the processor to those that are waited for.
func again(t *testing.T, what string, look func() (seen any, so bool)) {
	t.Helper()
	for timeout := expired(t); ; {
		began := time.Now()
		seen, so := look()
		if so {
			return
		}
		select {
		case <-timeout:
			t.Fatalf("waited in vain for %s: %+v", what, seen)
		case <-time.After(max(3*time.Since(began), 10*time.Millisecond)):
		}
	}
}

// A watched is a process that a test can signal and wait for, whatever becomes
// of its pid: nobody's child, or the test's.
type watched struct {
	t *testing.T
	*proc.Handle
}

// watch takes hold of a live process.
func watch(t *testing.T, pid int) watched {
	t.Helper()
	p, err := proc.Find(pid)
	if err != nil {
		t.Fatal(err)
	}
	h, err := proc.Open(p.ID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return watched{t, h}
}

// watchAll is watch of each.
func watchAll(t *testing.T, pids []int) []watched {
	t.Helper()
	var all []watched
	for _, pid := range pids {
		all = append(all, watch(t, pid))
	}
	return all
}

// watchLiving is watch of each that has not ended yet.
func watchLiving(t *testing.T, pids []int) []watched {
	t.Helper()
	var all []watched
	for _, pid := range pids {
		p, err := proc.Find(pid)
		if err != nil {
			continue
		}
		if h, err := proc.Open(p.ID); err == nil {
			t.Cleanup(func() { h.Close() })
			all = append(all, watched{t, h})
		}
	}
	return all
}

// send signals the process, which must be there.
func (w watched) send(sig unix.Signal) {
	w.t.Helper()
	must(w.t, w.Signal(sig))
}

// kill sends SIGKILL, unless the process has ended, and waits for its end.
func (w watched) kill() {
	w.t.Helper()
	if err := w.Signal(unix.SIGKILL); err != nil && !errors.Is(err, proc.ErrGone) {
		w.t.Fatal(err)
	}
	w.gone()
}

// gone blocks until the process has ended, a zombie perhaps.
func (w watched) gone() {
	w.t.Helper()
	done := make(chan struct{})
	go func() {
		_ = w.Wait()
		close(done)
	}()
	await(w.t, "the end of a process", done)
}

// reaped blocks until the process has ended and was waited for.
func (w watched) reaped() {
	w.t.Helper()
	done := make(chan struct{})
	go func() {
		w.Status(math.MaxInt32) // some weeks
		close(done)
	}()
	await(w.t, "the reaping of a process", done)
}

// dead says whether the process has ended, without waiting.
func (w watched) dead() bool { return errors.Is(w.Signal(0), proc.ErrGone) || testkit.Ended(w.PID) }

// exited fails the test unless each of the processes has ended by now.
func exited(t *testing.T, all ...watched) {
	t.Helper()
	for _, w := range all {
		if !w.dead() {
			t.Errorf("process %d lives", w.PID)
		}
	}
}

// withDeadline makes reading from a FIFO or a pipe give up at the deadline.
func withDeadline(t *testing.T, f *os.File) *os.File {
	t.Helper()
	must(t, f.SetReadDeadline(testkit.Deadline(t)))
	return f
}
