package control

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lockshim/lockshim/internal/testkit"
)

// ages is longer than any test.
const ages = time.Hour

// do fails the test at once for an error, is for one that is not what it names.
var do, is = testkit.Must, testkit.Is

// good fails the test for an error, from any goroutine.
func good(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// lockIn is the path of a lockfile in a directory that everybody may enter.
func lockIn(t *testing.T) string {
	t.Helper()
	return lockFile(t, filepath.Join(testkit.OpenDir(t), "web.lock"))
}

// lockFile makes a lockfile.
func lockFile(t *testing.T, path string) string {
	t.Helper()
	do(t, os.WriteFile(path, nil, 0o640))
	return path
}

// listen makes a server that waits for clients as long as it takes, before
// anybody is served. When the test is over it makes sure that nothing is left.
func listen(t *testing.T, lock string) *Server {
	t.Helper()
	before := sockets(t)
	s, err := Listen(lock)
	do(t, err)
	s.wait = ages
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if after := sockets(t); after > before {
			t.Errorf("%d sockets are open, %d were", after, before)
		}
	})
	return s
}

// serve serves in a goroutine, and makes sure that Serve ends well, and that
// no goroutine of the package is left then.
func serve(t *testing.T, s *Server, handle func(*Request)) {
	t.Helper()
	ended := make(chan error)
	go func() { ended <- s.Serve(handle) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
		for working() { // it is about to return
			runtime.Gosched()
		}
	})
}

// service is a lockfile whose shim answers with the verb.
func service(t *testing.T) (lock string, s *Server) {
	t.Helper()
	lock = lockIn(t)
	s = listen(t, lock)
	serve(t, s, func(r *Request) { r.Reply(r.Verb) })
	return lock, s
}

// working tells whether a goroutine works for a server.
func working() bool {
	buf := make([]byte, 1<<20)
	stacks := string(buf[:runtime.Stack(buf, true)])
	return strings.Contains(stacks, "control.(*conn).") || strings.Contains(stacks, "control.(*Server).")
}

// sockets counts the sockets that the process has open.
func sockets(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	do(t, err)
	n := 0
	for _, fd := range fds {
		target, _ := os.Readlink("/proc/self/fd/" + fd.Name())
		if strings.HasPrefix(target, "socket:") {
			n++
		}
	}
	return n
}

// A client is a connection without manners.
type client struct {
	*net.UnixConn
	t     *testing.T
	lines *bufio.Reader
}

// raw connects with the shim of a lockfile.
func raw(t *testing.T, lock string) *client {
	t.Helper()
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: Path(lock), Net: "unix"})
	do(t, err)
	t.Cleanup(func() { c.Close() })
	return &client{c, t, bufio.NewReader(c)}
}

// send writes text, all of it unless the server has closed the connection. Any
// goroutine may call it.
func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil && !hasClosed(err) {
		c.t.Error(err)
	}
}

// response reads a line from the server. Any goroutine may call it.
func (c *client) response() response {
	c.t.Helper()
	line, err := c.lines.ReadBytes('\n')
	good(c.t, err)
	var r response
	good(c.t, json.Unmarshal(line, &r))
	return r
}

// isClosed reads the end of the connection.
func (c *client) isClosed() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.lines); len(rest) > 0 || err != nil && !hasClosed(err) {
		c.t.Errorf("the server went on with %q (%v), want an end", rest, err)
	}
}

// asks makes a call that must succeed.
func asks(t *testing.T, lock string, r Request, want string) {
	t.Helper()
	result, err := call(lock, r, nil, ages)
	if err != nil || string(result) != want {
		t.Errorf("%s: %s, %v; want %s", r.Verb, result, err, want)
	}
}
