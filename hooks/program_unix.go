//go:build unix

package hooks

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// An ownLock is what a process has of the lock.
type ownLock struct {
	sync.Mutex
	fd   int // 0 for none
	stat unix.Stat_t
	told bool // lockshim knows that this process will say when it is ready
}

// own is this process's: a descriptor, not an *os.File, which the garbage
// collector would close.
var own ownLock

// Hold makes this process hold the service's shared lock, for a Go program that
// replaces itself: by github.com/cloudflare/tableflip, or by its own re-exec. Call
// it first in main. It does nothing where the program runs without lockshim, and
// the second call of a process does nothing but look after the first one's doing.
//
// It takes the descriptor that LOCKSHIM_FD names, if that is the lockfile, else it
// opens the file that LOCKSHIM_LOCK names; LOCKSHIM_FD has the number from then on.
// The descriptor is closed at an exec, so that a program which this one starts
// cannot keep a stopped service locked. The next generation is another call of
// Hold, or gets it by Exec.
//
// It blocks for up to five seconds while somebody has the file locked
// exclusively, and wraps unix.EWOULDBLOCK then. A program may go on without the
// lock: lockshim sees it by other means, and says so.
func Hold() error {
	own.Lock()
	defer own.Unlock()
	return hold()
}

// Ready says that this process serves: call it when it takes requests, with
// tableflip just before Upgrader.Ready, which sends the old process away. It holds
// the lock first, as Hold does.
//
// It never blocks for long: where lockshim does not read what it is told, that is
// an error, as it is when its socket is gone. It says nothing to a service manager
// that the program runs under without lockshim.
func Ready() error {
	own.Lock()
	defer own.Unlock()
	err := hold()
	if lockfile() != "" {
		err = errors.Join(err, notify("READY=1\nX_LOCKSHIM=ready"))
	}
	return err
}

// Exec replaces this process by a program that inherits the lock, as syscall.Exec
// does without it. It returns only with an error, and as if it had not been called.
func Exec(argv0 string, argv, envv []string) error {
	own.Lock()
	defer own.Unlock()
	syscall.ForkLock.Lock() // else another goroutine's child would inherit it too
	defer syscall.ForkLock.Unlock()
	if own.kept() {
		setCloseOnExec(own.fd, false)
		defer setCloseOnExec(own.fd, true)
	}
	return syscall.Exec(argv0, argv, envv)
}

// lockfile is the path of the service's lock, "" without lockshim. A person may
// have set LOCKSHIM_LOCK to a name, for its commands.
func lockfile() string {
	if name := os.Getenv("LOCKSHIM_LOCK"); filepath.IsAbs(name) {
		return name
	}
	return ""
}

// hold is Hold for one at a time.
func hold() error {
	name := lockfile()
	if name == "" {
		return nil
	}
	if !own.told {
		own.told = true
		_ = notify("X_LOCKSHIM=hook") // Ready tells when nobody hears
	}
	if own.kept() {
		return nil
	}
	fd, err := acquire(name)
	if err == nil {
		err = unix.Fstat(fd, &own.stat)
	}
	if err != nil {
		return fmt.Errorf("cannot hold the lock of %s: %w", name, err)
	}
	own.fd = fd
	return os.Setenv("LOCKSHIM_FD", strconv.Itoa(fd))
}

// kept reports whether the descriptor is still what it was when it was taken.
func (o *ownLock) kept() bool {
	var now unix.Stat_t
	return o.fd != 0 && unix.Fstat(o.fd, &now) == nil && same(now, o.stat)
}

func same(a, b unix.Stat_t) bool { return a.Dev == b.Dev && a.Ino == b.Ino }

// acquire returns a descriptor of the lockfile that has the shared lock.
func acquire(name string) (int, error) {
	fd, found := inherited(name)
	if !found {
		var err error
		if fd, err = openLock(name); err != nil {
			return 0, err
		}
	}
	setCloseOnExec(fd, true)
	err := share(fd)
	if err != nil && !found {
		unix.Close(fd)
	}
	return fd, err
}

// inherited is the descriptor that LOCKSHIM_FD names, if it is the lockfile: its
// number may have been closed and used again on the way here.
func inherited(name string) (fd int, found bool) {
	fd, err := strconv.Atoi(os.Getenv("LOCKSHIM_FD"))
	var here, there unix.Stat_t
	if err != nil || fd < 3 || unix.Fstat(fd, &here) != nil || here.Mode&unix.S_IFMT != unix.S_IFREG {
		return 0, false
	}
	return fd, unix.Stat(name, &there) == nil && same(here, there) || lockedByName(fd, name)
}

// lockedByName reports whether fd is the lockfile although the path does not lead
// to it any more: the kernel says that it has a shared lock, on a file of that
// name. (proc(5): the link of a deleted file ends in " (deleted)", and fdinfo lists
// the locks of a descriptor. A deploy may have moved the directory.)
func lockedByName(fd int, name string) bool {
	link, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil || filepath.Base(strings.TrimSuffix(link, " (deleted)")) != filepath.Base(name) {
		return false
	}
	info, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(info)) {
		if strings.HasPrefix(line, "lock:") && strings.Contains(strings.Join(strings.Fields(line), " "), "FLOCK ADVISORY READ") {
			return true
		}
	}
	return false
}

// farFD is the least number that the descriptor gets, if the limit allows it: a
// program that passes its listeners on uses those from 3 up.
const farFD = 1025

// openLock opens the lockfile. It never creates it, which is lockshim's business,
// and does not wait for the other end of a FIFO.
func openLock(name string) (int, error) {
	low, err := unix.Open(name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(low)
	var stat unix.Stat_t
	if err := unix.Fstat(low, &stat); err != nil {
		return 0, err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return 0, errors.New("not a regular file")
	}
	fd, err := unix.FcntlInt(uintptr(low), unix.F_DUPFD_CLOEXEC, farFD)
	if err != nil {
		fd, err = unix.FcntlInt(uintptr(low), unix.F_DUPFD_CLOEXEC, 3)
	}
	return fd, err
}

// Somebody's exclusive lock is waited for so long, in steps: a blocked flock(2)
// could not be given up. lockshim itself has it for a moment only.
const (
	patience = 5 * time.Second
	pause    = 20 * time.Millisecond
)

// share takes the shared lock. Where the description has it already, that changes
// nothing and is never refused.
func share(fd int) error {
	for waited := time.Duration(0); ; waited += pause {
		err := unix.Flock(fd, unix.LOCK_SH|unix.LOCK_NB)
		switch {
		case err == unix.EINTR:
			continue
		case err != unix.EWOULDBLOCK || waited >= patience:
			return err
		}
		time.Sleep(pause)
	}
}

// setCloseOnExec sets or clears FD_CLOEXEC, the one flag of a descriptor.
func setCloseOnExec(fd int, closes bool) {
	flags := 0
	if closes {
		flags = unix.FD_CLOEXEC
	}
	_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETFD, flags) // fails for no open descriptor
}
