package flock

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// What Check foresees is what Open answers, and it leaves nothing behind.
func TestCheckForeseesOpen(t *testing.T) {
	for name, prepare := range map[string]func(path string) error{
		"missing":               func(string) error { return nil },
		"there":                 func(path string) error { return os.WriteFile(path, nil, 0o640) },
		"a directory":           func(path string) error { return os.Mkdir(path, 0o755) },
		"a link":                func(path string) error { return os.Symlink("x", path) },
		"written by others":     func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o666)) },
		"a directory of others": func(path string) error { return os.Chmod(filepath.Dir(path), 0o777) },
		"no directory":          func(path string) error { return os.Remove(filepath.Dir(path)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d", "web.lock")
			if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := prepare(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(path)
			there, foreseen := Check(path, &Create{UID: -1, GID: -1})
			if after, _ := os.Lstat(path); (before == nil) != (after == nil) {
				t.Error("Check made the file, or removed it")
			}
			if there && before == nil {
				t.Error("Check saw a file that is not there")
			}
			f, err := Open(path, &Create{UID: -1, GID: -1})
			if f != nil {
				f.Close()
			}
			if text(foreseen) != text(err) {
				t.Errorf("Check says %q, Open %q", text(foreseen), text(err))
			}
			for _, is := range []error{ErrNotRegular, ErrUnsafe, ErrCreate, fs.ErrNotExist} {
				if errors.Is(foreseen, is) != errors.Is(err, is) {
					t.Errorf("Check and Open do not agree on %q", is)
				}
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A mode that lets others write is refused before anything is looked at.
func TestCheckOfAnUnsafeMode(t *testing.T) {
	if _, err := Check(filepath.Join(t.TempDir(), "web.lock"), &Create{Mode: 0o666, UID: -1, GID: -1}); !errors.Is(err, ErrUnsafe) {
		t.Errorf("Check says %v", err)
	}
}
