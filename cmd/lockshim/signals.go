package main

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

// A listener asks for the signals that the shim acts on. Each one costs some
// 20 µs, and a server should not wait for forty: the rare ones follow when it has
// been launched. Until then the Go runtime swallows them (os/signal, "Default
// behavior of signals in Go programs").
type listener struct {
	signals chan os.Signal
	later   []os.Signal
}

// listen leaves out a signal that was ignored at the start, as nohup(1) wants
// it. (Go can tell that of HUP and INT only.) What is listened to is at its default in
// the server.
func listen(terminal bool) *listener {
	l := &listener{signals: make(chan os.Signal, 64)} // a burst of signals while the machine is at work
	var now []os.Signal
	for _, sig := range profile.Signals() {
		switch {
		case signal.Ignored(sig) && !pointless(sig), terminal && theTerminals(sig):
		case common(sig):
			now = append(now, sig)
		default:
			l.later = append(l.later, sig)
		}
	}
	signal.Notify(l.signals, now...)
	return l
}

// pointless reports a signal that a shell's & has ignored for nothing: it keeps Ctrl-C
// from what runs in the background (POSIX, Shell Command Language, 2.11), and here is
// no terminal that could send it. A server would be deaf to a quick stop.
func pointless(sig os.Signal) bool {
	if sig != syscall.SIGINT {
		return false
	}
	fd, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err == unix.ENXIO
}

// theTerminals reports a signal that the terminal sends, on one. WINCH and TSTP
// reach the server by themselves. TTIN and TTOU tell the shim that it is in the
// background, and would make Unicorn change its number of workers.
func theTerminals(sig syscall.Signal) bool {
	switch sig {
	case syscall.SIGWINCH, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU:
		return true
	}
	return false
}

// common reports a signal that somebody may send as soon as the server is up.
func common(sig syscall.Signal) bool {
	switch sig {
	case syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2,
		syscall.SIGWINCH, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGTSTP, syscall.SIGCONT:
		return true
	}
	return false
}

// heard looks for the event that says that there is a server.
func (l *listener) heard(e event.Event) {
	switch e.Kind {
	case event.Launched, event.Adopted, event.Stopping:
		if l.later != nil {
			signal.Notify(l.signals, l.later...)
			l.later = nil
		}
	}
}

// onTerminal reports whether a descriptor is a terminal.
func onTerminal(fd int) bool {
	_, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err == nil || err == unix.EPERM
}

// atTerminal reports whether standard input is this process's terminal, and
// whether this process is in its foreground.
func atTerminal() (terminal, foreground bool) {
	group, err := unix.IoctlGetInt(unix.Stdin, unix.TIOCGPGRP)
	return err == nil, err == nil && group == unix.Getpgrp()
}
