package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/lockshim/lockshim/shim/flock"
)

// callOf is a call of the verb with these words after it.
func callOf(verb string, words ...string) *call {
	return &call{verb: findVerb(verb), args: words}
}

// emptyEnvironment gives the test a runtime directory and a home of its own, and
// takes away what would decide otherwise.
func emptyEnvironment(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Setenv("RUNTIME_DIRECTORY", filepath.Join(dir, "run"))
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("HOME", "")
	t.Setenv("LOCKSHIM_LOCK", "")
	return dir
}

func TestNames(t *testing.T) {
	dir := emptyEnvironment(t)
	mkdir(t, dir+"/run")
	for _, name := range []string{"of-this-test", "of-this-test@1", "a.b", "x_y-z", "0", ".", "-", "lock", ".locks"} {
		s, err := callOf("status").find(name)
		if want := filepath.Join(dir, "run", name+".lock"); err != nil || s.path != want || s.name != name {
			t.Errorf("%q gives %+v, %v", name, s, err)
		}
	}
	for _, name := range []string{"", "web.lock", ".lock", "a b", "a,b", "é", "a\nb", "a:b", "~"} {
		if s, err := callOf("status").find(name); !errors.Is(err, errUsage) {
			t.Errorf("%q gives %+v, %v", name, s, err)
		}
	}
}

// A service that has a directory of its own below a runtime directory is found
// there, by every verb and by run, unless the runtime directory has it itself.
func TestNamesHaveDirectories(t *testing.T) {
	dir := emptyEnvironment(t)
	run := dir + "/run"
	mkdir(t, run+"/of-this-test")
	finds := func(want string) {
		t.Helper()
		for what, find := range map[string]func(string) (service, error){
			"find": callOf("stop").find, "place": callOf("run").place, "foresee": callOf("check").foresee,
		} {
			if s, err := find("of-this-test"); err != nil || s.path != run+want {
				t.Errorf("%s gives %+v, %v, not %s", what, s, err, want)
			}
		}
	}
	finds("/of-this-test.lock")
	touch(t, run+"/of-this-test/of-this-test.lock")
	finds("/of-this-test/of-this-test.lock")
	touch(t, run+"/of-this-test.lock")
	finds("/of-this-test.lock")
	keep(t, run+"/of-this-test/of-this-test.lock")
	finds("/of-this-test/of-this-test.lock")
	keep(t, run+"/of-this-test.lock")
	finds("/of-this-test.lock")
}

// keep has a lockfile as a shim has it, until the test ends.
func keep(t *testing.T, lock string) {
	t.Helper()
	f, err := flock.Open(lock, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if mine, err := f.Guard(); errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	} else if err != nil || !mine {
		t.Fatalf("the guard of %s: %v, %v", lock, mine, err)
	}
}

// A unit has RUNTIME_DIRECTORY in its own directory, others look from above.
func TestNameOfAUnit(t *testing.T) {
	dir := emptyEnvironment(t)
	mkdir(t, dir+"/run/web")
	t.Setenv("RUNTIME_DIRECTORY", dir+"/run/web")
	s, err := callOf("run").place("web")
	if err != nil || s.path != dir+"/run/web/web.lock" {
		t.Fatalf("place gives %+v, %v", s, err)
	}
	touch(t, s.path)
	t.Setenv("RUNTIME_DIRECTORY", dir+"/other:"+dir+"/run")
	if found, err := callOf("status").find("web"); err != nil || found != s {
		t.Errorf("find gives %+v, %v, not %+v", found, err, s)
	}
}

// run does not make a second service beside one whose directory it may not use.
func TestDirectoryOfANameIsNotPassedOver(t *testing.T) {
	dir := emptyEnvironment(t)
	mkdir(t, dir+"/run/web")
	touch(t, dir+"/run/web/web.lock")
	if err := os.Chmod(dir+"/run/web", 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", dir)
	if s, err := callOf("run").place("web"); !errors.Is(err, errUnsafeDirectory) {
		t.Errorf("place gives %+v, %v", s, err)
	}
	if s, err := callOf("status").find("web"); err != nil || s.path != dir+"/run/web/web.lock" {
		t.Errorf("find gives %+v, %v", s, err)
	}
}

// No name leads out of a runtime directory.
func TestNamesStayInTheirDirectory(t *testing.T) {
	dir := emptyEnvironment(t)
	mkdir(t, dir+"/run")
	touch(t, dir+"/...lock")
	if s, err := callOf("status").find(".."); err != nil || s.path != dir+"/run/...lock" {
		t.Errorf("find gives %+v, %v", s, err)
	}
}

func TestPathsKeepTheirSymlinks(t *testing.T) {
	dir := emptyEnvironment(t)
	mkdir(t, dir+"/releases/5/tmp")
	symlink(t, "releases/5", dir+"/current")
	chdir(t, dir+"/current")
	for path, want := range map[string]string{
		"./web.lock":                   dir + "/current/web.lock",
		"tmp/web.lock":                 dir + "/current/tmp/web.lock",
		"tmp//./web.lock":              dir + "/current/tmp/web.lock",
		"./web":                        dir + "/current/web",
		"/srv/web.lock":                "/srv/web.lock",
		"//srv/./web.lock":             "/srv/web.lock",
		"../web.lock":                  real(t, dir) + "/releases/web.lock",
		dir + "/current/../web.lock":   real(t, dir) + "/releases/web.lock",
		"tmp/../web.lock":              real(t, dir) + "/releases/5/web.lock",
		"/no/such/../directory/x.lock": "/no/directory/x.lock",
	} {
		if s, err := callOf("status").find(path); err != nil || s.path != want || s.name != path {
			t.Errorf("%s gives %+v, %v, not %s", path, s, err, want)
		}
	}
	for _, path := range []string{"/", "./", "tmp/", "tmp/.", "tmp/..", "./.."} {
		if s, err := callOf("status").find(path); !errors.Is(err, errUsage) {
			t.Errorf("%s gives %+v, %v", path, s, err)
		}
	}
}

func TestEnvironmentStandsForAMissingService(t *testing.T) {
	emptyEnvironment(t)
	t.Setenv("LOCKSHIM_LOCK", "/srv/web.lock")
	s, err := callOf("status").find("")
	if err != nil || s.path != "/srv/web.lock" {
		t.Errorf("find gives %+v, %v", s, err)
	}
	if s, err = callOf("status").find("/srv/other.lock"); s.path != "/srv/other.lock" {
		t.Errorf("a given service gives %+v, %v", s, err)
	}
	if s, err = callOf("run").place(""); err != nil || s.path != "/srv/web.lock" {
		t.Errorf("place gives %+v, %v", s, err)
	}
}

func TestSwept(t *testing.T) {
	for path, want := range map[string]bool{
		"/tmp/web.lock": true, "/var/tmp/a/web.lock": true, "/tmpfs/web.lock": false, "/srv/tmp/web.lock": false,
	} {
		if swept(path) != want {
			t.Errorf("swept(%s) is %t", path, !want)
		}
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o640); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

// chdir goes there as a shell does, which keeps the name in PWD.
func chdir(t *testing.T, path string) {
	t.Helper()
	t.Chdir(path)
	t.Setenv("PWD", path)
}

func real(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
