package control

import (
	"errors"
	"time"

	"github.com/lockshim/lockshim/shim/control/sockfile"
)

// The conditions that a caller tells apart with errors.Is. Errors of the system
// are wrapped too.
var (
	// ErrNoServer: no shim answers on the socket. The file is missing or stale,
	// or what listens there is no shim that can be believed. The lockfile and
	// proc(5) know more. Where a shim is there and does not answer in time, the
	// error is os.ErrDeadlineExceeded too.
	ErrNoServer = errors.New("no shim answers")
	// ErrRefused: the caller is not permitted to ask.
	ErrRefused = errors.New("not permitted")
	// ErrLost: the connection ended before the answer. What was asked for may
	// have been done, or may still be under way.
	ErrLost = errors.New("the connection was lost")
	// ErrInTheWay: the socket's path is taken by something that is not a stale
	// socket: another file, or a socket on which somebody listens.
	ErrInTheWay = sockfile.ErrInTheWay
	// ErrTooLong: no socket can have such a path.
	ErrTooLong = sockfile.ErrTooLong
	// ErrAnswered: the request has had its last line, or has no client.
	ErrAnswered = errors.New("already answered")
	// ErrSlow: the client does not read, and the line was dropped.
	ErrSlow = errors.New("the client does not read")
)

// The codes of the errors that the server itself answers. A handler is free to
// use them, and others.
const (
	CodeRefused   = "refused"   // the peer is neither root nor the server's user
	CodeMalformed = "malformed" // the line is no request
	CodeTooLong   = "too-long"  // the line is longer than 8 KiB
	CodeSlow      = "slow"      // the line was not there within 5 s
	CodeUnknown   = "unknown"   // no such verb
	CodeBusy      = "busy"      // too many requests wait, or the handler is at it already
	CodeClosing   = "closing"   // the shim is about to exit
	CodeInternal  = "internal"  // the answer could not be written as JSON
)

// A RemoteError is an error that the shim answered. With the code "refused" it
// is ErrRefused too.
type RemoteError struct {
	Code string `json:"code"` // one word, for programs
	Text string `json:"text"` // for people
}

// Error is the text, or the code where there is none.
func (e *RemoteError) Error() string {
	if e.Text == "" {
		return e.Code
	}
	return e.Text
}

// Is makes a refusal an ErrRefused.
func (e *RemoteError) Is(target error) bool {
	return target == ErrRefused && e.Code == CodeRefused
}

// The bounds of a server. No client gets more of it.
const (
	maxLine     = 8 << 10         // bytes of a request, the newline included
	maxServed   = 64              // connections that are open at once; further ones wait in the backlog
	maxLong     = 32              // of these, requests whose answer takes long; further ones are busy
	patience    = 5 * time.Second // for a request to arrive, and for an answer to be taken
	backlog     = 256             // connections that the kernel keeps waiting
	maxResponse = 64 << 20        // bytes that a client reads
)
