package flock

import (
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// gets checks what a try answers.
func gets(t *testing.T, what string, try func() (bool, error), want bool) {
	t.Helper()
	if ok, err := try(); ok != want || err != nil {
		t.Errorf("%s: %v, %v, want %v", what, ok, err, want)
	}
}

func TestDescriptionsExcludeEachOther(t *testing.T) {
	path := lockfile(t)
	a, b := open(t, path, nil), open(t, path, nil)
	do(t, a.Share())
	gets(t, "shared beside shared", b.TryShare, true)
	gets(t, "exclusive beside shared", b.TryWait, false)
	do(t, b.Release())
	do(t, a.Release())
	do(t, a.Wait())
	gets(t, "shared beside exclusive", b.TryShare, false)
	gets(t, "exclusive beside exclusive", b.TryWait, false)
	do(t, a.Close())
	gets(t, "exclusive after the holder's close", b.TryWait, true)
}

// The lock ends with the last copy of the description, in whatever process.
func TestLockEndsWithTheLastCopy(t *testing.T) {
	path := lockfile(t)
	f, other := open(t, path, nil), open(t, path, nil)
	do(t, f.Share())
	fd, err := f.Inherit(1025)
	do(t, err)
	one, two := start(t, nil), start(t, nil)
	do(t, unix.Close(fd))
	do(t, f.Close())

	gets(t, "with two holders", other.TryWait, false)
	one.Kill()
	gets(t, "with one holder", other.TryWait, false)
	two.Say("exec")
	two.Expect("ready")
	gets(t, "after the holder's exec", other.TryWait, false)
	two.Kill()
	gets(t, "with no holder", other.TryWait, true)
}

// Why Release is forbidden on an inherited description.
func TestReleaseInOneProcessReleasesAll(t *testing.T) {
	path := lockfile(t)
	f, other := open(t, path, nil), open(t, path, nil)
	do(t, f.Share())
	fd, err := f.Inherit(1025)
	do(t, err)
	one, two := start(t, nil), start(t, nil)
	do(t, unix.Close(fd))
	gets(t, "with three holders", other.TryWait, false)
	one.must("unlock-fd", fd)
	gets(t, "after LOCK_UN in one", other.TryWait, true)
	two.must("inherited", fd) // it lives, and has the descriptor
}

// blocks checks that a helper's wait goes on through signals until the holder
// is killed: an early "granted" would come before the answer to a signal.
func blocks(t *testing.T, held, wait string) {
	t.Helper()
	path := lockfile(t)
	holder, waiter := start(t, nil), start(t, nil)
	holder.must("open", "a", path)
	holder.must(held, "a")
	waiter.must("open", "a", path)
	waiter.Say(wait, "a")
	waiter.Expect("waiting")
	for range 20 {
		do(t, waiter.Cmd.Process.Signal(syscall.SIGUSR1))
		waiter.Expect("signal")
	}
	holder.Kill()
	waiter.Expect("granted")
}

func TestWaitUntilTheHolderIsKilled(t *testing.T) { blocks(t, "share", "wait") }

func TestShareWaitsForTheExclusiveLock(t *testing.T) { blocks(t, "try", "wait-share") }

// drop opens path, shares it and forgets the File; it returns the number alone.
//
//go:noinline
func drop(t *testing.T, path string) int {
	f, err := Open(path, nil)
	do(t, err)
	do(t, f.Share())
	return f.Fd()
}

// dropOS does the same by an os.File, which has a finalizer.
//
//go:noinline
func dropOS(t *testing.T, path string) {
	f, err := os.Open(path)
	do(t, err)
	do(t, unix.Flock(int(f.Fd()), unix.LOCK_SH))
}

// A collected os.File loses its lock; that shows that the collector has been
// there. A File that nothing refers to keeps its own.
func TestGarbageCollectionKeepsTheLock(t *testing.T) {
	path, control := lockfile(t), lockfile(t)
	fd := drop(t, path)
	defer unix.Close(fd)
	dropOS(t, control)

	var collected atomic.Bool
	done := make(chan error)
	c := open(t, control, nil)
	go func() {
		err := c.Wait()
		collected.Store(true)
		done <- err
	}()
	for !collected.Load() {
		runtime.GC()
	}
	do(t, <-done)
	gets(t, "beside the File that was dropped", open(t, path, nil).TryWait, false)
}

func TestLockOnAClosedFile(t *testing.T) {
	f := open(t, lockfile(t), nil)
	do(t, f.Close())
	if err := f.Share(); err == nil {
		t.Error("Share of a closed File succeeded")
	}
	do(t, f.Close())
}
