//go:build linux

package hooks_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// The ways in which a server can find LOCKSHIM_LOCK and LOCKSHIM_FD.
const (
	shared    = ""          // as lockshim launches: the descriptor shares the lock
	absent    = "absent"    // neither is set
	relative  = "relative"  // LOCKSHIM_LOCK is no path, there is no LOCKSHIM_FD
	closed    = "closed"    // LOCKSHIM_FD names no open descriptor
	text      = "text"      // LOCKSHIM_FD is no number
	low       = "low"       // LOCKSHIM_FD is a number that the server's language uses itself
	huge      = "huge"      // LOCKSHIM_FD is a number beyond every limit
	otherFile = "otherFile" // LOCKSHIM_FD is open on another file, which it shares the lock of
	namesake  = "namesake"  // the same, and that file has the same base name, but no lock
	socket    = "socket"    // LOCKSHIM_FD is a socket
	stream    = "stream"    // LOCKSHIM_FD is 0, and standard input shares the lock
)

// otherFD is the number that LOCKSHIM_FD has where it is not the lock's.
const otherFD = 1500

// orders are what a test tells its launcher.
type orders struct {
	Lock  string
	Way   string // one of the ways above
	Other string // path of the other file
	Args  []string
	Env   []string
	Dir   string
	Log   string
	UID   uint32
	Limit uint64 // RLIMIT_NOFILE of the server, if not 0
}

// launch is the launcher's life: it becomes the subreaper, shares the lock,
// starts the server with the descriptor, closes its own copy, and reaps until
// no process of the tree is left. At end of its standard input it kills what
// there is, so that a failed test leaves nothing behind.
func launch(text string) error {
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := start(o); err != nil {
		return err
	}
	var ending atomic.Bool
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		ending.Store(true)
		killTree()
	}()
	return reapAll(func() {
		if ending.Load() {
			killTree()
		}
	})
}

// start runs the server and keeps nothing of the lock.
func start(o orders) error {
	fd, env, err := descriptor(o)
	if err != nil {
		return err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(o.Log, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	if o.Way == stream {
		unix.CloseOnExec(fd)
		null = os.NewFile(uintptr(fd), o.Lock)
		fd = -1
	}
	attr := &syscall.ProcAttr{Dir: o.Dir, Env: append(o.Env, env...), Files: []uintptr{null.Fd(), log.Fd(), log.Fd()}}
	if o.UID != 0 {
		attr.Sys = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: o.UID, Gid: o.UID}}
	}
	if o.Limit != 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: o.Limit, Max: o.Limit}); err != nil {
			return err
		}
	}
	if _, err = syscall.ForkExec(o.Args[0], o.Args, attr); err != nil {
		return fmt.Errorf("cannot start %q: %w", o.Args, err)
	}
	if fd >= 0 {
		return unix.Close(fd)
	}
	return null.Close()
}

// descriptor prepares what the server inherits, and the environment that tells.
// The descriptor is not close-on-exec; it is -1 where there is none.
func descriptor(o orders) (fd int, env []string, err error) {
	env = []string{"LOCKSHIM_LOCK=" + o.Lock}
	other := "LOCKSHIM_FD=" + strconv.Itoa(otherFD)
	switch o.Way {
	case absent:
		return -1, nil, nil
	case relative:
		return -1, []string{"LOCKSHIM_LOCK=web"}, nil
	case text:
		return -1, append(env, "LOCKSHIM_FD=1025x"), nil
	case low:
		return -1, append(env, "LOCKSHIM_FD=3"), nil
	case huge:
		return -1, append(env, "LOCKSHIM_FD=99999999999999999999"), nil
	case closed:
		return -1, append(env, other), nil
	case otherFile, namesake:
		fd, err = share(o.Other, otherFD, o.Way == otherFile)
		return fd, append(env, other), err
	case socket:
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return -1, nil, err
		}
		fd, err = unix.FcntlInt(uintptr(pair[0]), unix.F_DUPFD, otherFD)
		return fd, append(env, other), err
	}
	fd, err = share(o.Lock, 1025, true)
	if o.Way == stream {
		return fd, append(env, "LOCKSHIM_FD=0"), err
	}
	return fd, append(env, "LOCKSHIM_FD="+strconv.Itoa(fd)), err
}

// share opens path, takes the shared lock if it is told to, and returns a
// descriptor from least upwards which exec passes on.
func share(path string, least int, lock bool) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(fd)
	if lock {
		if err := unix.Flock(fd, unix.LOCK_SH); err != nil {
			return -1, err
		}
	}
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD, least)
}

// reapAll reaps children until there is none, and calls after for each.
func reapAll(after func()) error {
	for {
		_, err := syscall.Wait4(-1, nil, 0, nil)
		switch err {
		case nil:
			after()
		case syscall.EINTR:
		case syscall.ECHILD:
			return nil
		default:
			return err
		}
	}
}

// killTree kills the descendants of this process that it sees. Those that were
// being forked meanwhile are found at the next reaping.
func killTree() {
	for _, pid := range testkit.Descendants(os.Getpid()) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}
