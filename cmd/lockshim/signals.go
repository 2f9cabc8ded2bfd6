package main

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/profile"
)

// subscribe asks for every signal that the shim acts on, and tells whether this
// process leads a terminal.
//
// A signal that was ignored at the start stays ignored, as nohup(1) wants it.
// (Go can tell that of HUP and INT only.) On a terminal WINCH and TSTP are the
// terminal's and reach the server by themselves.
func subscribe() (signals <-chan os.Signal, terminal bool) {
	group, err := unix.IoctlGetInt(unix.Stdin, unix.TIOCGPGRP)
	attached := err == nil
	var wanted []os.Signal
	for _, sig := range profile.Signals() {
		if !signal.Ignored(sig) && !(attached && (sig == syscall.SIGWINCH || sig == syscall.SIGTSTP)) {
			wanted = append(wanted, sig)
		}
	}
	ch := make(chan os.Signal, 64) // a burst of signals while the machine is at work
	signal.Notify(ch, wanted...)   // in one call: each one costs
	return ch, attached && group == unix.Getpgrp()
}
