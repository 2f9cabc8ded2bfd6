package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

var pageSize = int64(os.Getpagesize())

// Look takes a snapshot of a service's processes: the descendants of q.Roots,
// and with q.Everyone also every process whose environment names the service
// or that has the lockfile open, deleted or not, and what descends from those of
// them that are the service's. The roots themselves are in it.
//
// It is one pass: processes that are born or die meanwhile may be missed, and
// what it says of one is as old as that process's turn. It reads a few files a
// process on the host, no matter how large the tree. What the caller may not
// read is counted in Blind; what /proc does not show (hidepid, another pid
// namespace) is not.
//
// Errors wrap what the system said of /proc itself.
func Look(q Query) (Snapshot, error) {
	all, err := everyProcess()
	if err != nil {
		return Snapshot{}, err
	}
	tree := Descendants(all, q.Roots)
	l := looker{query: q, clock: now()}
	for i := range all {
		p := &all[i]
		if !kernelThread(p) && (q.Everyone || tree[p.PID]) {
			l.visit(p, tree[p.PID])
		}
	}
	if q.Everyone {
		l.visitKin(all)
	}
	return l.seen, nil
}

// visitKin adds the descendants of the shim and of the members that were found,
// which have neither the service's environment nor its lock.
func (l *looker) visitKin(all []Process) {
	var roots []int
	for _, p := range l.seen.Processes {
		if p.Guard || p.Marked {
			roots = append(roots, p.PID)
		}
	}
	kin := Descendants(all, roots)
	for i := range all {
		if p := &all[i]; kin[p.PID] && !has(l.seen.Processes, p.PID) {
			l.visit(p, true)
		}
	}
	slices.SortFunc(l.seen.Processes, byPID)
}

// Find reads the identity of one process, a zombie's too.
// Errors wrap fs.ErrNotExist where there is no such process.
func Find(pid int) (Process, error) {
	p := Process{ID: ID{PID: pid}, Ticks: now()}
	var buf [1024]byte
	text, err := readInto(buf[:], unix.AT_FDCWD, "/proc/"+strconv.Itoa(pid)+"/stat")
	if err != nil {
		return p, fmt.Errorf("cannot find pid %d: %w", pid, err)
	}
	return p, parseStat(text, &p)
}

// Describe is Find with what a person wants to know: the command line.
func Describe(pid int) (Process, error) {
	p, err := Find(pid)
	if err == nil {
		var l looker
		l.describe(&p)
	}
	return p, err
}

// Holders lists the processes with a flock(2) lock on the file, shared or
// exclusive, through a descriptor of theirs, sorted by pid. name is the last
// element of a path that the file was opened by.
//
// The caller's own process is left out. Processes whose descriptors the caller
// may not read are not seen: an empty list is no proof.
func Holders(file FileID, name string) ([]Process, error) {
	seen, err := Look(Query{Lock: "/" + name, Files: []FileID{file}, Everyone: true})
	return slices.DeleteFunc(seen.Processes, func(p Process) bool {
		return !p.Shared && !p.Exclusive || p.PID == os.Getpid()
	}), err
}

// A looker fills a snapshot.
type looker struct {
	query Query
	clock Clock
	seen  Snapshot
	buf   [16 << 10]byte
	info  [4 << 10]byte // for what is read while buf is in use
}

// visit adds p to the snapshot if it is of the tree, or has to do with the lock.
func (l *looker) visit(p *Process, inTree bool) {
	g, err := l.grips(p.PID)
	env, envErr := l.environ(p.PID)
	if errors.Is(err, fs.ErrPermission) || errors.Is(envErr, fs.ErrPermission) {
		l.seen.Blind++
	}
	lock, named := env.value("LOCKSHIM_LOCK")
	_, inherits := env.value("LOCKSHIM_FD")
	p.Marked = named && inherits && lock == l.query.Lock
	if !inTree && !p.Marked && !g.open {
		return
	}
	_, p.Held = env.value("LOCKSHIM_HOLD")
	p.Environ = env.sum()
	p.Open, p.Shared, p.Exclusive, p.Guard = g.open, g.shared, g.exclusive, g.guard
	p.Ticks = l.clock
	l.describe(p)
	l.seen.Processes = append(l.seen.Processes, *p)
}

// describe reads what is wanted of a process that counts: its program and arguments.
func (l *looker) describe(p *Process) {
	dir := "/proc/" + strconv.Itoa(p.PID)
	if n, err := unix.Readlink(dir+"/exe", l.buf[:]); err == nil {
		p.Exe = strings.TrimSuffix(string(l.buf[:n]), deleted)
	}
	if text, err := readAll(l.buf[:], dir+"/cmdline"); err == nil {
		p.Args = parseArgs(text)
	}
}

// environ reads the environment that the process was executed with.
func (l *looker) environ(pid int) (environ, error) {
	return readAll(l.buf[:], "/proc/"+strconv.Itoa(pid)+"/environ")
}

// everyProcess reads the stat of every process, sorted by pid.
func everyProcess() ([]Process, error) {
	var names [32 << 10]byte
	var stat [1024]byte
	var all []Process
	err := eachName("/proc", names[:], func(dir int, name string) {
		pid, err := strconv.Atoi(name)
		if err != nil {
			return
		}
		p := Process{ID: ID{PID: pid}}
		text, err := readInto(stat[:], dir, name+"/stat")
		if err == nil && parseStat(text, &p) == nil {
			all = append(all, p)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list /proc: %w", err)
	}
	slices.SortFunc(all, func(a, b Process) int { return a.PID - b.PID })
	return all, nil
}

// kernelThread reports whether p is kthreadd or a child of it: no memory, no
// descriptors, nothing to look at. In another pid namespace 2 is an ordinary
// process, which has memory.
func kernelThread(p *Process) bool {
	return (p.PID == 2 || p.PPID == 2) && p.Memory == 0 && !p.Zombie()
}

// now is the clock to reckon start times with: the time of day less the time
// since boot, suspension included, as the kernel counts start times.
func now() Clock {
	var up unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &up) != nil {
		return Clock{}
	}
	return Clock{Boot: time.Now().Add(-time.Duration(up.Nano()))}
}
