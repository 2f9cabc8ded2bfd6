package shim

import (
	"encoding/binary"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// becomeWord is the first word of an order to become the server.
const becomeWord = "become"

// becomes reports whether the server is launched through a process that becomes
// it: where the shim was given sockets for it, whose LISTEN_PID must be the
// server's own pid.
func (m *machine) becomes() bool { return len(m.cfg.Self) > 0 && activated() }

// activated reports whether the shim was given sockets (sd_listen_fds(3)). Their
// descriptors, from 3 up, are inherited as all others are.
func activated() bool {
	return os.Getenv("LISTEN_FDS") != "" && os.Getenv("LISTEN_PID") == strconv.Itoa(os.Getpid())
}

// forkBecoming executes the command through a process that becomes the server,
// and returns when it has: until then its image is this program's.
func (m *machine) forkBecoming(path string, attr *syscall.ProcAttr) (int, error) {
	pid, report, err := m.forkAssistant(becomeWord, path, attr)
	if err != nil {
		return 0, err
	}
	defer report.Close()
	var text [reportSize]byte
	if _, err := io.ReadFull(report, text[:]); err != nil {
		return pid, nil // the pipe was closed by the exec, or by a sudden end
	}
	return 0, execError(path, syscall.Errno(binary.NativeEndian.Uint32(text[4:])))
}

// become carries out an order. It returns only where the server cannot be
// executed, which is told to the shim, and to nobody else.
func (o order) become() error {
	o.keep()
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "LISTEN_PID=") || strings.HasPrefix(v, "LISTEN_PIDFDID=")
	})
	err := syscall.Exec(o.path, o.command, append(env, "LISTEN_PID="+strconv.Itoa(os.Getpid())))
	o.report(0, errnoOf(err))
	return nil
}
