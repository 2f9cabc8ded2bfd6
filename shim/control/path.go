package control

import "strings"

// Path is where the socket of a lockfile is: beside it, a trailing ".lock"
// replaced by ".sock", or ".sock" added to any other name.
func Path(lock string) string {
	return strings.TrimSuffix(lock, ".lock") + ".sock"
}
