package shim

import (
	"os"
	"syscall"

	"github.com/lockshim/lockshim/shim/flock"
)

// Hold takes the shared lock, which makes this process a member of the service,
// and executes command in its place: it does not return but with an error. The
// command inherits the lock as a server does, with LOCKSHIM_LOCK and
// LOCKSHIM_FD in its environment. The lockfile is created where it is missing.
//
// It blocks while somebody has the exclusive lock: a shim that is about to
// exit. Errors are those of flock.Open, or wrap ErrNotFound or
// ErrCannotExecute.
func Hold(lock string, command []string) error {
	path, err := LookPath(command[0])
	if err != nil {
		return err
	}
	file, err := flock.Open(lock, &flock.Create{Mode: 0o640, UID: -1, GID: -1})
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Share(); err != nil {
		return err
	}
	fd, err := file.Inherit(farFD)
	if err != nil {
		return err
	}
	env := append(environment(os.Environ(), lock, fd), "LOCKSHIM_HOLD=1")
	return execError(path, syscall.Exec(path, command, env))
}
