package proc

import (
	"bufio"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// grandchild starts a process whose parent, a shell, waits for it.
func grandchild(t *testing.T, script string) (Process, *exec.Cmd) {
	t.Helper()
	shell := exec.Command("sh", "-c", script+` & echo $!; wait $!; echo done; read line`)
	in, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = shell.Wait()
	})
	p, err := Find(pid)
	if err != nil {
		t.Fatal(err)
	}
	return p, shell
}

// TestStatusOfSomebodyElsesChild: the kernel tells how it ended, once its parent
// has waited for it.
func TestStatusOfSomebodyElsesChild(t *testing.T) {
	if !kernelTellsExits(t) {
		t.Skip("needs Linux 6.15")
	}
	p, _ := grandchild(t, "sleep 1000")
	h, err := Open(p.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := h.Wait(); err != nil {
		t.Fatal(err)
	}
	status, ok := h.Status(60_000)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Errorf("status %v, known %v", status, ok)
	}
	if err := h.Signal(syscall.SIGTERM); !errors.Is(err, ErrGone) {
		t.Errorf("a signal to nobody: %v", err)
	}
	if _, err := Open(p.ID); !errors.Is(err, ErrGone) {
		t.Errorf("a handle on nobody: %v", err)
	}
}

// kernelTellsExits reports whether the kernel is 6.15 or later.
func kernelTellsExits(t *testing.T) bool {
	t.Helper()
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitN(unix.ByteSliceToString(name.Release[:]), ".", 3)
	major, _ := strconv.Atoi(parts[0])
	minor, _ := strconv.Atoi(parts[1])
	return major > 6 || major == 6 && minor >= 15
}

// TestStatusIsPatient: nobody has waited for the process yet, so nobody knows.
func TestStatusIsPatient(t *testing.T) {
	cmd := exec.Command("sh", "-c", "exit 3")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p, err := Find(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	h, err := Open(p.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.Wait(); err != nil {
		t.Fatal(err)
	}
	if status, ok := h.Status(1); ok {
		t.Errorf("status %v of a zombie", status)
	}
	if zombie, err := Find(p.PID); err != nil || !zombie.Zombie() {
		t.Errorf("no zombie: %+v, %v", zombie, err)
	}
	_ = cmd.Wait()
	if status, ok := h.Status(60_000); kernelTellsExits(t) && (!ok || status.ExitStatus() != 3) {
		t.Errorf("status %v, known %v", status, ok)
	}
}

// TestAnotherProcessIsNotSignalled: the pid is right, the process is not.
func TestAnotherProcessIsNotSignalled(t *testing.T) {
	p, _ := grandchild(t, "sleep 1000")
	other := ID{PID: p.PID, Start: p.ID.Start - 1}
	if err := Signal(other, syscall.SIGKILL); !errors.Is(err, ErrGone) {
		t.Errorf("signalled another: %v", err)
	}
	if now, err := Find(p.PID); err != nil || now.Zombie() {
		t.Errorf("it was hit: %+v, %v", now, err)
	}
	if err := Signal(p.ID, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}
