package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// TestHungFilesystem: a look asks no server. The helper is the server of a FUSE
// filesystem that has stopped answering, with a file of the lockfile's name in it.
func TestHungFilesystem(t *testing.T) {
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("needs /dev/fuse")
	}
	if got := inNamespace(t, "hung"); got != "looked\n" {
		t.Errorf("the helper says %q", got)
	}
}

// helperHung looks at a process with descriptors of a file whose filesystem
// hangs: by the name, and by the far number. That a plain stat would have hung is
// seen by the request that it sends.
func helperHung() error {
	if err := mountProc(""); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "hung")
	if err != nil {
		return err
	}
	defer os.Remove(dir)
	server, err := mountFUSE(dir)
	if err != nil {
		return err
	}
	defer server.file.Close()
	defer unix.Unmount(dir, unix.MNT_DETACH)
	near := grasp{File: filepath.Join(dir, "web.lock"), FD: 207}
	far := grasp{File: filepath.Join(dir, "other"), FD: 1500}
	if err := errors.Join(near.take(), far.take()); err != nil {
		return err
	}
	server.mu.Lock()
	defer server.mu.Unlock() // what waits for an answer gets it, or nobody could end
	before := server.requests.Load()
	looked := make(chan error, 1)
	go func() {
		seen, err := Look(Query{Lock: "/run/web.lock", Files: []FileID{{Dev: 1, Ino: 1}}, Roots: []int{os.Getpid()}, Everyone: true})
		if err == nil && (len(seen.Processes) != 1 || seen.Processes[0].Open) {
			err = fmt.Errorf("seen: %+v", seen.Processes)
		}
		looked <- err
	}()
	if err := server.unasked(before, looked); err != nil {
		return err
	}
	go os.Stat("/proc/self/fd/207")
	for server.requests.Load() == before {
	}
	fmt.Println("looked")
	return nil
}

// unasked waits for the end of a look, or the first request that it sends.
func (s *fuseServer) unasked(before int64, looked chan error) error {
	for {
		select {
		case err := <-looked:
			return err
		default:
			if s.requests.Load() != before {
				return errors.New("the look asked the server")
			}
		}
	}
}

// A fuseServer answers what it takes to open a file, until it hangs.
type fuseServer struct {
	file     *os.File
	requests atomic.Int64
	mu       sync.Mutex // held while it hangs
}

// mountFUSE mounts a filesystem that this process serves: mount(2), fuse(4).
func mountFUSE(dir string) (*fuseServer, error) {
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Mount("hung", dir, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd)); err != nil {
		return nil, fmt.Errorf("cannot mount: %w", err)
	}
	s := &fuseServer{file: os.NewFile(uintptr(fd), "/dev/fuse")}
	go s.serve()
	return s, nil
}

// The opcodes of <linux/fuse.h> that are answered.
const (
	fuseLookup  = 1
	fuseForget  = 2
	fuseGetattr = 3
	fuseOpen    = 14
	fuseRelease = 18
	fuseInit    = 26
)

// serve answers requests until the file is closed.
func (s *fuseServer) serve() {
	request := make([]byte, 1<<20)
	for {
		n, err := s.file.Read(request)
		if err != nil || n < 40 {
			return
		}
		s.requests.Add(1)
		opcode, node := binary.NativeEndian.Uint32(request[4:]), binary.NativeEndian.Uint64(request[16:])
		if opcode == fuseForget {
			continue
		}
		s.mu.Lock()
		s.mu.Unlock() //lint:ignore SA2001 to hang is to wait for it
		body, errno := answer(opcode, node)
		reply := binary.NativeEndian.AppendUint32(nil, uint32(16+len(body)))
		reply = binary.NativeEndian.AppendUint32(reply, uint32(-int32(errno)))
		reply = append(reply, request[8:16]...)
		if _, err := s.file.Write(append(reply, body...)); err != nil {
			return
		}
	}
}

// answer is the body of an answer. Nothing that it says may be remembered: the
// times for which attributes are valid are 0.
func answer(opcode uint32, node uint64) ([]byte, unix.Errno) {
	switch opcode {
	case fuseInit:
		body := make([]byte, 64) // fuse_init_out
		binary.NativeEndian.PutUint32(body, 7)
		binary.NativeEndian.PutUint32(body[4:], 31)
		binary.NativeEndian.PutUint32(body[20:], 4096)
		return body, 0
	case fuseLookup:
		body := make([]byte, 40, 128) // fuse_entry_out
		binary.NativeEndian.PutUint64(body, 2)
		return append(body, fuseAttr(2, unix.S_IFREG|0o644)...), 0
	case fuseGetattr:
		mode := uint32(unix.S_IFREG | 0o644)
		if node == 1 {
			mode = unix.S_IFDIR | 0o755
		}
		return append(make([]byte, 16), fuseAttr(node, mode)...), 0 // fuse_attr_out
	case fuseOpen:
		return make([]byte, 16), 0 // fuse_open_out
	case fuseRelease:
		return nil, 0
	}
	return nil, unix.ENOSYS
}

// fuseAttr is a struct fuse_attr.
func fuseAttr(ino uint64, mode uint32) []byte {
	attr := make([]byte, 88)
	binary.NativeEndian.PutUint64(attr, ino)
	binary.NativeEndian.PutUint32(attr[60:], mode)
	binary.NativeEndian.PutUint32(attr[64:], 1)
	return attr
}
