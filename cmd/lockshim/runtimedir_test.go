package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

func TestRuntimeDirsAreListedInOrder(t *testing.T) {
	t.Setenv("RUNTIME_DIRECTORY", "/run/a:relative:/run/b")
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/7")
	t.Setenv("HOME", "/home/u")
	want := []string{"/run/a", "/run/b", "/run/user/7/lockshim", "/home/u/.local/state/lockshim"}
	if os.Geteuid() == 0 {
		want = slices.Insert(want, 2, "/run/lockshim")
	}
	if got := runtimeDirs(); !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

// run creates the first directory that it may use; the umask has no say.
func TestRunCreatesItsDirectory(t *testing.T) {
	dir := emptyEnvironment(t)
	defer syscall.Umask(syscall.Umask(0o077))
	s, err := callOf("run").place("web")
	if err != nil || s.path != dir+"/run/web.lock" {
		t.Fatalf("%+v, %v", s, err)
	}
	want := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		want = 0o755
	}
	if info, err := os.Lstat(dir + "/run"); err != nil || info.Mode().Perm() != want {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if exists(s.path) {
		t.Error("the lockfile is the library's to create")
	}
}

// The other verbs create nothing, and find the file where it is.
func TestOtherVerbsTakeTheDirectoryThatHasTheFile(t *testing.T) {
	dir := emptyEnvironment(t)
	t.Setenv("HOME", dir)
	state := dir + "/.local/state/lockshim"
	s, err := callOf("status").find("of-this-test")
	if err != nil || exists(dir+"/run") || exists(state) {
		t.Fatalf("%+v, %v", s, err)
	}
	mkdir(t, dir+"/run")
	mkdir(t, state)
	if s, err = callOf("status").find("of-this-test"); err != nil || s.path != dir+"/run/of-this-test.lock" {
		t.Errorf("with no file anywhere: %+v, %v", s, err)
	}
	if err := os.WriteFile(state+"/of-this-test.lock", nil, 0o640); err != nil {
		t.Fatal(err)
	}
	if s, err = callOf("status").find("of-this-test"); err != nil || s.path != state+"/of-this-test.lock" {
		t.Errorf("%+v, %v", s, err)
	}
}

// The state directory may be the first thing below a new home.
func TestStateDirectoryIsMadeWithItsParents(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, ".local/state/lockshim")
	if err := makeRuntimeDir(state); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{".local", ".local/state"} {
		if info, err := os.Stat(filepath.Join(dir, path)); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if err := makeRuntimeDir(filepath.Join(dir, "none/lockshim")); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("a runtime directory without its parent: %v", err)
	}
}

func TestDirectoriesThatOthersControlAreRefused(t *testing.T) {
	dir := emptyEnvironment(t)
	mkdir(t, dir+"/open")
	for path, mode := range map[string]os.FileMode{"/open": 0o777} {
		if err := os.Chmod(dir+path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(dir+"/file", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	mkdir(t, dir+"/good")
	symlink(t, "open", dir+"/link-to-open")
	symlink(t, "good", dir+"/link-to-good")
	for path, want := range map[string]error{
		"/open": errUnsafeDirectory, "/file": errUnsafeDirectory, "/link-to-open": errUnsafeDirectory,
		"/good": nil, "/link-to-good": nil,
	} {
		t.Setenv("RUNTIME_DIRECTORY", dir+path)
		if _, err := callOf("run").place("web"); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestDirectoriesOfOtherUsersAreRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	dir := emptyEnvironment(t)
	mkdir(t, dir+"/theirs")
	symlink(t, "theirs", dir+"/their-link")
	mkdir(t, dir+"/mine")
	symlink(t, "mine", dir+"/their-link-to-mine")
	for _, path := range []string{"/theirs", "/their-link", "/their-link-to-mine"} {
		if err := os.Lchown(dir+path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		t.Setenv("RUNTIME_DIRECTORY", dir+path)
		if _, err := callOf("run").place("web"); !errors.Is(err, errUnsafeDirectory) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestNoDirectoryAtAll(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root always has /run/lockshim")
	}
	emptyEnvironment(t)
	t.Setenv("RUNTIME_DIRECTORY", "")
	for _, find := range []func(string) (service, error){callOf("run").place, callOf("status").find} {
		if s, err := find("web"); !errors.Is(err, errNoDirectory) {
			t.Errorf("%+v, %v", s, err)
		}
	}
}
