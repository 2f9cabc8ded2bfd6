package shim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/proc"
)

// LookPath finds the file of a command as Run and Hold do: a path as it is, a
// name in PATH, as execvp(3) does. An empty element of PATH is the current
// directory. It executes nothing: a file that passes may still be no program.
//
// Errors wrap ErrNotFound or ErrCannotExecute.
func LookPath(name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, executable(name)
	}
	var refused error
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if dir == "" || dir == "." {
			path = "./" + name
		}
		err := executable(path)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, ErrNotFound) && refused == nil {
			refused = err
		}
	}
	if refused != nil {
		return "", refused
	}
	return "", fmt.Errorf("cannot execute %s: %w", proc.Printable(name), ErrNotFound)
}

// executable reports why a file cannot be executed.
func executable(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = syscall.EISDIR
	}
	if err == nil {
		err = unix.Access(path, unix.X_OK)
	}
	return execError(path, err)
}

// execError tells apart what a shell does: not found, and not to be executed.
// Where the system could not fork, it is neither.
func execError(path string, err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	switch errno {
	case syscall.ENOENT, syscall.ENOTDIR:
		return fmt.Errorf("cannot execute %s: %w", proc.Printable(path), ErrNotFound)
	case syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE:
		return fmt.Errorf("cannot start %s: %w", proc.Printable(path), errno)
	}
	return fmt.Errorf("cannot execute %s: %w: %w", proc.Printable(path), ErrCannotExecute, errno)
}
