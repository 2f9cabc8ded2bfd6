package notify

import (
	"errors"

	"github.com/lockshim/lockshim/shim/control/sockfile"
)

// The conditions that a caller tells apart with errors.Is. Errors of the system
// are wrapped too.
var (
	// ErrDropped: a datagram came that is no message. Count it, and go on.
	ErrDropped = errors.New("no message")
	// ErrInTheWay: the address is taken by something that is not a stale
	// socket.
	ErrInTheWay = sockfile.ErrInTheWay
	// ErrAddress: not an address that NOTIFY_SOCKET may have here: neither an
	// absolute path nor "@" and a name, or longer than a socket address takes.
	ErrAddress = errors.New("not an address of a notify socket")
)
