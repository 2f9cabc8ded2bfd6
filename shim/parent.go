package shim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/proc"
	"github.com/lockshim/lockshim/shim/profile"
)

// An order is what a shim tells a process of its own program that it launches a
// server through.
//
// The parent (profile.Profile.Detach) starts the server as its child, reports who
// that is, and exits once the server has noted who its parent is. The shim, the
// nearest subreaper, is the parent from then on. What becomes the server is for
// what only that process knows (become.go).
//
// Descriptors from lock+1 on are not the server's: the pipe for the report,
// and copies of the guard. As long as somebody has those, no other shim looks
// for a server that is about to be there.
type order struct {
	word    string // parentWord or becomeWord
	lock    int    // number of the descriptor with the shared lock
	guards  int    // how many copies of the guard there are
	profile string
	path    string // the file to execute
	command []string
}

// parentWord is the first word of an order to a parent.
const parentWord = "parent"

// words are the arguments that readOrder reads. A shim's own command line has
// --profile and -- likewise: who takes the holder of the guard for the shim is
// not mistaken about the server.
func (o order) words() []string {
	return append([]string{o.word, strconv.Itoa(o.lock), strconv.Itoa(o.guards), o.path, "--profile", o.profile, "--"}, o.command...)
}

// readOrder reads what words has written.
func readOrder(args []string) (o order, err error) {
	if len(args) < 8 || args[0] != parentWord && args[0] != becomeWord || args[4] != "--profile" || args[6] != "--" {
		return o, errAssist
	}
	o = order{word: args[0], path: args[3], profile: args[5], command: args[7:]}
	o.lock, err = strconv.Atoi(args[1])
	if err == nil {
		o.guards, err = strconv.Atoi(args[2])
	}
	if err != nil || o.lock < 3 || o.guards < 0 || !open(o.lock+1+o.guards) {
		return o, errAssist
	}
	return o, nil
}

// detaches reports whether the server is launched through a parent.
func (m *machine) detaches() bool {
	return m.rules.profile.Detach && len(m.cfg.Self) > 0
}

// forkParent executes the command through a parent, and returns the pid of the
// server. files are the server's descriptors, the last one is the lock.
func (m *machine) forkParent(path string, attr *syscall.ProcAttr) (int, error) {
	parent, report, err := m.forkAssistant(parentWord, path, attr)
	if err != nil {
		return 0, err
	}
	defer report.Close()
	m.parent = parent
	return m.hearParent(report, path)
}

// forkAssistant executes this program with an order, and returns its pid, and the
// pipe that it reports through.
func (m *machine) forkAssistant(word, path string, attr *syscall.ProcAttr) (int, *os.File, error) {
	report, in, err := os.Pipe()
	if err != nil {
		return 0, nil, fmt.Errorf("cannot start %s: %w", proc.Printable(path), err)
	}
	o := order{word: word, lock: len(attr.Files) - 1, guards: len(m.own), profile: m.rules.profile.Name, path: path, command: m.cfg.Command}
	attr.Files = append(attr.Files, in.Fd())
	for _, f := range m.own {
		attr.Files = append(attr.Files, uintptr(f.Fd()))
	}
	pid, err := syscall.ForkExec("/proc/self/exe", slices.Concat(m.cfg.Self, o.words()), attr)
	if err := errors.Join(err, in.Close()); err != nil {
		report.Close()
		return 0, nil, fmt.Errorf("cannot start %s: %w", proc.Printable(path), err)
	}
	return pid, report, nil
}

// hearParent takes the report of the parent. One that was killed before it could
// report counts as the server itself: its end is one of a launch that failed, and
// what it may have started is found, as what a launcher leaves is.
func (m *machine) hearParent(report io.Reader, path string) (int, error) {
	var text [reportSize]byte
	if _, err := io.ReadFull(report, text[:]); err != nil {
		return m.parent, nil
	}
	pid, errno := binary.NativeEndian.Uint32(text[:]), binary.NativeEndian.Uint32(text[4:])
	if errno != 0 {
		return 0, execError(path, syscall.Errno(errno))
	}
	return int(pid), nil
}

// reportSize is that of a report: the server's pid, and why there is none.
const reportSize = 8

// beParent carries out an order. What the server cannot be executed for is told
// to the shim, and to nobody else.
func (o order) beParent() error {
	o.keep()
	pid, errno := o.start()
	for fd := range o.guards {
		unix.Close(o.lock + 2 + fd)
	}
	o.report(pid, errno)
	if errno == 0 {
		o.awaitUp(pid)
	}
	return nil
}

// keep lets no exec pass on what is not the server's.
func (o order) keep() {
	for fd := range o.guards + 1 {
		unix.CloseOnExec(o.lock + 1 + fd)
	}
}

// report tells the shim of the server, or why there is none. A shim that is dead
// reads nothing.
func (o order) report(pid int, errno syscall.Errno) {
	text := binary.NativeEndian.AppendUint32(nil, uint32(pid))
	text = binary.NativeEndian.AppendUint32(text, uint32(errno))
	_, _ = unix.Write(o.lock+1, text)
	unix.Close(o.lock + 1)
}

// start executes the server with all descriptors that this process was given,
// but for its own.
func (o order) start() (int, syscall.Errno) {
	files, err := descriptors(o.lock, o.lock)
	if err == nil {
		var pid int
		pid, err = syscall.ForkExec(o.path, o.command, &syscall.ProcAttr{Env: os.Environ(), Files: files})
		if err == nil {
			return pid, 0
		}
	}
	return 0, errnoOf(err)
}

// errnoOf is what the system said, EIO where it was not the system.
func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		errno = syscall.EIO
	}
	return errno
}

// A server notes its parent as the first thing that it does, and tells when it
// has set itself a title, its configuration read. That may take as long as name
// servers do; the first thing has happened long before upTime has passed.
const (
	upTime   = 10 * time.Second
	upFirst  = time.Millisecond
	upLonger = 10 * time.Millisecond
)

// awaitUp returns when the server has noted its parent, or has ended. It does not
// reap it: a zombie without a parent is the shim's to reap, and its status too.
func (o order) awaitUp(pid int) {
	ended := make(chan struct{})
	go func() {
		_, _ = changed(false)
		close(ended)
	}()
	p, err := profile.Lookup(o.profile)
	end := time.Now().Add(upTime)
	for wait := upFirst; err == nil && time.Now().Before(end); wait = min(2*wait, upLonger) {
		if seen, err := proc.Describe(pid); err == nil && p.Role(seen.Args) == profile.Master {
			return
		}
		select {
		case <-ended:
			return
		case <-time.After(wait):
		}
	}
}
