package shim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

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
	fd, err := share.Inherit(farFD)
	if err != nil {
		return err
	}
	pid, err := m.fork(fd)
	unix.Close(fd)
	if err != nil {
		return err
	}
	m.launchedAs(pid, fd)
	return nil
}

// share takes the shared lock on a description of its own.
func (m *machine) share() (*flock.File, error) {
	share, err := m.own[0].Reopen()
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

// fork executes the command with the inherited descriptor.
func (m *machine) fork(fd int) (int, error) {
	path, err := lookPath(m.cfg.Command[0])
	if err != nil {
		return 0, err
	}
	attr := &syscall.ProcAttr{Env: environment(os.Environ(), m.cfg.Lock, fd), Files: []uintptr{0, 1, 2}}
	if m.cfg.Terminal {
		attr.Sys = &syscall.SysProcAttr{Setpgid: true, Foreground: true}
	}
	pid, err := syscall.ForkExec(path, m.cfg.Command, attr)
	return pid, execError(path, err)
}

// launchedAs notes what was launched, and begins to reap.
func (m *machine) launchedAs(pid, fd int) {
	p, err := proc.Find(pid)
	if err != nil {
		p.ID = proc.ID{PID: pid}
	}
	m.launched, m.session = p.ID, p.Session
	m.known = []generation{{Known: proc.Known{Number: 1, Image: p.Image, Master: p.ID}}}
	m.emit(Event{Kind: Launched, PID: pid, Generation: 1, FD: fd, Command: m.cfg.Command})
	if fd < farFD {
		m.emit(Event{Kind: LowFD, FD: fd})
	}
	m.surveys = []time.Duration{9 * time.Second}
	m.arm(surveyTimer, time.Second)
	go m.watchChildren()
}

// environment is env with the two variables that tell the server of its lock.
// The shim's own settings are not the server's: a lockshim below would take
// them for its own.
func environment(env []string, lock string, fd int) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool { return strings.HasPrefix(v, "LOCKSHIM_") })
	return append(env, "LOCKSHIM_LOCK="+lock, "LOCKSHIM_FD="+strconv.Itoa(fd))
}

// lookPath finds the file of a command: a path as it is, a name in PATH, as
// execvp(3) does. An empty element of PATH is the current directory.
func lookPath(name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, executable(name)
	}
	var refused error
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if dir == "" || dir == "." {
			path = "./" + name
		}
		err := executable(path)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, ErrNotFound) && refused == nil {
			refused = err
		}
	}
	if refused != nil {
		return "", refused
	}
	return "", fmt.Errorf("cannot execute %s: %w", proc.Printable(name), ErrNotFound)
}

// executable reports why a file cannot be executed.
func executable(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = syscall.EISDIR
	}
	if err == nil {
		err = unix.Access(path, unix.X_OK)
	}
	return execError(path, err)
}

// execError tells apart what a shell does: not found, and not to be executed.
// Where the system could not fork, it is neither.
func execError(path string, err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	switch errno {
	case syscall.ENOENT, syscall.ENOTDIR:
		return fmt.Errorf("cannot execute %s: %w", proc.Printable(path), ErrNotFound)
	case syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE:
		return fmt.Errorf("cannot start %s: %w", proc.Printable(path), errno)
	}
	return fmt.Errorf("cannot execute %s: %w: %w", proc.Printable(path), ErrCannotExecute, errno)
}
