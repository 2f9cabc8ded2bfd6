package proc

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

var pageSize = int64(os.Getpagesize())

// Look takes a snapshot of a service's processes: the descendants of q.Roots,
// and with q.Everyone also every process whose environment names the service
// or that has the lockfile open, deleted or not, and what descends from those of
// them that are the service's. The roots themselves are in it. The caller's
// children are looked for only where q.Roots has the caller.
//
// It is one pass: processes that are born or die meanwhile may be missed, and
// what it says of one is as old as that process's turn; all of it is of one
// process, never of two that had the same pid. It reads a few files a process
// on the host, no matter how large the tree, and asks no filesystem but proc(5):
// a server that does not answer cannot hang it. What the caller may not read is
// counted in Blind; what /proc does not list (hidepid=2, another pid namespace)
// is not.
//
// Where members have the lock on files that q does not name, it looks a second
// time, for whoever has those open.
//
// Errors wrap what the system said of /proc itself.
func Look(q Query) (Snapshot, error) {
	room := borrow()
	defer scratches.Put(room)
	l := looker{query: q, names: []string{path.Base(q.Lock)}, clock: now(), scratch: room}
	s, err := l.look()
	if err != nil || len(s.Lost) == 0 {
		return s, err
	}
	again := looker{query: q, names: slices.Compact(slices.Sorted(slices.Values(l.names))), clock: l.clock, scratch: room}
	for _, lost := range s.Lost {
		if !slices.Contains(again.query.Files, lost.File) {
			again.query.Files = append(slices.Clip(again.query.Files), lost.File)
		}
	}
	second, err := again.look()
	second.Lost = s.Lost
	return second, err
}

// look is one pass.
func (l *looker) look() (Snapshot, error) {
	q := l.query
	pids, err := l.pids()
	if err != nil {
		return Snapshot{}, fmt.Errorf("cannot list /proc: %w", err)
	}
	if len(q.Roots) == 0 {
		l.visitAll(pids)
	} else {
		l.visitTree(pids)
	}
	if roots := l.founders(); q.Everyone && len(roots) > 0 {
		l.visitKin(pids, roots)
	}
	return l.seen, nil
}

// A looker fills a snapshot.
type looker struct {
	query Query
	names []string // what the lockfile is called, without its directory
	clock Clock
	seen  Snapshot
	fd    []byte // of the process at hand: its LOCKSHIM_FD, nil where it is no member
	all   []kin  // every process; nil until it is needed
	*scratch
}

