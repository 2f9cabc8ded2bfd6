package proc

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// shimEnv holds the orders of the helper that stands where lockshim stands: it
// holds the guard, launches the server with the shared lock at farFD, is its
// subreaper, and tells of every process that it reaps. It decides nothing, so
// that a test can look at states that the real shim ends at once.
const shimEnv = "LOCKSHIM_PROC_TEST_SHIM"

// farFD is the least number of the inherited descriptor, as in package shim.
const farFD = 1025

// Orders say what a helper launches.
type orders struct {
	Lock    string
	Command []string
	Path    string // the file of Command
	Dir     string
	Env     []string
}

// helperShim launches, and reaps until its standard input ends; then it ends
// whatever is left below it.
func helperShim() error {
	var o orders
	if err := json.Unmarshal([]byte(os.Getenv(shimEnv)), &o); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := guard(o.Lock); err != nil {
		return err
	}
	if err := o.launch(); err != nil {
		return err
	}
	return reapAll()
}

// guard takes the guard lock for the life of the process.
func guard(lock string) error {
	fd, err := unix.Open(lock, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Len: 1})
}

// launch starts the command and prints who it is.
func (o orders) launch() error {
	share, err := unix.Open(o.Lock, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(share)
	if err := unix.Flock(share, unix.LOCK_SH); err != nil {
		return err
	}
	attr := &syscall.ProcAttr{Dir: o.Dir, Files: farFiles(share), Env: append(o.Env, "LOCKSHIM_LOCK="+o.Lock, fmt.Sprintf("LOCKSHIM_FD=%d", farFD))}
	pid, err := syscall.ForkExec(o.Path, o.Command, attr)
	if err != nil {
		return err
	}
	p, err := Find(pid)
	for err == nil && !p.Image.Known() && !p.Zombie() {
		p, err = Find(pid)
	}
	if err != nil {
		return err
	}
	text, err := json.Marshal(launch{p.ID, p.Image})
	fmt.Printf("launched %s\n", text)
	return err
}

// farFiles are the descriptors of a child that has lock as number farFD.
func farFiles(lock int) []uintptr {
	files := make([]uintptr, farFD+1)
	for fd := range files {
		files[fd] = ^uintptr(0)
	}
	files[0], files[1], files[2], files[farFD] = 0, 2, 2, uintptr(lock)
	return files
}

// reapAll reaps until no child is left and standard input has ended. Whoever
// listens to what it says may be dead then.
func reapAll() error {
	signal.Ignore(syscall.SIGPIPE)
	reaped := make(chan bool, 1)
	go endAll(reaped)
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ECHILD):
			_, err := io.Copy(io.Discard, os.Stdin)
			return err
		case err != nil:
			return err
		default:
			fmt.Printf("ended %d %d\n", pid, exitCode(status))
			select {
			case reaped <- true:
			default:
			}
		}
	}
}

// exitCode is the status as a shell says it.
func exitCode(status unix.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

// endAll waits for the end of standard input, and then kills what descends from
// this process, again after each end, as what it left behind may have forked.
func endAll(reaped chan bool) {
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		panic(err)
	}
	for ; ; <-reaped {
		seen, err := Look(Query{Roots: []int{os.Getpid()}})
		if err != nil {
			panic(err)
		}
		for _, p := range seen.Processes {
			if p.PID != os.Getpid() {
				_ = Signal(p.ID, syscall.SIGKILL) // it may have ended by itself
			}
		}
	}
}

// A report is one line of the helper.
type report struct {
	pid, code int
}

// reports reads what the helper shim tells.
type reports struct {
	lines *bufio.Reader
	heard []report
}

// launched reads the helper's first line.
func (r *reports) launched() (l launch, err error) {
	line, err := r.lines.ReadString('\n')
	if err != nil {
		return l, err
	}
	if len(line) < 9 || line[:9] != "launched " {
		return l, fmt.Errorf("the helper says %q", line)
	}
	return l, json.Unmarshal([]byte(line[9:]), &l)
}

// ended blocks until the helper has reaped pid.
func (r *reports) ended(pid int) error {
	for !slices.ContainsFunc(r.heard, func(e report) bool { return e.pid == pid }) {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			return fmt.Errorf("cannot learn of the end of %d: %w", pid, err)
		}
		var e report
		if _, err := fmt.Sscanf(line, "ended %d %d\n", &e.pid, &e.code); err != nil {
			return fmt.Errorf("the helper says %s", strconv.Quote(line))
		}
		r.heard = append(r.heard, e)
	}
	return nil
}
