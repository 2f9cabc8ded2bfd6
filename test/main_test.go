//go:build linux

// Package test runs the real lockshim over real servers, as an init system
// would: Unicorn and Gunicorn from Debian's packages, in the foreground and
// daemonized, with and without the hook.
//
// The test process is the init: a child subreaper that reaps whatever orphan it
// is given (kit_children_test.go). That is why every process has to be started
// with start or a method of service, and never with os/exec: its children would
// be reaped under its hands.
//
// Tests wait for what happens, and for nothing else: a line that a server wrote
// into the service's FIFO, an event of the shim, the end of a process, the lock.
package test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// lockshim is the path of the binary under test, with the race detector where the
// tests have it. plain is that of one without: init systems and what asks for a
// service's status execute it hundreds of times, and the detector makes each start
// some ten times slower.
var lockshim, plain string

// base is the directory of the services' directories. Its path is short, as the
// path of a socket must be.
var base string

func TestMain(m *testing.M) {
	helpers := map[string]func() error{"guard": keepGuard, "upstart": becomeUpstartChild}
	for name, f := range filters {
		helpers[name] = f.execute
	}
	testkit.Help(helpers)
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot test:", err)
		code = 1
	}
	os.Exit(code)
}

// run builds the binary, runs the tests, and lets no process outlive them.
func run(m *testing.M) (int, error) {
	dir, err := makeBase()
	if err != nil {
		return 0, err
	}
	base, lockshim, plain = dir, filepath.Join(dir, "lockshim"), filepath.Join(dir, "plain/lockshim")
	if err := errors.Join(build(), unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); err != nil {
		return 0, errors.Join(err, os.RemoveAll(dir))
	}
	children.reap()
	g, err := startGuard()
	if err != nil {
		return 0, err
	}
	code := m.Run()
	left := slices.DeleteFunc(testkit.Descendants(os.Getpid()), func(pid int) bool { return pid == g.pid })
	g.end()
	if len(left) > 0 {
		return code, fmt.Errorf("the tests left processes behind: %v", left)
	}
	return code, nil
}

// version is that of the binary under test, which a live shim publishes.
const version = "under-test"

// build makes both binaries.
func build() error {
	var flags []string
	if raceEnabled {
		flags = []string{"-race"}
	}
	return errors.Join(buildOne(lockshim, flags...), buildOne(plain))
}

func buildOne(to string, flags ...string) error {
	args := append([]string{"build", "-ldflags", "-X main.version=" + version, "-o", to}, flags...)
	cmd := exec.Command("go", append(args, "../cmd/lockshim")...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}

// makeBase makes a directory where no cleaner comes: lockshim warns of /tmp.
func makeBase() (dir string, err error) {
	for _, parent := range []string{"/run", os.Getenv("XDG_RUNTIME_DIR"), os.Getenv("HOME")} {
		if parent == "" {
			continue
		}
		if dir, err = os.MkdirTemp(parent, "shim"); err == nil {
			return dir, os.Chmod(dir, 0o755)
		}
	}
	return "", err
}
