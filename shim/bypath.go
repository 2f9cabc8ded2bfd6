package shim

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/lockshim/lockshim/shim/profile"
)

// byPath is the command with the server's own name as an absolute path, where
// the profile says that a re-exec takes argv[0] for one: nginx would look for
// "nginx" in its working directory, and an upgrade of it fail. The path is the one
// that would be executed anyway. Symbolic links in it stay as they are, so that an
// upgrade follows a `current` that points elsewhere by then.
//
// Behind a wrapper only a name is replaced, since the wrapper may change the
// directory, and none where it may change what a name means.
func byPath(p profile.Profile, command []string) []string {
	inner := profile.Strip(command)
	at := len(command) - len(inner)
	if !p.ByPath || len(inner) == 0 || at < 0 || command[at] != inner[0] || filepath.IsAbs(inner[0]) {
		return command
	}
	if at > 0 && (strings.Contains(inner[0], "/") || slices.ContainsFunc(command[:at], elsewhere)) {
		return command
	}
	path, err := LookPath(inner[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return command
	}
	command = slices.Clone(command)
	command[at] = path
	return command
}

// elsewhere reports whether a wrapper's word changes where a name is looked up:
// another PATH, or chpst's other root.
func elsewhere(word string) bool {
	return strings.HasPrefix(word, "PATH=") || strings.HasPrefix(word, "-/")
}
