package notify

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// addressOf is where the socket of a lockfile is, whose path is absolute: the
// same for every shim of it, as a server keeps what its environment says. It is
// beside the lockfile, or an abstract name where that path is too long for
// programs that know nothing of it.
func addressOf(lock string) string {
	path := strings.TrimSuffix(lock, ".lock") + ".notify"
	if len(path) <= room {
		return path
	}
	sum := fnv.New128a()
	sum.Write([]byte(path))
	return fmt.Sprintf("@lockshim/%x", sum.Sum(nil))
}
