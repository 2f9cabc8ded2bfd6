package shim

import (
	"os"
	"path/filepath"
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
// where s6 did not ask for it: the file notification-fd of the service directory has
// the number of a pipe (s6's page "Notification vs. synchronization"). No exec passes
// it on.
func openPipe() *os.File {
	for _, dir := range serviceDirs() {
		text, err := os.ReadFile(filepath.Join(dir, "notification-fd"))
		if err != nil {
			continue
		}
		fd, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil || fd < 3 || !inheritable(fd) || !takesBytes(fd) {
			return nil
		}
		unix.CloseOnExec(fd)
		return os.NewFile(uintptr(fd), "notification-fd")
	}
	return nil
}

// serviceDirs are where s6's service directory may be: s6-supervise works there and
// runs the service there, which may have gone elsewhere since. Only its own user, and
// root, may see where another process works; its command line, which everybody may
// see, has the path as s6-svscan gave it, relative to the scan directory mostly.
func serviceDirs() []string {
	dirs := []string{"."}
	above := "/proc/" + strconv.Itoa(os.Getppid())
	args, err := os.ReadFile(above + "/cmdline")
	words := strings.Split(strings.TrimRight(string(args), "\x00"), "\x00")
	if err != nil || filepath.Base(words[0]) != "s6-supervise" {
		return dirs
	}
	if last := words[len(words)-1]; filepath.IsAbs(last) {
		dirs = append(dirs, last)
	}
	return append(dirs, above+"/cwd")
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
