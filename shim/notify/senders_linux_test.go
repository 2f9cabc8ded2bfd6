package notify

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// systemdNotify starts systemd-notify(1).
func systemdNotify(t *testing.T, s *Socket, as *syscall.Credential, args ...string) *process {
	t.Helper()
	cmd := exec.Command(testkit.Need(t, "/usr/bin/systemd-notify", "systemd"), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	return start(t, s.Address(), cmd)
}

// systemd-notify ends when its barrier has been received, and not on a time
// limit of its own (5 s), which would be an error.
func TestSystemdNotify(t *testing.T) {
	for _, lock := range []string{lockIn(t), deep(t)} {
		s := listen(t, lock)
		p := systemdNotify(t, s, nil, "--ready", "--status=a b", "--pid=4711", "X_OWN=c d")
		m := receives(t, s, "READY=1", "STATUS=a b", "MAINPID=4711", "X_OWN=c d")
		if pid, found := m.MainPID(); !m.Ready() || pid != 4711 || !found {
			t.Errorf("ready %v, main pid %d, %v", m.Ready(), pid, found)
		}
		if m := receives(t, s, "BARRIER=1"); !m.Barrier() {
			t.Error("no barrier")
		}
		p.End()
	}
}

// What it says of itself: root names its parent, others cannot.
func TestSystemdNotifyCredentials(t *testing.T) {
	testkit.NeedRoot(t)
	s := listen(t, lockIn(t))
	p := systemdNotify(t, s, nil, "--ready")
	from(t, receives(t, s, "READY=1"), os.Getpid(), 0, 0)
	receives(t, s, "BARRIER=1")
	p.End()
	p = systemdNotify(t, s, nobody, "--ready")
	from(t, receives(t, s, "READY=1"), p.PID(), 65534, 65534)
	from(t, receives(t, s, "BARRIER=1"), p.PID(), 65534, 65534)
	p.End()
}

// A sender that waits at its barrier can be looked at until the next Receive.
func TestTheSenderLivesUntilItsBarrier(t *testing.T) {
	testkit.NeedRoot(t)
	s := listen(t, lockIn(t))
	p := systemdNotify(t, s, nobody, "--ready")
	m := receives(t, s, "READY=1")
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", m.PID))
	if err != nil || !strings.Contains(string(text), "NOTIFY_SOCKET="+s.Address()) {
		t.Errorf("the sender's environment: %d bytes, %v", len(text), err)
	}
	receives(t, s, "BARRIER=1")
	p.End()
}

func TestSystemdNotifyWithoutABarrier(t *testing.T) {
	s := listen(t, lockIn(t))
	systemdNotify(t, s, nil, "--no-block", "WATCHDOG=1").End()
	if m := receives(t, s, "WATCHDOG=1"); m.Watchdog() != "1" {
		t.Errorf("watchdog %q", m.Watchdog())
	}
}

// repeat says with Gunicorn's own function what it reads, line by line.
const repeat = `
import logging, sys
from gunicorn.systemd import sd_notify
for line in sys.stdin:
    sd_notify(line.strip().replace(" ", "\n"), logging)
    print("sent", flush=True)
`

// gunicornSays starts a process that speaks through Gunicorn's systemd.py.
func gunicornSays(t *testing.T, address string, as *syscall.Credential) *process {
	t.Helper()
	testkit.Need(t, "/usr/lib/python3/dist-packages/gunicorn/systemd.py", "gunicorn")
	cmd := exec.Command("/usr/bin/python3", "-c", repeat)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	return start(t, address, cmd)
}

// send lets the process send a message.
func (p *process) send(words string) {
	p.t.Helper()
	p.Say(words)
	p.Expect("sent")
}

func TestGunicornsSender(t *testing.T) {
	for _, lock := range []string{lockIn(t), deep(t)} {
		s := listen(t, lock)
		p := gunicornSays(t, s.Address(), nil)
		p.send("READY=1 STATUS=booted")
		from(t, receives(t, s, "READY=1", "STATUS=booted"), p.PID(), os.Geteuid(), os.Getegid())
		p.End()
	}
}

func TestGunicornsSenderOfAnotherUser(t *testing.T) {
	testkit.NeedRoot(t)
	s := listen(t, lockIn(t))
	p := gunicornSays(t, s.Address(), nobody)
	p.send("STOPPING=1")
	from(t, receives(t, s, "STOPPING=1"), p.PID(), 65534, 65534)
	p.End()
}

// The receiver is killed and another one takes its place: the same sender with
// the same environment is heard.
func TestTheReceiverIsReplaced(t *testing.T) {
	for _, lock := range []string{lockIn(t), deep(t)} {
		h := helper(t, "receive", "", nil, "LOCK="+lock)
		h.Expect("listening")
		p := gunicornSays(t, addressOf(lock), nil)
		p.send("READY=1 STATUS=first")
		h.Expect("READY=1 STATUS=first")
		h.Kill()
		p.send("STATUS=lost")
		s := listen(t, lock)
		p.send("READY=1 STATUS=second")
		receives(t, s, "READY=1", "STATUS=second")
		p.End()
	}
}

// The whole server, as the shim starts it.
func TestGunicornItself(t *testing.T) {
	lock := lockIn(t)
	dir := filepath.Dir(lock)
	s := listen(t, lock)
	app := "def app(environ, start_response):\n    start_response('204 No Content', [])\n    return []\n"
	do(t, os.WriteFile(filepath.Join(dir, "hello.py"), []byte(app), 0o644))
	cmd := exec.Command(testkit.Need(t, "/usr/bin/gunicorn", "gunicorn"), "--log-level", "error", "--chdir", dir, "--bind", "unix:"+dir+"/app.sock", "hello:app")
	p := start(t, s.Address(), cmd)
	m, err := s.Receive()
	do(t, err)
	if !m.Ready() || m.PID != cmd.Process.Pid {
		t.Errorf("received %q from pid %d, want READY=1 from %d", m.Lines, m.PID, cmd.Process.Pid)
	}
	do(t, cmd.Process.Signal(syscall.SIGTERM))
	p.End()
}
