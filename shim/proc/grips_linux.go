package proc

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// farFD: a descriptor from here up is looked at whatever its name. The
// inherited one is there, and stays to be found when the lockfile was renamed.
const farFD = 1000

// grips merges what the descriptors of a process have of the lockfile.
//
// The links are read first, since reading them asks no filesystem: a stat of
// somebody's file on a dead NFS server would hang the caller. Only a file of
// the lockfile's name is asked for its identity.
func (l *looker) grips(pid int) (grip, error) {
	var g grip
	err := eachName("/proc/"+strconv.Itoa(pid)+"/fd", l.buf[:], func(dir int, fd string) {
		g = g.add(l.grip(dir, pid, fd))
	})
	return g, err
}

// grip is what the one descriptor called fd has of the lockfile.
func (l *looker) grip(dir, pid int, fd string) grip {
	var link [unix.PathMax]byte
	n, err := unix.Readlinkat(dir, fd, link[:])
	if err != nil || n == 0 || link[0] != '/' {
		return grip{} // a socket, a pipe
	}
	path, gone := strings.CutSuffix(string(link[:n]), deleted)
	number, _ := strconv.Atoi(fd)
	if filepath.Base(path) != filepath.Base(l.query.Lock) && number < farFD {
		return grip{}
	}
	if !l.ours(dir, fd) && !(gone && path == l.query.Lock) {
		return grip{}
	}
	text, err := readAll(l.info[:], "/proc/"+strconv.Itoa(pid)+"/fdinfo/"+fd)
	if err != nil {
		return grip{open: true}
	}
	return parseLocks(text)
}

// ours reports whether the descriptor is of one of the service's inodes.
func (l *looker) ours(dir int, fd string) bool {
	var st unix.Stat_t
	if unix.Fstatat(dir, fd, &st, 0) != nil {
		return false
	}
	return slices.Contains(l.query.Files, FileID{Dev: uint64(st.Dev), Ino: st.Ino})
}
