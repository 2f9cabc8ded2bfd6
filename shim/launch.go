package shim

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/flock"
	"github.com/lockshim/lockshim/shim/proc"
)

// farFD is the least number of the descriptor that a server inherits. Unicorn
// up to 6.1.0 sets FD_CLOEXEC on 3..1024 when it re-executes.
const farFD = 1025

// launch starts the server. It holds the shared lock before it exists, and the
// shim gives its own copies up after: there is no instant at which the tree is
// alive and unlocked.
func (m *machine) launch() error {
	for _, path := range m.cfg.ClearPidfiles {
		if err := clear(path); err != nil {
			return err
		}
	}
	share, err := m.share()
	if err != nil {
		return err
	}
	defer share.Close()
	fd, err := farthest(m.forkRoom())
	if err != nil {
		return err
	}
	pid, err := m.fork(share.Fd(), fd)
	if err != nil {
		return err
	}
	m.launchedAs(pid, fd)
	return nil
}

// forkRoom is how many numbers above the inherited one a fork needs: for what an
// assistant has for itself, and to move each descriptor out of the others' way
// (forkAndExecInChild in Go's syscall/exec_linux.go).
func (m *machine) forkRoom() int {
	if m.detaches() || m.becomes() {
		return 4 + 2*(1+len(m.own))
	}
	return 4
}

// farthest is a free number for the inherited descriptor: the first from farFD
// up, or the highest that the limit of descriptors allows, with room above it.
func farthest(room int) (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("cannot read the limit of descriptors: %w", err)
	}
	for fd := farFD; uint64(fd+room) <= uint64(limit.Cur); fd++ {
		if !open(fd) {
			return fd, nil
		}
	}
	for fd := int(min(uint64(limit.Cur), farFD)) - room; fd > 2; fd-- {
		if !open(fd) {
			return fd, nil
		}
	}
	return 0, fmt.Errorf("cannot pass the lock on: %w", syscall.EMFILE)
}

// open reports whether a descriptor is in use.
func open(fd int) bool {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil
}

// descriptors is what the server inherits: every descriptor that this process
// was started with, under its own number, and the lock as number at.
//
// The child puts the lock there, not this process: a process with threads that
// takes a number beyond its table waits for all processors to have passed
// through the scheduler (expand_fdtable in the kernel's fs/file.c), some ten
// milliseconds.
func descriptors(lock, at int) ([]uintptr, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil, fmt.Errorf("cannot list descriptors: %w", err)
	}
	files := make([]uintptr, at+1)
	for fd := range files {
		files[fd] = ^uintptr(0)
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err == nil && fd < at && inheritable(fd) {
			files[fd] = uintptr(fd)
		}
	}
	files[at] = uintptr(lock)
	return files, nil
}

// inheritable reports whether a descriptor is to survive an exec.
func inheritable(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil && flags&unix.FD_CLOEXEC == 0
}

// share takes the shared lock on a description of its own.
func (m *machine) share() (*flock.File, error) {
	share, err := m.named().Reopen()
	if err != nil {
		return nil, err
	}
	ok, err := eventually(share.TryShare)
	if ok && err == nil {
		return share, nil
	}
	share.Close()
	if err != nil {
		return nil, err
	}
	return nil, m.locked(m.view.Foreign, false)
}

// fork executes the command, with the descriptor lock as number fd.
func (m *machine) fork(lock, fd int) (int, error) {
	path, err := LookPath(m.cfg.Command[0])
	if err != nil {
		return 0, err
	}
	files, err := descriptors(lock, fd)
	if err != nil {
		return 0, err
	}
	attr := &syscall.ProcAttr{Env: m.environment(fd), Files: files}
	switch {
	case m.cfg.Terminal:
		attr.Sys = &syscall.SysProcAttr{Setpgid: true, Foreground: !m.rules.profile.Aside}
	case m.rules.profile.Alone:
		attr.Sys = &syscall.SysProcAttr{Setpgid: true}
	}
	if m.detaches() {
		return m.forkParent(path, attr)
	}
	if m.becomes() {
		return m.forkBecoming(path, attr)
	}
	pid, err := syscall.ForkExec(path, m.cfg.Command, attr)
	return pid, execError(path, err)
}

// launchedAs notes what was launched, and begins to reap.
func (m *machine) launchedAs(pid, fd int) {
	p := executed(pid)
	m.launched, m.session = p.ID, p.Session
	m.known = []generation{{Known: proc.Known{Number: 1, Image: p.Image, Master: p.ID}}}
	m.emit(event.Event{Kind: event.Launched, PID: pid, Generation: 1, FD: fd, Command: m.cfg.Command})
	if fd < farFD {
		m.emit(event.Event{Kind: event.LowFD, FD: fd})
	}
	m.surveys = []time.Duration{9 * time.Second}
	m.arm(surveyTimer, time.Second)
	m.watchChildren()
}

// executed reads who the launched process is. The kernel closes descriptors, by
// which a fork learns of the exec, some microseconds before it lays out the
// stack, by which images are told apart (begin_new_exec in fs/exec.c).
func executed(pid int) proc.Process {
	for range 100 {
		p, err := proc.Find(pid)
		if err != nil {
			break
		}
		if p.Image.Known() || p.Zombie() {
			return p
		}
		time.Sleep(50 * time.Microsecond)
	}
	return proc.Process{ID: proc.ID{PID: pid}}
}

// environment is env with the two variables that tell the server of its lock.
// The shim's own settings are not the server's: a lockshim below would take
// them for its own.
func environment(env []string, lock string, fd int) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool { return strings.HasPrefix(v, "LOCKSHIM_") })
	return append(env, "LOCKSHIM_LOCK="+lock, "LOCKSHIM_FD="+strconv.Itoa(fd))
}
