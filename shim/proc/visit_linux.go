package proc

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"
)

// visit adds a process to the snapshot if it is of the tree, or has to do with
// the lock. All that it reads lies below one descriptor of /proc/PID, which
// stays that of one process: if the pid is given away, the rest cannot be read.
func (l *looker) visit(pid int, inTree bool) {
	dir, err := openat(unix.AT_FDCWD, l.name(pid, ""), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return
	}
	defer unix.Close(dir)
	p := Process{ID: ID{PID: pid}, Ticks: l.clock}
	envErr := l.environment(dir, &p)
	g, err := l.grips(dir, pid)
	if (refused(envErr) || refused(err)) && l.lives(dir) {
		l.seen.Blind++
	}
	if !inTree && !p.Marked && !g.open {
		return
	}
	p.Open, p.Shared, p.Exclusive, p.Guard = g.open, g.shared, g.exclusive, g.guard
	if l.identify(dir, &p) {
		// The environment of who may not be looked into is not to be read either.
		p.Midway = envErr == nil && !p.Image.Known() && !p.Zombie()
		l.describe(dir, &p)
		l.seen.Processes = append(l.seen.Processes, p)
	}
}

// refused reports whether it is the caller who may not read.
func refused(err error) bool { return errors.Is(err, fs.ErrPermission) }

// lives reports whether there is anything to hide: nobody may read the
// descriptors of a zombie, or of a thread of the kernel, and they have none.
func (l *looker) lives(dir int) bool {
	text, err := read(l.buf[:], dir, nameStat)
	if err != nil {
		return refused(err)
	}
	_, state, kernel, ok := parseParent(text)
	return ok && !kernel && !Process{State: state}.Zombie()
}

// environment reads whether the environment that the process was executed with
// names the service.
func (l *looker) environment(dir int, p *Process) error {
	text, err := read(l.buf[:], dir, nameEnviron)
	env := environ(text)
	l.fd = nil
	lock, named := env.value("LOCKSHIM_LOCK")
	if named {
		fd, inherits := env.value("LOCKSHIM_FD")
		_, p.Held = env.value("LOCKSHIM_HOLD")
		p.Marked = inherits && lock == l.query.Lock
		if p.Marked {
			l.fd = []byte(fd)
		}
	}
	return err
}

// identify reads who the process is. It comes before describe: of a process
// that executes a program in between, the old image with the new arguments is
// taken for a worker for a moment, the new image with the old arguments for a
// server.
func (l *looker) identify(dir int, p *Process) bool {
	text, err := read(l.buf[:], dir, nameStat)
	return err == nil && parseStat(text, p) == nil
}

// describe reads what is wanted of a process that counts: its program and arguments.
func (l *looker) describe(dir int, p *Process) {
	if link, err := readlinkat(dir, nameExe, l.link[:]); err == nil {
		p.Exe = string(bytes.TrimSuffix(link, deleted))
	}
	if text, err := read(l.buf[:], dir, nameCmdline); err == nil {
		p.Args = parseArgs(text)
	}
}

// farDigits: a descriptor whose number has that many digits, 1000 and up, is
// looked at whatever its name. The inherited one is there, and stays to be found
// when the lockfile was renamed.
const farDigits = 4

// grips merges what the descriptors of a process have of the lockfile.
func (l *looker) grips(dir, pid int) (grip, error) {
	fds, err := openat(dir, nameFD, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return grip{}, err
	}
	defer unix.Close(fds)
	var g grip
	err = eachNumber(fds, l.entries[:], func(name []byte) { g = g.add(l.grip(dir, fds, pid, name)) })
	return g, err
}

// grip is what the one descriptor called name has of the lockfile.
func (l *looker) grip(dir, fds, pid int, name []byte) grip {
	link, err := readlinkat(fds, name, l.link[:])
	if err != nil || len(link) == 0 || link[0] != '/' {
		return grip{} // a socket, a pipe
	}
	path, gone := bytes.CutSuffix(link, deleted)
	base := path[bytes.LastIndexByte(path, '/')+1:]
	fd := name[:len(name)-1]
	named, told := slices.Contains(l.names, string(base)), bytes.Equal(fd, l.fd)
	if !named && !told && len(fd) < farDigits {
		return grip{}
	}
	file, err := identity(fds, string(fd))
	known := err == nil && slices.Contains(l.query.Files, file)
	lost := err == nil && !known && l.fd != nil && (named || told)
	ours := known || gone && string(path) == l.query.Lock
	if !ours && !lost {
		return grip{}
	}
	text, err := read(l.buf[:], dir, slices.Concat([]byte("fdinfo/"), name))
	if err != nil {
		return grip{open: ours}
	}
	g := parseLocks(text)
	if lost && g.shared {
		l.names = append(l.names, string(base))
		l.seen.Lost = append(l.seen.Lost, Lost{PID: pid, FD: int(number(fd)), File: file})
	} else if !ours {
		return grip{}
	}
	return g
}

// identity is which file a descriptor is of.
//
// The kernel is told to answer from what it has in memory (statx(2)): a server
// of NFS that is dead, or of FUSE, would keep whoever asks it waiting for ever,
// and among the descriptors of a host there is one of such a file sooner or later.
func identity(fds int, fd string) (FileID, error) {
	var st unix.Statx_t
	err := unix.Statx(fds, fd, unix.AT_STATX_DONT_SYNC, unix.STATX_INO, &st)
	return FileID{Dev: unix.Mkdev(st.Dev_major, st.Dev_minor), Ino: st.Ino}, err
}
