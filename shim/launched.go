package shim

import (
	"fmt"
	"slices"

	"github.com/lockshim/lockshim/shim/proc"
	"github.com/lockshim/lockshim/shim/profile"
)

// A Launch is how a service that runs was started, as far as others can see.
type Launch struct {
	PID     int             // the shim, or the current master where no shim lives; 0 for none
	Args    []string        // the shim's own command line; nil where none lives
	Profile profile.Profile // with the shim's --stop
	Command []string        // nil where nobody knows: a server's title is no command line
}

// Launched looks at a service that runs, from outside: what is known comes from the
// command line of its shim, or, where none lives, from the processes themselves.
//
// What the caller may not read it cannot see. Errors wrap ErrNotRunning where neither
// a shim nor a server lives, or are those of Inspect.
func Launched(lock string) (Launch, error) {
	o, err := observe(lock)
	if err != nil {
		return Launch{}, err
	}
	l := Launch{Profile: o.settings.profile, Command: o.settings.command}
	i := slices.IndexFunc(o.view.Shims, func(p proc.Process) bool { return p.PID == o.rules.Shim })
	switch masters := o.view.Masters(); {
	case i >= 0:
		l.PID, l.Args = o.view.Shims[i].PID, o.view.Shims[i].Args
	case len(masters) > 0:
		l.PID = masters[len(masters)-1].PID
	case len(o.view.Servers()) == 0:
		return Launch{}, fmt.Errorf("cannot look at %s: %w", lock, ErrNotRunning)
	}
	return l, nil
}
