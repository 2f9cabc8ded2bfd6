package control

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	do(t, err)
	return n
}

func TestPath(t *testing.T) {
	for lock, want := range map[string]string{
		"/run/lockshim/web.lock":      "/run/lockshim/web.control",
		"/srv/app/unicorn.pid.lock":   "/srv/app/unicorn.pid.control",
		"/srv/app/lockfile":           "/srv/app/lockfile.control",
		"web.lock.old":                "web.lock.old.control",
		"/srv/web.lock/web.lock.lock": "/srv/web.lock/web.lock.control",
	} {
		if got := Path(lock); got != want {
			t.Errorf("Path(%q) = %q, want %q", lock, got, want)
		}
	}
}

// mode is a file's mode as ls(1) shows it.
func mode(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Lstat(path)
	do(t, err)
	return info.Mode().String()
}

// Nobody else may connect, whatever the umask.
func TestModeAndUmask(t *testing.T) {
	lock := lockIn(t)
	for _, mask := range []string{"000", "022", "077", "777"} {
		h := start(t, nil)
		h.ask("ok", "umask", mask)
		h.ask("serving", "serve", lock)
		if got := mode(t, Path(lock)); got != "Srw-------" {
			t.Errorf("umask %s: the socket is %s, want Srw-------", mask, got)
		}
		asks(t, lock, Request{Verb: Status}, `"status"`)
		h.Kill()
	}
}

func TestAStaleSocket(t *testing.T) {
	lock := lockIn(t)
	h := start(t, nil)
	h.ask("serving", "serve", lock)
	h.Kill()
	mode(t, Path(lock)) // it is still there
	_, err := Call(lock, Request{Verb: Stop}, nil)
	is(t, "Call", err, ErrNoServer, syscall.ECONNREFUSED)
	s := listen(t, lock)
	serve(t, s, func(r *Request) { r.Reply(r.Verb) })
	asks(t, lock, Request{Verb: Status}, `"status"`)
}

// A socket on which somebody listens is not ours to take: an application's own
// may be called the same.
func TestALiveSocketInTheWay(t *testing.T) {
	lock := lockIn(t)
	h := start(t, nil)
	h.ask("serving", "serve", lock)
	_, err := Listen(lock)
	is(t, "Listen", err, ErrInTheWay)
	asks(t, lock, Request{Verb: Status}, `"status"`)
}

// What is no socket is never removed.
func TestFilesInTheWay(t *testing.T) {
	for what, put := range map[string]func(path string) error{
		"-": func(path string) error { return os.WriteFile(path, []byte("text"), 0o644) },
		"d": func(path string) error { return os.Mkdir(path, 0o755) },
		"L": func(path string) error { return os.Symlink("/nonexistent", path) },
		"l": func(path string) error { return os.Symlink("web.lock", path) },
		"p": func(path string) error { return syscall.Mkfifo(path, 0o644) },
	} {
		lock := lockIn(t)
		do(t, put(Path(lock)))
		before := sockets(t)
		_, err := Listen(lock)
		is(t, "Listen", err, ErrInTheWay)
		if got := mode(t, Path(lock)); !strings.HasPrefix(strings.ToUpper(got), strings.ToUpper(what)) {
			t.Errorf("the file of type %s is %s now", what, got)
		}
		if after := sockets(t); after != before {
			t.Errorf("%d sockets are open, %d were", after, before)
		}
	}
}

func TestLongPaths(t *testing.T) {
	for _, length := range []int{100, 107, 108, 109, 200, 4000, 4090} {
		dir := t.TempDir()
		for len(dir) < length-len("/web.lock") {
			dir += "/" + strings.Repeat("d", min(200, length-len("/web.lock")-len(dir)-1))
		}
		do(t, os.MkdirAll(dir, 0o755))
		lock := lockFile(t, dir+"/web.lock")
		s := listen(t, lock)
		asksAlone(t, s, lock)
		do(t, s.Close())
		if _, err := os.Lstat(Path(lock)); !os.IsNotExist(err) {
			t.Errorf("%d bytes: the socket is still there (%v)", len(lock), err)
		}
	}
}

// asksAlone serves for one call.
func asksAlone(t *testing.T, s *Server, lock string) {
	t.Helper()
	ended := make(chan error)
	go func() { ended <- s.Serve(func(r *Request) { r.Reply(len(lock)) }) }()
	asks(t, lock, Request{Verb: Status}, strconv.Itoa(len(lock)))
	do(t, s.Close())
	do(t, <-ended)
}

func TestRelativePaths(t *testing.T) {
	t.Chdir(t.TempDir())
	do(t, os.Mkdir("d", 0o755))
	for _, lock := range []string{"web.lock", "./web", "d/web.lock", "@web.lock", "d/../web.lock", strings.Repeat("./", 100) + "web.lock"} {
		s := listen(t, lockFile(t, lock))
		asksAlone(t, s, lock)
	}
}

func TestPathsThatNoSocketCanHave(t *testing.T) {
	dir := t.TempDir()
	for _, lock := range []string{dir + "/" + strings.Repeat("n", 100), dir + "/" + strings.Repeat("n", 300), strings.Repeat("/d", 3000)} {
		_, err := Listen(lock)
		is(t, "Listen", err, ErrTooLong)
		_, err = Call(lock, Request{Verb: Status}, nil)
		is(t, "Call", err, ErrTooLong, ErrNoServer)
	}
}

func TestDirectoriesThatTakeNoSocket(t *testing.T) {
	_, err := Listen(filepath.Join(t.TempDir(), "missing", "web.lock"))
	is(t, "Listen in a missing directory", err, fs.ErrNotExist)
	lock := lockIn(t)
	_, err = Listen(filepath.Join(lock, "web.lock"))
	is(t, "Listen below a file", err, syscall.ENOTDIR)
	startAsNobody(t).ask("error: EACCES", "serve", lock)
}

// mounting starts a helper that may mount without anybody else seeing it.
func mounting(t *testing.T) (h *helper, dir string) {
	t.Helper()
	testkit.NeedRoot(t)
	h = start(t, &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS})
	return h, t.TempDir()
}

func TestReadOnlyFilesystem(t *testing.T) {
	h, dir := mounting(t)
	h.ask("ok", "mount", dir, "mode=755")
	h.ask("ok", "read-only", dir)
	h.ask("error: EROFS", "serve", dir+"/web.lock")
}

func TestFullFilesystem(t *testing.T) {
	h, dir := mounting(t)
	h.ask("ok", "mount", dir, "mode=755,nr_inodes=1")
	h.ask("error: ENOSPC", "serve", dir+"/web.lock")
	h.ask("entries", "ls", dir)
}
