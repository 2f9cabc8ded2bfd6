//go:build linux

package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// An upstartChild is what a process of a job becomes, told to a helper: the test binary,
// in the place of Upstart's own code between fork and exec.
type upstartChild struct {
	Args, Env   []string
	Dir         string
	Umask       int
	Limits      map[int]syscall.Rlimit
	UID, GID    int
	Groups      []int
	ChangesUser bool
}

// upstartShellMarks are the characters of a command that make it one of a shell's.
const upstartShellMarks = "~`!$^&*()=|\\{}[];\"'<>?"

// words are the command line of a process.
func (p *upstartProcess) words() []string {
	switch {
	case p.script:
		return []string{"/bin/sh", "-e", "-c", p.text, "/bin/sh"}
	case strings.ContainsAny(p.text, upstartShellMarks):
		return []string{"/bin/sh", "-e", "-c", "exec " + p.text, "/bin/sh"}
	}
	return strings.Fields(p.text)
}

// child is a process of a job, with the environment of an init and no more.
func (c *upstartConf) child(p *upstartProcess, env []string) (upstartChild, error) {
	dir := c.chdir
	if dir == "" {
		dir = "/"
	}
	child := upstartChild{Args: p.words(), Env: append(slices.Clone(c.env), env...), Dir: dir, Umask: c.umask, Limits: c.limits}
	if c.setuid == "" && c.setgid == "" {
		return child, nil
	}
	err := child.become(c.setuid, c.setgid)
	return child, err
}

// become sets user and groups: those of initgroups(3).
func (child *upstartChild) become(name, group string) error {
	if name == "" {
		name = "root"
	}
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	child.ChangesUser = true
	child.UID, _ = strconv.Atoi(u.Uid)
	child.GID, _ = strconv.Atoi(u.Gid)
	if group != "" {
		g, err := user.LookupGroup(group)
		if err != nil {
			return err
		}
		child.GID, _ = strconv.Atoi(g.Gid)
	}
	child.Groups = []int{child.GID}
	ids, err := u.GroupIds()
	for _, id := range ids {
		n, _ := strconv.Atoi(id)
		child.Groups = append(child.Groups, n)
	}
	slices.Sort(child.Groups)
	child.Groups = slices.Compact(child.Groups)
	return err
}

// start executes the child in a session of its own. It returns when that has been
// executed, or says why it could not be.
func (child *upstartChild) start(out *os.File) (*child, error) {
	told, err := json.Marshal(child)
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	c, err := children.start([]string{"/proc/self/exe", string(told)}, &syscall.ProcAttr{
		Env: testkit.HelperEnv("upstart"), Sys: &syscall.SysProcAttr{Setsid: true},
		Files: []uintptr{null.Fd(), out.Fd(), out.Fd(), w.Fd()},
	})
	w.Close()
	if err != nil {
		return nil, err
	}
	why := make([]byte, 1<<10)
	if n, _ := r.Read(why); n > 0 {
		<-c.done
		return nil, fmt.Errorf("unable to execute: %s", why[:n])
	}
	return c, nil
}

// becomeUpstartChild is the helper's life.
func becomeUpstartChild() error {
	var child upstartChild
	syscall.CloseOnExec(3)
	err := json.Unmarshal([]byte(os.Args[1]), &child)
	if err == nil {
		err = child.exec()
	}
	fmt.Fprint(os.NewFile(3, "pipe"), err)
	return err
}

// exec does all that Upstart does, in its order.
func (child *upstartChild) exec() error {
	for which, limit := range child.Limits {
		if err := syscall.Setrlimit(which, &limit); err != nil {
			return err
		}
	}
	syscall.Umask(child.Umask)
	if err := os.Chdir(child.Dir); err != nil {
		return err
	}
	if child.ChangesUser {
		for _, err := range []error{syscall.Setgroups(child.Groups), syscall.Setgid(child.GID), syscall.Setuid(child.UID)} {
			if err != nil {
				return err
			}
		}
	}
	os.Clearenv()
	for _, v := range child.Env {
		key, value, _ := strings.Cut(v, "=")
		os.Setenv(key, value)
	}
	path, err := exec.LookPath(child.Args[0])
	if err != nil {
		return err
	}
	return syscall.Exec(path, child.Args, child.Env)
}

// openPTY makes a pseudo-terminal, which is nobody's controlling one.
func openPTY() (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err == nil {
		var n int
		if n, err = unix.IoctlGetInt(fd, unix.TIOCGPTN); err == nil {
			slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
		}
	}
	if err != nil {
		unix.Close(fd)
		return nil, nil, err
	}
	return os.NewFile(uintptr(fd), "ptmx"), slave, nil
}
