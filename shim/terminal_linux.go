package shim

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// suspend does what a shell's user expects of Ctrl-Z. The server has a
// foreground process group of its own, so that the terminal's signals reach it
// once; when it stops, nobody but the shim knows. The shim takes the terminal
// back, stops with its own group, and passes on what continues it.
func suspend(group int) error {
	own := unix.Getpgrp()
	if err := foreground(own); err != nil {
		return err
	}
	if err := unix.Kill(0, unix.SIGSTOP); err != nil {
		return err
	}
	// Here somebody has continued the shim: in the foreground, or not.
	if holder, err := unix.IoctlGetInt(0, unix.TIOCGPGRP); err == nil && holder == own {
		if err := foreground(group); err != nil {
			return err
		}
	}
	return unix.Kill(-group, unix.SIGCONT)
}

// foreground makes group the terminal's foreground process group. A process in
// the background that does so would be stopped by SIGTTOU, unless it blocks it
// (tcsetpgrp(3)).
func foreground(group int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var block, before unix.Sigset_t
	block.Val[0] = 1 << (unix.SIGTTOU - 1)
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &block, &before); err != nil {
		return err
	}
	err := unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, group)
	if restoreErr := unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil); err == nil {
		err = restoreErr
	}
	return err
}
