package check

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/profile"
)

// command looks for the program, and for the one that a wrapper would execute.
func command(s *Subject) []Finding {
	if len(s.Command) == 0 {
		return nil
	}
	path, err := shim.LookPath(s.Command[0])
	adopts := s.IfRunning == shim.Adopt || s.IfRunning == ""
	if err != nil && adopts && s.running {
		return warn("command", "", "%v: the server runs, so it is not needed now", err)
	}
	if err != nil {
		return fail("command", "", err)
	}
	return append(ok("command", "%s is %s", s.Command[0], path), innerCommand(s)...)
}

// executes lists the wrappers that execute a command by PATH, in this directory
// and with this environment. What the others do is their own matter.
var executes = []string{
	"env", "nice", "nohup", "stdbuf", "timeout", "choom", "chrt", "ionice", "prlimit", "setpriv", "setsid", "taskset",
	"chpst", "setuidgid", "pgrphack", "softlimit", "setlock", "dumb-init", "tini", "tini-static", "docker-init",
	"s6-setuidgid", "s6-softlimit", "s6-applyuidgid",
}

// innerCommand looks for what the wrappers execute. They would fail with codes
// of their own.
func innerCommand(s *Subject) []Finding {
	if len(s.wraps) == 0 {
		return nil
	}
	last := s.wraps[len(s.wraps)-1]
	script := slices.ContainsFunc([]string{"ruby", "python", "pypy", "perl"}, func(name string) bool { return strings.HasPrefix(last, name) })
	others := s.wraps
	if script {
		others = s.wraps[:len(s.wraps)-1]
	}
	for _, w := range others {
		if !slices.Contains(executes, w) || w == "env" && slices.ContainsFunc(s.Command, ownPath) {
			return nil
		}
	}
	if script {
		return scriptOf(s, last)
	}
	if _, err := shim.LookPath(s.inner[0]); err != nil {
		return warn("command", "command -v "+word(s.inner[0]), "%s would not find %s: %v", last, s.inner[0], cause(err))
	}
	return nil
}

// ownPath reports an argument of env that changes where it looks.
func ownPath(arg string) bool {
	return strings.HasPrefix(arg, "PATH=") || strings.HasPrefix(arg, "-C") || strings.HasPrefix(arg, "--chdir") || arg == "-S"
}

// scriptOf looks for the script that an interpreter is to run. A word without a
// slash and an extension may be a module of Python's.
func scriptOf(s *Subject, interpreter string) []Finding {
	path := s.inner[0]
	if !strings.Contains(path, "/") && slices.Contains(s.Command, "-m") {
		return nil
	}
	if err := unix.Access(path, unix.R_OK); err != nil && !slices.Contains(s.Command, "-S") {
		return warn("command", "ls -l "+word(path), "%s could not read %s: %v", interpreter, path, err)
	}
	return nil
}

// cause is what is left of an error without its beginning.
func cause(err error) error {
	for _, is := range []error{shim.ErrNotFound, shim.ErrCannotExecute} {
		if errors.Is(err, is) {
			return is
		}
	}
	return err
}

// recognised says what the signals will mean, and how that was found.
func recognised(s *Subject) []Finding {
	if len(s.Command) == 0 && s.Runs {
		return ok("profile", "%s; stop is %s", s.Profile.Name, s.Profile.Stop)
	}
	if len(s.Command) == 0 {
		return nil
	}
	through := ""
	if len(s.wraps) > 0 {
		through = ", through " + strings.Join(s.wraps, " ")
	}
	found := ok("profile", "%s%s; stop is %s", s.Profile.Name, through, s.Profile.Stop)
	guess := profile.Recognise(s.Command)
	switch {
	case s.Profile.Name == profile.Generic && needs(s.inner[0]) != nil:
		p := needs(s.inner[0])
		found = warn("profile", p.Needs[0]+", or --profile "+p.Name, "%s is known with %s alone: it gets signals as they are, and a stop waits without an end",
			s.inner[0], strings.Join(p.Needs, " or "))
	case s.Profile.Name == profile.Generic && guess.Name == profile.Generic:
		found = warn("profile", "lockshim run --profile help",
			"nobody knows what %s makes of signals: it gets them as they are, and a stop waits without an end", s.inner[0])
	case guess.Name != profile.Generic && guess.Name != s.Profile.Name:
		found = warn("profile", "--profile "+guess.Name, "it is %s, and the command looks like %s", s.Profile.Name, guess.Name)
	}
	return append(found, closers(s)...)
}

// needs is the profile of a program that has to be given an option to be it; nil
// for others.
func needs(arg0 string) *profile.Profile {
	for _, p := range profile.All() {
		if len(p.Needs) > 0 && slices.Contains(p.Commands, filepath.Base(arg0)) {
			return &p
		}
	}
	return nil
}

// closers warns of a wrapper that closes the lock. sudo(8): closefrom, 3 where
// sudoers does not say otherwise.
func closers(s *Subject) []Finding {
	if !s.wrapped("sudo") {
		return nil
	}
	user := options{flags: "AbBEHiknNPsS", takes: "CDgprRtTu"}.value(s.Command, "u", "user")
	if user == "" {
		user = "USER"
	}
	mend := "chpst -u " + words(user) + " " + words(s.inner...)
	if _, err := shim.LookPath("chpst"); err != nil {
		mend = "setpriv --reuid " + words(user) + " --regid GROUP --init-groups " + words(s.inner...)
	}
	return warn("wrapper", mend, "sudo closes every descriptor from 3 up: the server has no lock but by a hook, and only if it may open the lockfile")
}

// pidfiles looks at those that Run itself writes and removes.
func pidfiles(s *Subject) []Finding {
	var found []Finding
	if path := s.Pidfile; path != "" {
		if err := writes(path); err != nil {
			found = append(found, fail("pidfile", "ls -ld "+word(filepath.Dir(path)), fmt.Errorf("cannot write %s: %w: %w", path, shim.ErrPidfile, err))...)
		} else {
			found = append(found, ok("pidfile", "%s can be written", path)...)
		}
	}
	if !s.launches() {
		return found
	}
	for _, path := range s.ClearPidfiles {
		if err := removes(path); err != nil {
			found = append(found, fail("pidfile", "ls -ld "+word(path), fmt.Errorf("cannot remove %s: %w: %w", path, shim.ErrPidfile, err))...)
		}
		if path == s.Pidfile {
			found = append(found, warn("pidfile", "--pidfile "+word(path+".shim"), "%s is lockshim's own, and is cleared before each launch", path)...)
		}
	}
	return found
}

// writes says why a pid file cannot be written. It is written beside its place,
// and renamed.
func writes(path string) error {
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		return syscall.EISDIR
	}
	return unix.Faccessat(unix.AT_FDCWD, filepath.Dir(path), unix.W_OK|unix.X_OK, unix.AT_EACCESS)
}

// removes says why a pid file cannot be removed. One that is gone can.
func removes(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("not a regular file")
	}
	return unix.Faccessat(unix.AT_FDCWD, filepath.Dir(path), unix.W_OK|unix.X_OK, unix.AT_EACCESS)
}
