package proc

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// Listens reports whether one of the processes has a socket that listens: a
// stream socket of the families unix, inet and inet6 of its network namespace.
// It reads /proc/PID/fd and the tables below /proc/PID/net (proc_pid_net(5)),
// which costs more the more sockets there are. That the process accepts what
// comes it does not say: a socket that was inherited listens all the time.
//
// A process that has ended does not listen. Errors wrap the errno: EACCES where
// the caller may not see another user's descriptors.
func Listens(pids []int) (bool, error) {
	for _, pid := range pids {
		sockets, err := sockets(pid)
		if err == nil && len(sockets) > 0 {
			var found bool
			if found, err = listening(pid, sockets); found {
				return true, nil
			}
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !ended(pid) {
			return false, fmt.Errorf("cannot see whether pid %d listens: %w", pid, err)
		}
	}
	return false, nil
}

// ended reports a process that has ended and was not waited for. It has no
// descriptors, and /proc refuses them to all but root, its own user too.
func ended(pid int) bool {
	p, err := Find(pid)
	return err == nil && p.Zombie() || errors.Is(err, ErrGone)
}

// sockets lists the inodes of a process's sockets.
func sockets(pid int) (map[string]bool, error) {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, entry := range entries {
		link, err := os.Readlink(dir + "/" + entry.Name())
		if inode, ok := strings.CutPrefix(link, "socket:["); ok && err == nil {
			found[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return found, nil
}

// The tables of sockets: where a line has the inode and the mark of one that
// listens. TCP_LISTEN is 10 (include/net/tcp_states.h), a unix socket has the flag
// __SO_ACCEPTCON (include/uapi/linux/net.h).
var tables = []struct {
	name        string
	inode, mark int
	listening   string
}{
	{name: "tcp", inode: 9, mark: 3, listening: "0A"},
	{name: "tcp6", inode: 9, mark: 3, listening: "0A"},
	{name: "unix", inode: 6, mark: 3, listening: "00010000"},
}

// listening looks for one of the sockets among those that listen in the network
// namespace of pid. A kernel without IPv6 has no table of it.
func listening(pid int, sockets map[string]bool) (bool, error) {
	for _, table := range tables {
		file, err := os.Open("/proc/" + strconv.Itoa(pid) + "/net/" + table.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		found := false
		for lines := bufio.NewScanner(file); !found && lines.Scan(); {
			fields := strings.Fields(lines.Text())
			found = len(fields) > max(table.inode, table.mark) && fields[table.mark] == table.listening && sockets[fields[table.inode]]
		}
		if err := file.Close(); found || err != nil {
			return found, err
		}
	}
	return false, nil
}
