package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// A response is a line of the server's.
type response struct {
	Progress json.RawMessage `json:"progress"`
	Result   json.RawMessage `json:"result"`
	Error    *RemoteError    `json:"error"`
}

// Call asks the shim of a lockfile, gives each progress line to progress, which
// may be nil, and returns the result.
//
// It waits for 5 s at most for a connection, and where the answer does not
// depend on the server (Status, History, Signal) for the first byte and each
// next one. For the rest (Reload, Upgrade, Cancel, Stop) it waits as long as
// the shim lives. Nothing cancels it; the shim goes on when the caller exits.
//
// Errors: ErrNoServer, and then nothing was asked of anybody, or in 5 s nobody
// said what came of it (os.ErrDeadlineExceeded); ErrRefused; ErrLost; a
// *RemoteError; errors.ErrUnsupported; else an errno.
func Call(lock string, r Request, progress func(json.RawMessage)) (json.RawMessage, error) {
	result, err := call(lock, r, progress, patience)
	if err != nil {
		return nil, fmt.Errorf("cannot ask the shim of %s: %w", lock, err)
	}
	return result, nil
}

// call is Call with bare errors, and with another time to wait.
func call(lock string, r Request, progress func(json.RawMessage), wait time.Duration) (json.RawMessage, error) {
	line, err := encode(r)
	if err != nil {
		return nil, err
	}
	c, err := dial(lock, wait)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if err := c.ask(line); err != nil {
		return nil, err
	}
	if !answersAtOnce[r.Verb] {
		c.wait = 0
	}
	if progress == nil {
		progress = func(json.RawMessage) {}
	}
	return receive(json.NewDecoder(io.LimitReader(c, maxResponse)), progress)
}

// receive reads responses up to the last one.
func receive(from *json.Decoder, progress func(json.RawMessage)) (json.RawMessage, error) {
	for {
		var r response
		if err := from.Decode(&r); err != nil {
			return nil, unanswered(err)
		}
		switch {
		case r.Error != nil:
			return nil, r.Error
		case r.Result != nil:
			return r.Result, nil
		case r.Progress != nil:
			progress(r.Progress)
		}
	}
}

// unanswered says what an answer means that does not come.
func unanswered(err error) error {
	var syntax *json.SyntaxError
	var types *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: it is there and says nothing: %w", ErrNoServer, err)
	case errors.Is(err, syscall.ECONNRESET):
		// The other end was closed before our line was read: see
		// unix_release_sock() in the kernel's net/unix/af_unix.c.
		return fmt.Errorf("%w: it has not read the request: %w", ErrNoServer, err)
	case errors.As(err, &syntax), errors.As(err, &types):
		return fmt.Errorf("%w: what listens there does not speak as one: %w", ErrNoServer, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w before the answer", ErrLost)
	}
	return err
}
