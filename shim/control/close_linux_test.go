package control

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// exists tells whether something has that name.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestCloseRemovesTheSocket(t *testing.T) {
	lock, s := service(t)
	do(t, s.Close())
	if exists(Path(lock)) {
		t.Error("the socket is still there")
	}
	do(t, s.Close())
	_, err := Call(lock, Request{Verb: Status}, nil)
	is(t, "Call", err, ErrNoServer)
}

func TestCloseLeavesWhatIsNotOurs(t *testing.T) {
	lock, s := service(t)
	do(t, os.Remove(Path(lock)))
	other := listen(t, lock)
	do(t, s.Close())
	if !exists(Path(lock)) {
		t.Error("another server's socket was removed")
	}
	do(t, other.Close())
	do(t, os.WriteFile(Path(lock), nil, 0o644))
	third := listen(t, lockFile(t, lock+".third.lock"))
	do(t, os.Remove(Path(lock+".third.lock")))
	do(t, os.Rename(Path(lock), Path(lock+".third.lock")))
	do(t, third.Close())
	if !exists(Path(lock + ".third.lock")) {
		t.Error("a file that was put in place of the socket was removed")
	}
}

func TestCloseAfterTheSocketWasRemoved(t *testing.T) {
	lock, s := service(t)
	do(t, os.Remove(Path(lock)))
	do(t, s.Close())
}

// The directory is the one that it was, by whatever name.
func TestCloseAfterTheDirectoryWasRenamed(t *testing.T) {
	lock, s := service(t)
	dir := filepath.Dir(lock)
	do(t, os.Rename(dir, dir+".old"))
	do(t, os.Mkdir(dir, 0o755))
	do(t, os.WriteFile(Path(lock), nil, 0o644))
	do(t, s.Close())
	if exists(filepath.Join(dir+".old", filepath.Base(Path(lock)))) || !exists(Path(lock)) {
		t.Error("Close took the file at the path, not its own")
	}
}

// Whoever waits in the backlog at the end is told so, and knows that nobody has
// read the request.
func TestCloseBeforeServe(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	c, err := dial(lock, ages)
	do(t, err)
	defer c.close()
	line, err := encode(Request{Verb: Upgrade})
	do(t, err)
	do(t, c.ask(line))
	do(t, s.Close())
	_, err = receive(json.NewDecoder(c), nil)
	is(t, "the answer", err, ErrNoServer)
	do(t, s.Serve(nil))
}

// A request that was under way at Close still has its answer.
func TestCloseThenReply(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	serve(t, s, func(r *Request) {
		good(t, s.Close())
		good(t, r.Progress("closing"))
		good(t, r.Reply("stopped"))
	})
	asks(t, lock, Request{Verb: Stop}, `"stopped"`)
}

// A request that is read after Close is refused, not forgotten.
func TestRequestAfterClose(t *testing.T) {
	lock, s := service(t)
	var first, second *client
	first, second = raw(t, lock), raw(t, lock)
	asks(t, lock, Request{Verb: Status}, `"status"`) // both are accepted: the backlog is a queue
	do(t, s.Close())
	first.send(`{"verb":"stop"}` + "\n")
	if r := first.response(); r.Error == nil || r.Error.Code != CodeClosing {
		t.Errorf("answer %+v, want the code %q", r, CodeClosing)
	}
	do(t, second.Close())
}
