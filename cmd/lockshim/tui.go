package main

// All text that a person reads is in the files tui*.go and in the verbs' own
// descriptions. The rules:
//
//   - an error is `lockshim: error: cannot VERB OBJECT: why`
//   - then comes `lockshim: hint: ` and a command that the user can paste
//   - lower case, no full stop, one line, whatever bytes a name consists of
//   - results go to standard output, everything else to standard error
//   - no colour, no cursor movement

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/flock"
	"github.com/lockshim/lockshim/shim/profile"
)

// errUsage is what every error of wrong usage is.
var errUsage = errors.New("wrong usage")

// A complaint is an error in words for people, with what to do about it.
type complaint struct {
	text string
	hint string
	is   error // what errors.Is finds; may be nil
}

func (e *complaint) Error() string { return e.text }
func (e *complaint) Unwrap() error { return e.is }

// wrong is a complaint about usage.
func wrong(hint, format string, args ...any) error {
	return &complaint{text: fmt.Sprintf(format, args...), hint: hint, is: errUsage}
}

// report prints an error and its hint. An exit status alone is no error.
func (c *call) report(err error, code int) {
	var status exitStatus
	if err == nil || errors.As(err, &status) {
		return
	}
	hint := c.hint(err)
	if c.log != nil && c.log.json {
		c.log.failure(err, hint, code)
		return
	}
	text := "lockshim: error: " + oneLine(err.Error()) + "\n"
	if hint != "" {
		text += "lockshim: hint: " + oneLine(hint) + "\n"
	}
	toStderr([]byte(text))
}

// hint is the command that helps with an error, or "".
func (c *call) hint(err error) string {
	var said *complaint
	if errors.As(err, &said) && said.hint != "" {
		return said.hint
	}
	if errors.Is(err, errUsage) {
		return c.who() + " --help"
	}
	name := quoteWord(c.service.name)
	switch {
	case c.verb == nil:
		return ""
	case c.verb.name == "upgrade" && isAny(err, []error{shim.ErrUpgrade, shim.ErrBusy, profile.ErrNoOperation}):
		return upgradeHint(err, c.service.path, name)
	case isLocked(err):
		return c.lockedHint(err)
	case errors.Is(err, shim.ErrNotFound) && len(c.args) > 0:
		return "command -v " + quoteWord(c.args[0]) + ` || echo "$PATH"`
	case errors.Is(err, shim.ErrCannotExecute) && len(c.args) > 0:
		return "ls -l " + quoteWord(c.args[0])
	case isAny(err, []error{flock.ErrNotRegular, flock.ErrUnsafe, flock.ErrCreate}):
		return "ls -ld " + quoteWord(c.service.path) + " " + quoteWord(filepath.Dir(c.service.path))
	case errors.Is(err, flock.ErrFilesystem):
		return withService(c.verb, "/run/web.lock")
	case isAny(err, []error{shim.ErrTimeout, shim.ErrStillThere}):
		return "lockshim status " + name
	case isAny(err, []error{syscall.EACCES, syscall.EPERM}) && os.Geteuid() != 0:
		return "sudo " + shellQuote(os.Args)
	}
	return ""
}

// lockedHint is what to do about a service that somebody has. A comment is safe
// to paste: a stop should be meant.
func (c *call) lockedHint(err error) string {
	var locked *shim.LockedError
	if errors.As(err, &locked) && !locked.Shim && locked.PID != 0 {
		return "lockshim run --if-running adopt --lock " + quoteWord(c.service.name) + " -- " + shellQuote(c.args)
	}
	name := quoteWord(c.service.name)
	return "lockshim status " + name + "  # to end it: lockshim stop " + name
}

// isLocked reports that somebody else has the service.
func isLocked(err error) bool {
	var locked *shim.LockedError
	return errors.As(err, &locked) || errors.Is(err, flock.ErrHeld)
}

// printResult writes what was asked for to standard output.
func printResult(text string) error {
	if _, err := io.WriteString(os.Stdout, text); err != nil {
		return fmt.Errorf("cannot write the result: %w", plain(err))
	}
	return nil
}
