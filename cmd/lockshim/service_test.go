package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
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
