package shim

import (
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// monotonic is the time since the zero of CLOCK_MONOTONIC.
func monotonic() time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

// openPipe is the descriptor to write a newline to when the service is ready, nil
// where s6 did not ask for it. s6-supervise runs a service in its directory; the
// file notification-fd there has the number of a pipe (s6's page "Notification
// vs. synchronization"). No exec passes it on.
func openPipe() *os.File {
	text, err := os.ReadFile("notification-fd")
	if err != nil {
		return nil
	}
	fd, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || fd < 3 || !inheritable(fd) || !takesBytes(fd) {
		return nil
	}
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), "notification-fd")
}

// takesBytes reports whether fd is a pipe that is open for writing.
func takesBytes(fd int) bool {
	var st unix.Stat_t
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE != unix.O_RDONLY && unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO
}

// tellPipe writes the newline, and closes the pipe. Nobody may read it any more.
func tellPipe(pipe *os.File) {
	_, _ = pipe.Write([]byte("\n"))
	_ = pipe.Close()
}
