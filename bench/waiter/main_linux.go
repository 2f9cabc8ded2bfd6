// Waiter is what a bare Go program costs that waits for the end of a server: the
// same as bench/c/waiter.c.
//
//	waiter LOCKFILE COMMAND [ARG...]
package main

import (
	"os"
	"syscall"
)

func main() {
	if len(os.Args) < 3 {
		os.Exit(64)
	}
	shared, err := syscall.Open(os.Args[1], syscall.O_RDWR|syscall.O_CREAT|syscall.O_CLOEXEC, 0o640)
	check(err)
	own, err := syscall.Open(os.Args[1], syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	check(err)
	check(syscall.Flock(shared, syscall.LOCK_SH))
	pid, err := syscall.ForkExec(os.Args[2], os.Args[2:], &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, 1, 2, uintptr(shared)},
	})
	check(err)
	check(syscall.Close(shared))
	check(syscall.Flock(own, syscall.LOCK_EX))
	var status syscall.WaitStatus
	_, err = syscall.Wait4(pid, &status, 0, nil)
	check(err)
	if status.Signaled() {
		os.Exit(128 + int(status.Signal()))
	}
	os.Exit(status.ExitStatus())
}

func check(err error) {
	if err != nil {
		os.Exit(71)
	}
}
