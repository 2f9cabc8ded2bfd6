package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudoterminal without echo: the user's side and the
// program's (pty(7)).
func terminal(t *testing.T) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("needs /dev/ptmx")
	}
	t.Cleanup(func() { user.Close() })
	fd := int(user.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return user, program
}

// On a terminal the server has a foreground process group of its own, so that
// Ctrl-C reaches it once, and the shim sees its end.
func TestTerminal(t *testing.T) {
	user, program := terminal(t)
	cmd := lockshimCommand(t, t.TempDir(), "run", "--lock", "web", "--",
		"sh", "-c", `read -r stat </proc/$$/stat; echo "stat $stat"; exec cat`)
	cmd.Stdin, cmd.Stdout = program, program
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(user).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(line[strings.LastIndex(line, ")")+1:])
	group, foreground := fields[2], fields[5]
	if group != foreground || group == fmt.Sprint(cmd.Process.Pid) {
		t.Errorf("the server is in group %s, the foreground is %s, the shim is %d", group, foreground, cmd.Process.Pid)
	}
	if _, err := user.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	if got := exitCode(cmd.Wait()); got != "130" {
		t.Errorf("exits with %s", got)
	}
}
