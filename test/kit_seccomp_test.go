//go:build linux

package test

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A filter decides about system calls (seccomp(2)). It sees struct seccomp_data:
// the number, and the arguments from byte 16 on.
type filter []unix.SockFilter

// filters are what a program can be forbidden, by the name of the helper that
// executes it.
var filters = map[string]filter{
	// prctl(2) makes no subreaper: it is ENOSYS.
	"no-subreaper": {
		load(0), unless(unix.SYS_PRCTL, 3),
		load(16), unless(unix.PR_SET_CHILD_SUBREAPER, 1),
		fails(unix.ENOSYS),
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	},
	// clone(2) makes threads, and no processes: that is EAGAIN. (Go forks by it, and
	// the C library makes threads by clone3.)
	"no-fork": {
		load(0), unless(unix.SYS_CLONE, 3),
		load(16), {Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: unix.CLONE_THREAD, Jt: 1},
		fails(unix.EAGAIN),
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	},
}

func load(at uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
}

func unless(k uint32, skip uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jf: skip}
}

func fails(e unix.Errno) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(e)}
}

// execute is a helper's life: it installs the filter, and executes its arguments.
func (f filter) execute() error {
	runtime.LockOSThread()
	program := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return err
	}
	return syscall.Exec(os.Args[1], os.Args[1:], os.Environ())
}
