package proc

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// inNamespace runs a helper as the first process of a pid namespace of its own,
// with a /proc of that, and returns what it printed.
func inNamespace(t *testing.T, name string) string {
	t.Helper()
	testkit.NeedRoot(t)
	cmd := testkit.Helper(name)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("needs the right to make namespaces")
	}
	if err != nil {
		t.Fatalf("%v: %s%s", err, out, stderr.String())
	}
	return string(out)
}

// mountProc mounts the namespace's own /proc, seen nowhere else.
func mountProc(options string) error {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("cannot make mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, options); err != nil {
		return fmt.Errorf("cannot mount proc: %w", err)
	}
	return nil
}

// TestReusedPID: a signal does not reach a process that got the pid again, and
// neither does a handle.
func TestReusedPID(t *testing.T) {
	if got := inNamespace(t, "reuse"); got != "spared\n" {
		t.Errorf("the helper says %q", got)
	}
}

// An echo is a cat(1), which proves by its answer that it lives.
type echo struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	id  ID
}

func startEcho() (*echo, error) {
	e := &echo{cmd: exec.Command("cat")}
	var err error
	if e.in, err = e.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	e.out = bufio.NewReader(out)
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	p, err := Find(e.cmd.Process.Pid)
	e.id = p.ID
	return e, err
}

func (e *echo) end() error {
	return errors.Join(e.in.Close(), e.cmd.Wait())
}

// helperReuse gives a pid away twice and aims at the first process.
func helperReuse() error {
	if err := mountProc(""); err != nil {
		return err
	}
	first, err := startEcho()
	if err != nil {
		return err
	}
	h, err := Open(first.id)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := first.end(); err != nil {
		return err
	}
	second, err := startAs(first.id)
	if err != nil {
		return err
	}
	_, openErr := Open(first.id)
	for _, err := range []error{openErr, Signal(first.id, syscall.SIGKILL), h.Signal(syscall.SIGKILL)} {
		if !errors.Is(err, ErrGone) {
			return fmt.Errorf("a process that is gone was aimed at: %v", err)
		}
	}
	fmt.Fprintln(second.in, "spared")
	line, err := second.out.ReadString('\n')
	fmt.Print(line)
	return errors.Join(err, Signal(second.id, 0), second.end())
}

// startAs starts a process that has the pid of an earlier one, and was forked
// in another tick. Threads of this program take pids too, so it may take turns.
func startAs(old ID) (*echo, error) {
	for {
		last := strconv.Itoa(old.PID - 1)
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(last), 0); err != nil {
			return nil, err
		}
		e, err := startEcho()
		if err != nil || e.id.PID == old.PID && e.id.Start != old.Start {
			return e, err
		}
		if err := e.end(); err != nil {
			return nil, err
		}
	}
}

// A sight is what a stranger sees.
type sight struct {
	Seen  []string // the traits of each process
	Blind int
}

// TestBlind: what the caller may not read is counted, and a zombie of its own,
// which nobody may read, is not. Root's are the first process of the namespace
// and a holder; the others are the stranger, its zombie and a holder of its own.
func TestBlind(t *testing.T) {
	seeAs(t, "blind", sight{Seen: []string{"marked open shared "}, Blind: 2})
}

// TestHidepid: what /proc hides is not seen, and nothing fails.
func TestHidepid(t *testing.T) {
	seeAs(t, "hidden", sight{Seen: []string{"marked open shared "}})
}

// TestNoAccess: with hidepid=1 processes are listed, and nothing else is told.
func TestNoAccess(t *testing.T) {
	seeAs(t, "no access", sight{Seen: []string{"marked open shared "}, Blind: 2})
}

func seeAs(t *testing.T, helper string, want sight) {
	t.Helper()
	got := inNamespace(t, helper)
	text, err := json.Marshal(want)
	must(t, err)
	if got != string(text)+"\n" {
		t.Errorf("a stranger sees %s, want %s", got, text)
	}
}

// helperSeen starts a holder of root and one of a stranger, and lets the
// stranger look.
func helperSeen(options string) func() error {
	return func() error {
		if err := mountProc(options); err != nil {
			return err
		}
		f, err := os.CreateTemp("", "look")
		if err != nil {
			return err
		}
		defer os.Remove(f.Name())
		if err := f.Chmod(0o644); err != nil {
			return err
		}
		cmd := testkit.Helper("stranger")
		cmd.Env = append(cmd.Env, "LOCKSHIM_LOCK="+f.Name())
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: testkit.Nobody, Gid: testkit.Nobody}}
		root, err := startEcho()
		if err != nil {
			return err
		}
		return errors.Join(cmd.Run(), root.end())
	}
}

// helperStranger looks with a zombie and a holder for children.
func helperStranger() error {
	zombie, err := startEcho()
	if err != nil {
		return err
	}
	zombie.in.Close()
	if err := unix.Waitid(unix.P_PID, zombie.id.PID, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		return err
	}
	lock := os.Getenv("LOCKSHIM_LOCK")
	f, err := os.Open(lock)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH); err != nil {
		return err
	}
	own := exec.Command("cat")
	own.Env = []string{"LOCKSHIM_LOCK=" + lock, "LOCKSHIM_FD=3"}
	own.ExtraFiles = []*os.File{f}
	in, err := own.StdinPipe()
	if err != nil {
		return err
	}
	if err := own.Start(); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Stat(lock, &st); err != nil {
		return err
	}
	seen, err := Look(Query{Lock: lock, Files: []FileID{{Dev: st.Dev, Ino: st.Ino}}, Everyone: true})
	if err != nil {
		return err
	}
	var s sight
	for _, p := range seen.Processes {
		if p.PID == own.Process.Pid {
			s.Seen = append(s.Seen, traits(p, true))
		}
	}
	s.Blind = seen.Blind
	text, err := json.Marshal(s)
	fmt.Printf("%s\n", text)
	return errors.Join(err, zombie.cmd.Wait(), in.Close(), own.Wait())
}
