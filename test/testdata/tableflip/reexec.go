package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/lockshim/lockshim/hooks"
)

// reexec replaces itself on HUP without tableflip: it executes itself in place, or
// starts the next process and goes when that says that it is ready. It listens on
// nothing. The next process has the write end of a pipe as descriptor 3.
func reexec(way string) error {
	if err := hooks.Hold(); err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	if err := hooks.Ready(); err != nil {
		return err
	}
	if os.Getenv("READY_FD") != "" {
		ready := os.NewFile(3, "ready")
		ready.WriteString("ready\n")
		ready.Close()
	}
	say("ready")
	<-signals
	if way == "exec" {
		return hooks.Exec("/proc/self/exe", os.Args, os.Environ())
	}
	return fork()
}

// fork returns when the next process is ready.
func fork() error {
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	files := []uintptr{0, 1, 2, in.Fd()}
	if _, err := syscall.ForkExec("/proc/self/exe", os.Args, &syscall.ProcAttr{Env: append(os.Environ(), "READY_FD=3"), Files: files}); err != nil {
		return err
	}
	in.Close()
	_, err = out.Read(make([]byte, 10))
	return err
}
