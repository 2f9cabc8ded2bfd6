//go:build linux

package test

import (
	"bytes"
	"encoding/binary"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// changes are the names of what can happen to a file in a directory.
var changes = map[uint32]string{
	unix.IN_CREATE: "created", unix.IN_MODIFY: "modified", unix.IN_ATTRIB: "attributes",
	unix.IN_MOVED_TO: "moved", unix.IN_MOVED_FROM: "moved away", unix.IN_DELETE: "deleted",
}

// watchFile notes from now on what happens to a file of the service. What it
// returns fails the test unless that was exactly what it is given.
func (s *service) watchFile(name string) (seen func(want ...string)) {
	s.t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	must(s.t, err)
	f := os.NewFile(uintptr(fd), "inotify")
	s.t.Cleanup(func() { f.Close() })
	var mask uint32
	for m := range changes {
		mask |= m
	}
	_, err = unix.InotifyAddWatch(fd, s.dir, mask)
	must(s.t, err)
	return func(want ...string) {
		s.t.Helper()
		buf := make([]byte, 1<<16) // all that can have happened in a test
		n, err := unix.Read(fd, buf)
		must(s.t, err)
		if got := happened(buf[:n], name); !slices.Equal(got, want) {
			s.t.Errorf("%s was %q, want %q", name, got, want)
		}
	}
}

// happened lists what struct inotify_event (inotify(7)) tells of a file.
func happened(events []byte, name string) []string {
	var found []string
	for len(events) >= unix.SizeofInotifyEvent {
		mask := binary.NativeEndian.Uint32(events[4:])
		end := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(events[12:]))
		if string(bytes.TrimRight(events[unix.SizeofInotifyEvent:end], "\x00")) == name {
			found = append(found, changes[mask])
		}
		events = events[end:]
	}
	return found
}
