package flock

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// mine is the Create of a caller that does not care.
var mine = &Create{UID: -1, GID: -1}

// open opens path for the length of the test.
func open(t *testing.T, path string, create *Create) *File {
	t.Helper()
	f, err := Open(path, create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// lockfile is the path of a fresh lockfile.
func lockfile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.lock")
	open(t, path, mine)
	return path
}

// do fails the test at once for an error.
var do = testkit.Must

// refuses checks that Open fails both ways, is want, and says word.
func refuses(t *testing.T, path string, want error, word string) {
	t.Helper()
	for _, create := range []*Create{nil, mine} {
		f, err := Open(path, create)
		if err == nil {
			f.Close()
			t.Errorf("Open(%s) succeeded, want %v", path, want)
			continue
		}
		if !errors.Is(err, want) || !strings.Contains(err.Error(), word) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %q, want %q with the path and %q", err, want, word)
		}
	}
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	do(t, os.Mkdir(in("dir"), 0o755))
	do(t, os.WriteFile(in("file"), nil, 0o640))
	do(t, os.Symlink("file", in("link")))
	do(t, os.Symlink("nowhere", in("dangling")))
	do(t, unix.Mkfifo(in("fifo"), 0o640))
	s, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	do(t, err)
	defer unix.Close(s)
	do(t, unix.Bind(s, &unix.SockaddrUnix{Name: in("socket")}))

	for _, c := range []struct{ path, word string }{
		{in("dir"), "directory"}, {in("dir") + "/", "directory"}, {in("dir") + "/.", "directory"}, {in("dir") + "/..", "directory"},
		{in("link"), "symbolic link"}, {in("dangling"), "symbolic link"},
		{in("fifo"), "FIFO"}, {in("socket"), "socket"}, {"/dev/null", "device"},
	} {
		refuses(t, c.path, ErrNotRegular, c.word)
	}
	if _, err := os.Lstat(in("nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the target of a dangling link: %v, want it not to exist", err)
	}
}

func TestOpenRefusesWhatOthersMayWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "web.lock")
	do(t, os.WriteFile(path, nil, 0o600))

	do(t, os.Chmod(path, 0o666))
	refuses(t, path, ErrUnsafe, "0666")
	do(t, os.Chmod(path, 0o602))
	refuses(t, path, ErrUnsafe, "0602")

	do(t, os.Chmod(path, 0o660))
	do(t, os.Chmod(dir, 0o777))
	refuses(t, path, ErrUnsafe, "0777")
	refuses(t, filepath.Join(dir, "missing.lock"), ErrUnsafe, "0777")
	if _, err := os.Lstat(filepath.Join(dir, "missing.lock")); err == nil {
		t.Error("a file was made in a directory that others may write")
	}

	do(t, os.Chmod(dir, 0o777|fs.ModeSticky))
	open(t, path, mine)
	do(t, os.Chmod(dir, 0o775))
	open(t, path, mine)
}

func TestOpenRefusesAModeForOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.lock")
	_, err := Open(path, &Create{Mode: 0o646, UID: -1, GID: -1})
	if !errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), "0646") {
		t.Errorf("got %v, want ErrUnsafe with the mode", err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the file was made")
	}
}

func TestOpenMissing(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "web.lock"), filepath.Join(dir, "no", "web.lock")} {
		if _, err := Open(path, nil); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrCreate) {
			t.Errorf("Open(%s, nil): %v, want fs.ErrNotExist alone", path, err)
		}
	}
	_, err := Open(filepath.Join(dir, "no", "web.lock"), mine)
	if !errors.Is(err, ErrCreate) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "directory is missing") {
		t.Errorf("in a missing directory: %v, want ErrCreate and fs.ErrNotExist", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "no")); err == nil {
		t.Error("the directory was made")
	}
	if _, err := Open("", mine); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("Open of nothing: %v, want EINVAL", err)
	}
	if _, err := Open(dir+"/a\x00b", mine); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("Open of a NUL: %v, want EINVAL", err)
	}
}

// A path of 4,000 bytes is an ordinary path; beyond PATH_MAX and NAME_MAX the
// error is the system's.
func TestOpenLongPaths(t *testing.T) {
	dir := t.TempDir()
	for len(dir)+250 < 4000 {
		dir += "/" + strings.Repeat("d", 200)
	}
	do(t, os.MkdirAll(dir, 0o755))
	path := dir + "/" + strings.Repeat("f", 4000-len(dir)-1)
	f := open(t, path, mine)
	if same, err := f.Named(); !same || err != nil {
		t.Errorf("Named: %v, %v", same, err)
	}
	again, err := f.Reopen()
	do(t, err)
	do(t, f.Share())
	if ok, err := again.TryWait(); ok || err != nil {
		t.Errorf("TryWait beside the shared lock: %v, %v", ok, err)
	}
	do(t, again.Close())

	for _, long := range []string{path + "/" + strings.Repeat("f", 100), filepath.Join(t.TempDir(), strings.Repeat("f", 256))} {
		if _, err := Open(long, mine); !errors.Is(err, unix.ENAMETOOLONG) && !errors.Is(err, unix.ENOTDIR) {
			t.Errorf("%d bytes: %v", len(long), err)
		}
	}
	if _, err := Open("/"+strings.Repeat("d/", 2100)+"f", mine); !errors.Is(err, unix.ENAMETOOLONG) {
		t.Errorf("beyond PATH_MAX: %v, want ENAMETOOLONG", err)
	}
}

func TestOpenRelative(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	f := open(t, "web.lock", mine)
	t.Chdir("/")
	if want := dir + "/web.lock"; f.Path() != want {
		t.Errorf("Path is %s, want %s", f.Path(), want)
	}
	if same, err := f.Named(); !same || err != nil {
		t.Errorf("Named in another working directory: %v, %v", same, err)
	}
}

func TestOpenSetsCloseOnExec(t *testing.T) {
	f := open(t, lockfile(t), nil)
	if flags, err := unix.FcntlInt(uintptr(f.Fd()), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("descriptor flags %d, %v", flags, err)
	}
	do(t, f.Close())
	if f.Fd() != -1 {
		t.Errorf("Fd after Close is %d", f.Fd())
	}
}
