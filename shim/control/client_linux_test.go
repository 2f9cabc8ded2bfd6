package control

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

func TestNoServer(t *testing.T) {
	lock := lockIn(t)
	_, err := Call(lock, Request{Verb: Status}, nil)
	is(t, "no socket", err, ErrNoServer, syscall.ENOENT)
	_, err = Call(lock+"/missing/web.lock", Request{Verb: Status}, nil)
	is(t, "no directory", err, ErrNoServer)
	do(t, os.WriteFile(Path(lock), nil, 0o644))
	_, err = Call(lock, Request{Verb: Status}, nil)
	is(t, "no socket, but a file", err, ErrNoServer, syscall.ECONNREFUSED)
}

// other listens on the socket of a lockfile in the manner of another program.
func other(t *testing.T, lock, network string) *net.UnixListener {
	t.Helper()
	l, err := net.ListenUnix(network, &net.UnixAddr{Name: Path(lock), Net: network})
	do(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

// An application's own socket may be called the same.
func TestOtherPrograms(t *testing.T) {
	for name, answer := range map[string]string{
		"HTTP":         "HTTP/1.1 400 Bad Request\r\n\r\n",
		"other JSON":   `{"error":"no such thing"}` + "\n",
		"a line of it": "[1]\n",
	} {
		lock := lockIn(t)
		l := other(t, lock, "unix")
		go func() {
			c, err := l.Accept()
			if err == nil {
				io.ReadAtLeast(c, make([]byte, 100), 1)
				io.WriteString(c, answer)
				c.Close()
			}
		}()
		_, err := call(lock, Request{Verb: Upgrade}, nil, ages)
		is(t, name, err, ErrNoServer)
	}
	lock := lockIn(t)
	other(t, lock, "unixpacket")
	_, err := call(lock, Request{Verb: Status}, nil, ages)
	is(t, "another type of socket", err, ErrNoServer, syscall.EPROTOTYPE)
}

func TestAServerThatSaysNothing(t *testing.T) {
	lock := lockIn(t)
	listen(t, lock)
	for verb, atOnce := range answersAtOnce {
		if atOnce {
			_, err := call(lock, Request{Verb: verb}, nil, 10*time.Millisecond)
			is(t, verb, err, ErrNoServer, os.ErrDeadlineExceeded)
		}
	}
}

func TestAServerWhoseBacklogIsFull(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	do(t, s.raw.Control(func(fd uintptr) { do(t, unix.Listen(int(fd), 0)) }))
	raw(t, lock)
	_, err := call(lock, Request{Verb: Stop}, nil, 10*time.Millisecond)
	is(t, "Call", err, ErrNoServer, os.ErrDeadlineExceeded)
}

// A shim that dies in the middle leaves the client without an answer, at once.
func TestAServerThatIsKilled(t *testing.T) {
	lock := lockIn(t)
	h := start(t, nil)
	h.ask("serving", "serve", lock)
	lost := make(chan error)
	go func() {
		_, err := Call(lock, Request{Verb: Stop}, nil)
		lost <- err
	}()
	h.Expect("asked to stop")
	h.Kill()
	is(t, "Call", <-lost, ErrLost)
}

// A shim of another user is believed when the lockfile is that user's.
func TestAServerOfAnotherUser(t *testing.T) {
	lock := lockIn(t)
	h := startAsNobody(t)
	do(t, os.Chmod(filepath.Dir(lock), 0o777))
	h.ask("serving", "serve", lock)
	_, err := Call(lock, Request{Verb: Status}, nil)
	is(t, "root's lockfile", err, ErrNoServer)
	do(t, os.Chown(lock, testkit.Nobody, -1))
	asks(t, lock, Request{Verb: Status}, `"status"`)
	h.ask(`"status"`, "call", lock, Status)
	do(t, os.Remove(lock))
	_, err = Call(lock, Request{Verb: Status}, nil)
	is(t, "no lockfile", err, ErrNoServer)
}

// Another user is refused by the mode of the file, and where that does not
// hold, by the server.
func TestAClientOfAnotherUser(t *testing.T) {
	h := startAsNobody(t)
	lock := lockIn(t)
	s := listen(t, lock)
	serve(t, s, func(r *Request) {
		if r.Peer().UID != os.Geteuid() {
			t.Errorf("uid %d was let in", r.Peer().UID)
		}
		r.Reply(r.Verb)
	})
	h.ask("error: refused EACCES", "call", lock, Stop)
	do(t, os.Chmod(Path(lock), 0o666))
	h.ask("error: refused", "call", lock, Stop)
	asks(t, lock, Request{Verb: Status}, `"status"`)
}

// A server that runs out of descriptors serves again when it has some.
func TestNoDescriptorsLeft(t *testing.T) {
	lock := lockIn(t)
	h := start(t, nil)
	h.ask("serving", "serve", lock)
	asks(t, lock, Request{Verb: Status}, `"status"`) // all that is opened once is open
	h.ask("ok", "limit", 2)
	var clients []*client
	for range 20 {
		clients = append(clients, raw(t, lock))
	}
	for _, c := range clients {
		do(t, c.Close())
	}
	asks(t, lock, Request{Verb: Status}, `"status"`)
}
