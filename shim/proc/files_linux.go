package proc

import (
	"slices"

	"golang.org/x/sys/unix"
)

// eachName calls visit for every entry of a directory, with a descriptor of it.
// buf takes the entries; it belongs to eachName until it returns.
func eachName(path string, buf []byte, visit func(dir int, name string)) error {
	dir, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	var names []string
	for {
		n, err := unix.ReadDirent(dir, buf)
		if err != nil || n <= 0 {
			return err
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names[:0])
		for _, name := range names {
			visit(dir, name)
		}
	}
}

// readInto reads a short file below dir into buf, in one read.
func readInto(buf []byte, dir int, name string) ([]byte, error) {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, buf)
	return buf[:max(n, 0)], err
}

// readAll reads a file of any length, into buf where it fits.
func readAll(buf []byte, name string) ([]byte, error) {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n := 0
	for {
		if n == len(buf) {
			buf = append(slices.Clip(buf), make([]byte, len(buf))...)
		}
		got, err := unix.Read(fd, buf[n:])
		if err != nil || got == 0 {
			return buf[:n], err
		}
		n += got
	}
}
