package shim

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/lockshim/lockshim/shim/control"
	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

// consult puts a request to the service's shim. asked is false where no shim heard
// it: then the lockfile and /proc have to do. What happens before the answer goes
// to tell, which may be nil.
func consult(lock string, r control.Request, result any, tell func(event.Event)) (asked bool, err error) {
	text, err := control.Call(lock, r, progress(tell))
	switch {
	case err == nil:
		if err := json.Unmarshal(text, result); err != nil {
			return true, fmt.Errorf("cannot read the shim's answer: %w", err)
		}
		return true, nil
	case errors.Is(err, control.ErrNoServer) && !errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, errors.ErrUnsupported):
		return false, nil
	}
	return true, remote(err)
}

// remote turns a shim's answer into the errors of this package.
func remote(err error) error {
	var answered *control.RemoteError
	if !errors.As(err, &answered) {
		return err
	}
	for _, c := range remoteCodes {
		if c.code == answered.Code {
			return &namedError{answered.Text, c.is}
		}
	}
	return err
}

// remoteCodes are the errors that travel over the socket, those first that are
// more than a later one.
var remoteCodes = []struct {
	code string
	is   []error
}{
	{codeNotRunning, []error{ErrNotRunning}},
	{codeStillThere, []error{ErrStillThere}},
	{codeNoOperation, []error{profile.ErrNoOperation}},
	{control.CodeBusy, []error{ErrBusy}},
	{codePreflight, []error{ErrUpgrade, ErrPreflight}},
	{codeLate, []error{ErrUpgrade, ErrTimeout}},
	{codeUpgrade, []error{ErrUpgrade}},
	{control.CodeRefused, []error{syscall.EACCES}},
}

// codeOf is how an error travels over the socket.
func codeOf(err error) string {
	for _, c := range remoteCodes {
		missing := func(is error) bool { return !errors.Is(err, is) }
		if !slices.ContainsFunc(c.is, missing) {
			return c.code
		}
	}
	return codeSystem
}

// A namedError is an error in words of its own, and what it is besides.
type namedError struct {
	text string
	is   []error
}

func (e *namedError) Error() string   { return e.text }
func (e *namedError) Unwrap() []error { return e.is }
