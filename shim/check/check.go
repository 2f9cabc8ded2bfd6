package check

import (
	"slices"
	"strings"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/profile"
)

// A Subject is what is to be checked: what Run would be given, and where.
type Subject struct {
	shim.Config          // Command may be empty: then the service alone is looked at
	Runs        bool     // the service runs, and is looked at as it is: nothing would be started
	Makes       string   // the lockfile's directory, where the caller would make it first; else ""
	Env         []string // the environment that Run would have, as os.Environ has it
	Twins       []string // the variables of Env that the caller reads as flags

	inner   []string    // the server's own command line, without wrappers
	wraps   []string    // the wrappers
	status  shim.Status // the service as it is
	running bool        // a master or a worker lives, and no shim: Run would adopt it
	conf    conf        // what the server's configuration says
}

// All looks at everything, in the order in which Run meets it, so that the first
// error is Run's.
//
// It may block for as long as the service's shim takes to answer, 5 s at most,
// or systemctl.
func All(s Subject) []Finding {
	s.inner, s.wraps = profile.Strip(s.Command), profile.Wrappers(s.Command)
	s.conf = readConfiguration(&s)
	topics := []func(*Subject) []Finding{kernel, lockfile, running, pidfiles, command}
	if s.IfRunning != shim.Adopt && s.IfRunning != "" {
		topics = []func(*Subject) []Finding{command, kernel, lockfile, running, pidfiles}
	}
	var found []Finding
	for _, topic := range append(topics, recognised, hook, daemon, serverPidfile, preflight, traps, limits, processes, timeouts, environment) {
		found = append(found, topic(&s)...)
	}
	return found
}

// launches reports whether Run would execute the command.
func (s *Subject) launches() bool { return !s.running || s.IfRunning == shim.Replace }

// wrapped reports whether one of the programs stands before the server.
func (s *Subject) wrapped(names ...string) bool {
	return slices.ContainsFunc(s.wraps, func(w string) bool { return slices.Contains(names, w) })
}

// getenv is a variable of the environment that Run would have.
func (s *Subject) getenv(name string) string {
	for _, v := range slices.Backward(s.Env) {
		if value, found := strings.CutPrefix(v, name+"="); found {
			return value
		}
	}
	return ""
}
