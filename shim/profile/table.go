package profile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrUnknown says that there is no profile of that name.
var ErrUnknown = errors.New("no such profile")

// All lists the profiles, sorted by name. Every call builds its own: the caller
// may change what it gets.
func All() []Profile {
	all := []Profile{
		generic(),
		gunicorn(),
		hypercorn(),
		nginx(),
		tableflip(),
		unicorn(),
		uvicorn(),
	}
	slices.SortFunc(all, func(a, b Profile) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Lookup finds the profile of that exact name. Its error wraps ErrUnknown and
// lists the names that there are.
func Lookup(name string) (Profile, error) {
	var names []string
	for _, p := range All() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Profile{}, fmt.Errorf("cannot use profile %q: %w: there are %s", name, ErrUnknown, strings.Join(names, ", "))
}

// Generic is the name of the profile of a program that nobody knows.
const Generic = "generic"

// generic is the profile of a program that nobody knows: every signal reaches
// it unchanged, and a stop has no end, since nobody knows how long the program
// needs.
func generic() Profile {
	return Profile{
		Name: Generic,
		Stop: Schedule{{syscall.SIGTERM, Forever}},
		Actions: map[syscall.Signal]Action{
			syscall.SIGINT:  {Every, syscall.SIGINT},
			syscall.SIGQUIT: {Every, syscall.SIGQUIT},
			syscall.SIGHUP:  {Forward, syscall.SIGHUP},
			syscall.SIGUSR2: {Forward, syscall.SIGUSR2},
		},
	}
}

// gunicorn follows Gunicorn's arbiter.py. The sixty seconds are twice the
// default of graceful_timeout, after which Gunicorn kills its workers itself.
// Its master reads no signal while it stops: QUIT after TERM ends the workers
// that get it, and the master with the last of them.
func gunicorn() Profile {
	return Profile{
		Name:     "gunicorn",
		Reload:   syscall.SIGHUP,
		Upgrade:  syscall.SIGUSR2,
		Graceful: syscall.SIGTERM,
		Quick:    syscall.SIGQUIT,
		Stop: Schedule{
			{syscall.SIGTERM, 60 * time.Second},
			{syscall.SIGQUIT, 10 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Commands: []string{"gunicorn", "gunicorn3", "gunicorn.app.wsgiapp"},
		Masters:  []string{"gunicorn: master"},
		Workers:  []string{"gunicorn: worker"},
		Daemon:   []string{"-D", "--daemon"},
		Hook:     "gunicorn.py",
	}
}

// unicorn follows Unicorn's http_server.rb and its page on signals. The sixty
// seconds are the default of timeout, after which Unicorn kills its workers
// itself. Its master too reads no signal while it stops.
func unicorn() Profile {
	return Profile{
		Name:     "unicorn",
		Reload:   syscall.SIGHUP,
		Upgrade:  syscall.SIGUSR2,
		Graceful: syscall.SIGQUIT,
		Quick:    syscall.SIGTERM,
		Stop: Schedule{
			{syscall.SIGQUIT, 60 * time.Second},
			{syscall.SIGTERM, 10 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Commands: []string{"unicorn", "unicorn_rails"},
		Masters:  []string{"unicorn master", "unicorn_rails master"},
		Workers:  []string{"unicorn worker[", "unicorn_rails worker["},
		Daemon:   []string{"-D", "--daemonize"},
		Appended: []string{"-l0.0.0.0:8080"},
		Hook:     "unicorn.rb",
	}
}
