package flock

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// needRoot skips a test that changes owners, users or mounts.
// publicDir is a directory that every user can reach. t.TempDir is not.
func publicDir(t *testing.T, mode fs.FileMode) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "flock")
	do(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	do(t, os.Chmod(dir, mode))
	return dir
}

// otherUID is a uid that is nobody's.
const otherUID = 61234

func TestCreateGivesTheFileToTheOwner(t *testing.T) {
	testkit.NeedRoot(t)
	dir := publicDir(t, 0o755)
	path := filepath.Join(dir, "web.lock")
	open(t, path, &Create{Mode: 0o600, UID: otherUID, GID: -1})
	open(t, path, nil)

	app := start(t, nil)
	app.must("become", otherUID)
	app.must("open", "a", path)
	if got := app.must("guard", "a"); got != "true" {
		t.Errorf("the owner's guard: %s", got)
	}
}

func TestCreateCannotGiveAway(t *testing.T) {
	testkit.NeedRoot(t)
	dir := publicDir(t, 0o755)
	do(t, os.Chown(dir, otherUID, -1))
	app := start(t, nil)
	app.must("become", otherUID)
	app.fails("create+permission+errno1", "create-for-root", "a", filepath.Join(dir, "web.lock"))
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func init() {
	commands["create-for-root"] = func(a []string) (string, error) { return openAs(a, &Create{UID: 0, GID: -1}) }
}

// Where everybody may make files, the owner decides.
func TestStickyDirectory(t *testing.T) {
	testkit.NeedRoot(t)
	dir := publicDir(t, 0o777|fs.ModeSticky)
	planted, own := filepath.Join(dir, "planted.lock"), filepath.Join(dir, "own.lock")
	do(t, os.WriteFile(planted, nil, 0o644))
	do(t, os.Chown(planted, otherUID, -1))

	refuses(t, planted, ErrUnsafe, "uid 61234")
	open(t, planted, &Create{UID: otherUID, GID: -1})
	open(t, own, mine)

	app := start(t, nil)
	app.must("become", otherUID)
	app.must("open", "a", planted)
	do(t, os.Chmod(own, 0o644))
	app.must("open", "b", own)
	do(t, os.Chown(own, otherUID+1, -1))
	app.fails("unsafe", "open", "b", own)
}

// In a directory of its user root trusts a lockfile of any owner.
func TestOwnersDirectory(t *testing.T) {
	testkit.NeedRoot(t)
	dir := publicDir(t, 0o755)
	path := filepath.Join(dir, "web.lock")
	do(t, os.WriteFile(path, nil, 0o640))
	do(t, os.Chown(dir, otherUID, -1))
	do(t, os.Chown(path, otherUID+1, -1))
	open(t, path, mine)
}

func TestOpenWithoutPermission(t *testing.T) {
	testkit.NeedRoot(t)
	dir := publicDir(t, 0o755)
	path := filepath.Join(dir, "web.lock")
	open(t, path, mine)
	app := start(t, nil)
	app.must("become", otherUID)
	app.fails("permission+errno13", "open", "a", path)
	app.fails("permission+errno13", "create", "a", path)
	app.fails("create+permission+errno13", "create", "a", filepath.Join(dir, "new.lock"))
	do(t, os.Chmod(dir, 0o700))
	app.fails("permission+errno13", "open", "a", path)
}

// Opening such a FIFO for reading would wait for a writer.
func TestOpenReadOnlyFIFO(t *testing.T) {
	testkit.NeedRoot(t)
	path := filepath.Join(publicDir(t, 0o755), "fifo")
	do(t, unix.Mkfifo(path, 0o644))
	app := start(t, nil)
	app.must("become", otherUID)
	app.fails("not-regular", "open", "a", path)
}

// flock(2) needs no write permission. The guard does.
func TestOpenReadOnly(t *testing.T) {
	testkit.NeedRoot(t)
	dir := publicDir(t, 0o755)
	path := filepath.Join(dir, "web.lock")
	f := open(t, path, &Create{Mode: 0o644, UID: -1, GID: -1})
	app := start(t, nil)
	app.must("become", otherUID)
	app.must("open", "a", path)
	if got := app.must("try", "a"); got != "true" {
		t.Errorf("exclusive lock of a read-only descriptor: %s", got)
	}
	if ok, err := f.TryShare(); ok || err != nil {
		t.Errorf("beside the reader's exclusive lock: %v, %v", ok, err)
	}
	app.fails("permission+errno13", "guard", "a")
	app.fails("permission+errno13", "create", "b", path)
}

func TestReopenAsksPermissionAgain(t *testing.T) {
	testkit.NeedRoot(t)
	dir := publicDir(t, 0o755)
	path := filepath.Join(dir, "web.lock")
	app := start(t, nil)
	app.must("create", "a", path)
	app.must("reopen", "a")
	app.must("become", otherUID)
	app.fails("permission+errno13", "reopen", "a")
}

func init() {
	commands["reopen"] = func(a []string) (string, error) {
		_, err := files[a[0]].Reopen()
		return "ok", err
	}
}
