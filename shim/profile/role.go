package profile

import "strings"

// A Role is what a process title says about a process.
type Role int

// The roles.
const (
	Unknown Role = iota // the title says nothing
	Master
	Worker
)

// Role reads a process title: args is the command line as /proc/PID/cmdline
// shows it, split at its NULs, with the empty strings at its end taken away.
//
// Unknown is a usual answer. Many servers set no title, Gunicorn only where
// Python's setproctitle is installed, and every server some time after its exec.
// The title is the process's own claim: it proves nothing about its parent.
func (p Profile) Role(args []string) Role {
	title := strings.Join(args, " ")
	switch {
	case startsWithAny(title, p.Masters):
		return Master
	case startsWithAny(title, p.Workers):
		return Worker
	}
	return Unknown
}

// startsWithAny says whether title starts with one of the prefixes, and that
// does not end within a word.
func startsWithAny(title string, prefixes []string) bool {
	for _, prefix := range prefixes {
		rest, ok := strings.CutPrefix(title, prefix)
		if ok && (rest == "" || rest[0] == ' ' || !isLetter(prefix[len(prefix)-1])) {
			return true
		}
	}
	return false
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// String is the role in one word.
func (r Role) String() string {
	switch r {
	case Master:
		return "master"
	case Worker:
		return "worker"
	}
	return "unknown"
}
