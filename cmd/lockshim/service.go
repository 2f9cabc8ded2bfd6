package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lockshim/lockshim/shim/flock"
)

// A service is a lockfile, and what the user calls it.
type service struct {
	name string // as the user wrote it
	path string // absolute
}

// find resolves SERVICE for a verb that looks at a service: a name is the
// lockfile in the first runtime directory that has one, or in a directory of that
// name there. Where none has, it is the one that run would use: the file may be
// deleted and its tree alive.
func (c *call) find(arg string) (service, error) {
	s, err := c.resolve(arg)
	if err != nil || s.path != "" {
		return s, err
	}
	dirs := runtimeDirs()
	if len(dirs) == 0 {
		return s, errNoRuntimeDir(s.name, nil)
	}
	for _, dir := range dirs {
		if home := homeIn(dir, s.name); exists(lockIn(home, s.name)) {
			s.path = lockIn(home, s.name)
			return s, nil
		}
	}
	s.path = lockIn(dirs[max(0, slices.IndexFunc(dirs, exists))], s.name)
	return s, nil
}

// place resolves SERVICE for run: a name is in the first runtime directory that
// this user may use, which is created, or in the directory of that name there, if
// that alone has the lockfile.
func (c *call) place(arg string) (service, error) { return c.placeIn(arg, makeRuntimeDir) }

// foresee is place without creating anything.
func (c *call) foresee(arg string) (service, error) { return c.placeIn(arg, couldMake) }

// placeIn is place, with a way to create a directory.
func (c *call) placeIn(arg string, make func(string) error) (service, error) {
	s, err := c.resolve(arg)
	if err != nil || s.path != "" {
		return s, err
	}
	dir, err := runtimeDir(s.name, make)
	s.path = lockIn(dir, s.name)
	return s, err
}

// resolve tells a path from a name. A path is complete then; a name has no path
// yet. LOCKSHIM_LOCK stands for a missing SERVICE.
func (c *call) resolve(arg string) (service, error) {
	if arg == "" {
		arg = os.Getenv("LOCKSHIM_LOCK")
	}
	switch {
	case arg == "":
		return service{}, errNoService(c.verb)
	case strings.Contains(arg, "/"):
		path, err := absolute(arg)
		return service{arg, path}, err
	case strings.HasSuffix(arg, ".lock"):
		return service{}, errLockName(c.verb, arg)
	case strings.ContainsFunc(arg, notInName):
		return service{}, errName(arg)
	}
	return service{name: arg}, nil
}

// notInName reports a character that the name of a service does not have.
func notInName(r rune) bool {
	return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("._@-", r))
}

func lockIn(dir, name string) string { return filepath.Join(dir, name+".lock") }

// homeIn is where below a runtime directory the lockfile of a name is: in dir
// itself, or in a directory of that name, if it is there and not in dir. Each
// service's user needs a directory of its own, and a unit makes it below the one
// that all share: RuntimeDirectory=lockshim/web. Where both have one, as after a
// first try by hand, the one that a shim keeps is meant.
func homeIn(dir, name string) string {
	own := filepath.Join(dir, name)
	shared, nested := lockIn(dir, name), lockIn(own, name)
	switch {
	case name == "." || name == ".." || !exists(nested):
		return dir
	case !exists(shared) || kept(nested) && !kept(shared):
		return own
	}
	return dir
}

// kept reports whether a shim lives that has the lockfile.
func kept(path string) bool {
	f, err := flock.Open(path, nil)
	if err != nil {
		return false
	}
	defer f.Close()
	lives, err := f.Guarded()
	return err == nil && lives
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// absolute makes a lockfile's path absolute without taking the symlinks out of
// it: where the working directory is known by a name ($PWD), that name is kept,
// since a deploy may move the link and not the service.
//
// A path with ".." is the exception. The kernel goes up from where a link leads,
// a text editor's idea of ".." does not; the kernel's file is the one meant.
func absolute(path string) (string, error) {
	if base := filepath.Base(path); strings.HasSuffix(path, "/") || base == "." || base == ".." {
		return "", errDirectoryName(path)
	}
	if !filepath.IsAbs(path) {
		wd, err := os.Getwd()
		if err != nil {
			return "", errWorkingDirectory(path, err)
		}
		path = wd + "/" + path
	}
	dir, base := filepath.Split(path)
	if slices.Contains(strings.Split(dir, "/"), "..") {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, base), nil
		}
	}
	return filepath.Clean(path), nil
}

// swept reports a lockfile in a directory that a cleaner empties.
func swept(path string) bool {
	return strings.HasPrefix(path, "/tmp/") || strings.HasPrefix(path, "/var/tmp/")
}
