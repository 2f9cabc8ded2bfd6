package control

import "strings"

// Path is where the socket of a lockfile is: beside it, a trailing ".lock"
// replaced by ".control", or ".control" added to any other name. (".sock" would
// be the likely name of a server's own socket: unicorn.lock beside unicorn.sock.)
func Path(lock string) string {
	return strings.TrimSuffix(lock, ".lock") + ".control"
}
