package sockfile

import "errors"

// The conditions that a caller tells apart with errors.Is. All else wraps the
// system's errno.
var (
	// ErrTooLong: no socket can have that path. Its last component does not
	// fit into a socket address, or the kernel takes no path as long.
	ErrTooLong = errors.New("path too long for a socket")
	// ErrInTheWay: the path is taken by what must not be removed: a file that
	// is no socket, or a socket on which somebody listens.
	ErrInTheWay = errors.New("in the way")
)