// A scratch is the buffers of a looker. They spare a look most of its garbage.
// They are not on the stack, which would stay at twice their size for good.
type scratch struct {
	path    [32]byte
	entries [8 << 10]byte // of a directory, while link and buf are in use
	link    [unix.PathMax]byte
	buf     [16 << 10]byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func borrow() *scratch { return scratches.Get().(*scratch) }

// visitAll visits every process on the host. Who descends from whom, which costs
// as much again, is of no interest yet.
func (l *looker) visitAll(pids []int) {
	for _, pid := range pids {
		if l.query.Everyone {
			l.visit(pid, false)
		}
	}
}

// visitTree visits the descendants of the roots, and everybody else if that is asked.
func (l *looker) visitTree(pids []int) {
	l.readKin(pids)
	for i, in := range descend(l.all, l.query.Roots) {
		if in || l.query.Everyone && !l.all[i].kernel {
			l.visit(l.all[i].pid, in)
		}
	}
}

// founders are the shim and the members that were found: what descends from
// them is the service's, and may have neither its environment nor its lock.
func (l *looker) founders() []int {
	var roots []int
	for _, p := range l.seen.Processes {
		if (p.Guard || p.Marked) && p.PID != os.Getpid() {
			roots = append(roots, p.PID)
		}
	}
	return roots
}

// visitKin adds the descendants of the founders.
func (l *looker) visitKin(pids, roots []int) {
	if l.all == nil {
		l.readKin(pids)
	}
	seen := len(l.seen.Processes)
	for i, in := range descend(l.all, roots) {
		if in && !hasPID(l.seen.Processes[:seen], l.all[i].pid) {
			l.visit(l.all[i].pid, true)
		}
	}
	slices.SortFunc(l.seen.Processes, byPID)
}

// hasPID reports whether the process is in list, which is sorted by pid.
func hasPID(list []Process, pid int) bool {
	_, found := slices.BinarySearchFunc(list, pid, func(p Process, pid int) int { return cmp.Compare(p.PID, pid) })
	return found
}

// pids lists the pids of all processes, sorted.
func (l *looker) pids() ([]int, error) {
	dir, err := openat(unix.AT_FDCWD, nameProc, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(dir)
	var pids []int
	err = eachNumber(dir, l.entries[:], func(name []byte) {
		pids = append(pids, int(number(name[:len(name)-1])))
	})
	slices.Sort(pids)
	return pids, err
}

// readKin reads of every process who its parent is.
func (l *looker) readKin(pids []int) {
	l.all = make([]kin, 0, len(pids))
	for _, pid := range pids {
		text, err := read(l.buf[:], unix.AT_FDCWD, l.name(pid, "/stat"))
		if err != nil {
			continue
		}
		if parent, _, kernel, ok := parseParent(text); ok {
			l.all = append(l.all, kin{pid, parent, kernel})
		}
	}
}

// name is the path of a file of the process pid, ended by a NUL. It lasts until
// the next call.
func (l *looker) name(pid int, file string) []byte {
	path := strconv.AppendInt(append(l.path[:0], "/proc/"...), int64(pid), 10)
	return append(append(path, file...), 0)
}

// Find reads the identity of one process, a zombie's too. It does not block.
//
// Errors wrap ErrGone where there is no such process, or the errno: EPERM or
// EACCES where /proc hides it (hidepid=1). With hidepid=2 it is as if gone.
func Find(pid int) (Process, error) {
	room := borrow()
	defer scratches.Put(room)
	l := looker{scratch: room}
	p := Process{ID: ID{PID: pid}, Ticks: now()}
	text, err := read(l.buf[:], unix.AT_FDCWD, l.name(pid, "/stat"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return p, fmt.Errorf("cannot find pid %d: %w", pid, ErrGone)
	}
	if err != nil {
		return p, fmt.Errorf("cannot find pid %d: %w", pid, err)
	}
	return p, parseStat(text, &p)
}

// Describe is Find with what a person wants to know: the program and its command line.
func Describe(pid int) (Process, error) {
	p, err := Find(pid)
	if err != nil {
		return p, err
	}
	room := borrow()
	defer scratches.Put(room)
	l := looker{scratch: room}
	dir, err := openat(unix.AT_FDCWD, l.name(pid, ""), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return p, fmt.Errorf("cannot find pid %d: %w", pid, ErrGone)
	}
	defer unix.Close(dir)
	l.describe(dir, &p)
	return p, nil
}

// Holders lists the processes with a flock(2) lock on the file, shared or
// exclusive, through a descriptor of theirs, sorted by pid. name is the last
// element of a path that the file was opened by.
//
// The caller's own process is left out, and one that waits for the lock has
// none. Processes whose descriptors the caller may not read are not seen: an
// empty list is no proof.
func Holders(file FileID, name string) ([]Process, error) {
	seen, err := Look(Query{Lock: "/" + name, Files: []FileID{file}, Everyone: true})
	return slices.DeleteFunc(seen.Processes, func(p Process) bool {
		return !p.Shared && !p.Exclusive || p.PID == os.Getpid()
	}), err
}

// readings is how often the two clocks are read. A process that waits for the
// processor between them takes the boot for later than it was; the earliest of a
// few is right even on a busy host.
const readings = 3

// now is the clock to reckon start times with: the time of day less the time
// since boot, suspension included, as the kernel counts start times.
func now() Clock {
	var c Clock
	for i := range readings {
		var up unix.Timespec
		if unix.ClockGettime(unix.CLOCK_BOOTTIME, &up) != nil {
			return Clock{}
		}
		if boot := time.Now().Add(-time.Duration(up.Nano())); i == 0 || boot.Before(c.Boot) {
			c.Boot = boot
		}
	}
	return c
}
