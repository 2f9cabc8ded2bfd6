package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

var (
	// errNoDirectory: there is no runtime directory that this user may use.
	errNoDirectory = errors.New("no runtime directory")
	// errUnsafeDirectory: somebody else could put another lockfile in place.
	errUnsafeDirectory = errors.New("not safe")
)

// runtimeDirs lists the directories in which names are looked up, the first one
// first. RUNTIME_DIRECTORY may hold several, separated by colons
// (systemd.exec(5)).
func runtimeDirs() []string {
	dirs := strings.Split(os.Getenv("RUNTIME_DIRECTORY"), ":")
	if os.Geteuid() == 0 {
		dirs = append(dirs, "/run/lockshim")
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		dirs = append(dirs, filepath.Join(dir, "lockshim"))
	}
	if home := os.Getenv("HOME"); home != "" {
		dirs = append(dirs, filepath.Join(home, ".local/state/lockshim"))
	}
	absolute := dirs[:0]
	for _, dir := range dirs {
		if filepath.IsAbs(dir) {
			absolute = append(absolute, dir)
		}
	}
	return absolute
}

// runtimeDir returns the first runtime directory that this user may write to,
// and creates it. One that others could tamper with is an error and not passed
// over: two shims of one service must never settle in two directories.
//
// One that has the service in a directory of its own name is answered by that: a
// second service of the name beside it would be one by mistake.
//
// make is makeRuntimeDir, or couldMake, which creates nothing.
func runtimeDir(name string, make func(string) error) (string, error) {
	var refused []error
	for _, dir := range runtimeDirs() {
		if own := homeIn(dir, name); own != dir {
			return own, errors.Join(trusted(dir), usableHome(own))
		}
		err := make(dir)
		if err == nil && exists(dir) {
			err = usable(dir)
		}
		if err == nil || errors.Is(err, errUnsafeDirectory) {
			return dir, err
		}
		refused = append(refused, fmt.Errorf("%s: %w", dir, err))
	}
	return "", errNoRuntimeDir(name, refused)
}

// makeRuntimeDir creates dir unless it is there: for all to look into where it
// is root's, for the user alone where it is not. The umask has no say: another
// user's status must not depend on the shell that started the service.
func makeRuntimeDir(dir string) error {
	if exists(dir) {
		return nil
	}
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o755
	}
	if strings.HasSuffix(dir, ".local/state/lockshim") {
		if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
			return plain(err)
		}
	}
	if err := os.Mkdir(dir, mode); errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil {
		return plain(err)
	}
	return plain(os.Chmod(dir, mode))
}

// usable checks that dir is safe, and that this user may write to it.
func usable(dir string) error {
	if err := trusted(dir); err != nil {
		return err
	}
	return writable(dir)
}

// usableHome is usable for the directory of a service that is there already: one
// that is another user's is not passed over.
func usableHome(dir string) error {
	if err := trusted(dir); err != nil {
		return err
	}
	if err := writable(dir); err != nil {
		return errUnsafeDir(dir, err.Error())
	}
	return nil
}

// couldMake foresees whether makeRuntimeDir would succeed.
func couldMake(dir string) error {
	if exists(dir) {
		return nil
	}
	above := filepath.Dir(dir)
	for strings.HasSuffix(dir, ".local/state/lockshim") && !exists(above) {
		above = filepath.Dir(above)
	}
	return writable(above)
}

// trusted checks that nobody but root and this user decides what is in dir, and,
// where dir is a symlink, where it leads.
func trusted(dir string) error {
	link, err := os.Lstat(dir)
	if err != nil {
		return plain(err)
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return plain(err)
	case !info.IsDir():
		return errUnsafeDir(dir, "it is not a directory")
	case !ours(link) || !ours(info):
		return errUnsafeDir(dir, "it belongs to another user")
	case info.Mode().Perm()&0o022 != 0:
		return errUnsafeDir(dir, "others may write to it")
	}
	return nil
}

// ours reports a file of this user or of root.
func ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (stat.Uid == 0 || int(stat.Uid) == os.Geteuid())
}

// writable asks the kernel, which knows of read-only mounts too.
func writable(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }

// plain takes the operation and the path off an error that names them twice.
func plain(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
