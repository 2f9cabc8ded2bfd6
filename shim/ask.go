package shim

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/lockshim/lockshim/shim/control"
	"github.com/lockshim/lockshim/shim/profile"
)

// consult puts a request to the service's shim. asked is false where no shim heard
// it: then the lockfile and /proc have to do.
func consult(lock string, r control.Request, result any) (asked bool, err error) {
	text, err := control.Call(lock, r, nil)
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
	is := map[string]error{
		codeNotRunning: ErrNotRunning, codeStillThere: ErrStillThere, codeNoOperation: profile.ErrNoOperation,
		control.CodeBusy: ErrBusy, control.CodeRefused: syscall.EACCES,
	}[answered.Code]
	if is == nil {
		return err
	}
	return &remoteError{answered.Text, is}
}

// A remoteError is a shim's error in its own words.
type remoteError struct {
	text string
	is   error
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.is }
