package flock

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNamedFollowsThePath(t *testing.T) {
	path := lockfile(t)
	f := open(t, path, nil)
	gets(t, "an untouched file", f.Named, true)

	do(t, os.Rename(path, path+".old"))
	gets(t, "a renamed file", f.Named, false)
	do(t, os.Symlink(path+".old", path))
	gets(t, "a link to the file in its place", f.Named, false)
	do(t, os.Remove(path))
	do(t, os.WriteFile(path, nil, 0o640))
	gets(t, "a replaced file", f.Named, false)
	do(t, os.Rename(path+".old", path))
	gets(t, "a file that came back", f.Named, true)
}

func TestNamedWithoutTheDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "release")
	do(t, os.Mkdir(dir, 0o755))
	f := open(t, filepath.Join(dir, "web.lock"), mine)
	do(t, os.RemoveAll(dir))
	gets(t, "a file whose directory is gone", f.Named, false)
	do(t, os.WriteFile(dir, nil, 0o644))
	gets(t, "a file whose directory is a file", f.Named, false)
}

func TestReopenIsAnotherDescription(t *testing.T) {
	f := open(t, lockfile(t), nil)
	do(t, f.Share())
	g, err := f.Reopen()
	do(t, err)
	defer g.Close()
	gets(t, "exclusive on the reopened File", g.TryWait, false)
	do(t, f.Close())
	gets(t, "exclusive after the first is closed", g.TryWait, true)
}
