package proc

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The names below /proc/PID, each ended by a NUL, as the system takes them: a
// look opens thousands of files, and a copy of each name would be garbage that
// a process at rest keeps.
var (
	nameStat    = []byte("stat\x00")
	nameEnviron = []byte("environ\x00")
	nameCmdline = []byte("cmdline\x00")
	nameExe     = []byte("exe\x00")
	nameFD      = []byte("fd\x00")
	nameProc    = []byte("/proc\x00")
)

// openat opens what name, ended by a NUL, is below dir: openat(2).
func openat(dir int, name []byte, flags int) (int, error) {
	fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(&name[0])),
		uintptr(flags|unix.O_CLOEXEC), 0, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// readlinkat reads the link called name, ended by a NUL, below dir into buf:
// readlinkat(2).
func readlinkat(dir int, name, buf []byte) ([]byte, error) {
	n, _, errno := unix.Syscall6(unix.SYS_READLINKAT, uintptr(dir), uintptr(unsafe.Pointer(&name[0])),
		uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0, 0)
	if errno != 0 {
		return nil, errno
	}
	return buf[:n], nil
}

// read reads the file called name, ended by a NUL, below dir: into buf where it
// fits. The kernel makes these files whole, so that a read which leaves room in
// the buffer was the last.
func read(buf []byte, dir int, name []byte) ([]byte, error) {
	fd, err := openat(dir, name, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n := 0
	for {
		got, err := unix.Read(fd, buf[n:])
		n += max(got, 0)
		if err != nil || n < len(buf) {
			return buf[:n], err
		}
		buf = append(slices.Clip(buf), make([]byte, len(buf))...)
	}
}

// The layout of struct linux_dirent64, getdents64(2).
const (
	direntLength = 16
	direntName   = 19
)

// eachNumber calls visit for every entry of the directory dir that is a number.
// The names end in a NUL and lie in buf, which is eachNumber's until it returns.
func eachNumber(dir int, buf []byte, visit func(name []byte)) error {
	for {
		n, err := unix.ReadDirent(dir, buf)
		if err != nil || n <= 0 {
			return err
		}
		for rest := buf[:n]; len(rest) > direntName; {
			length := binary.NativeEndian.Uint16(rest[direntLength:])
			name := rest[direntName:length]
			if isDigit(name[0]) {
				visit(name[:bytes.IndexByte(name, 0)+1])
			}
			rest = rest[length:]
		}
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
