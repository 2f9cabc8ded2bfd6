//go:build linux

package test

import (
	"io"
	"os"
	"syscall"

	"github.com/lockshim/lockshim/internal/testkit"
)

// guarded is the variable that tells a guard which directory to clean up.
const guarded = "SHIMTEST_GUARD"

// A guard is a process that outlives a test binary which panicked or was
// killed, and ends what that has left.
type guard struct {
	*child
	alive *os.File
}

// startGuard starts the guard of base.
func startGuard() (*guard, error) {
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
	env := append(append(os.Environ(), testkit.HelperEnv("guard")...), guarded+"="+base)
	attr := &syscall.ProcAttr{Env: env, Files: []uintptr{r.Fd(), null.Fd(), null.Fd()}}
	attr.Sys = &syscall.SysProcAttr{Setsid: true} // a signal to the tests' process group is not for it
	c, err := children.start([]string{"/proc/self/exe"}, attr)
	return &guard{c, w}, err
}

// end lets the guard clean up, and waits for it.
func (g *guard) end() {
	g.alive.Close()
	<-g.done
}

// keepGuard is the guard's life: the end of its standard input is that of the
// test binary.
func keepGuard() error {
	dir := os.Getenv(guarded)
	_, _ = io.Copy(io.Discard, os.Stdin)
	endAll(dir + "/")
	return os.RemoveAll(dir)
}
