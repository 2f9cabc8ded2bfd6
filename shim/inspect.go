package shim

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/lockshim/lockshim/shim/control"
	"github.com/lockshim/lockshim/shim/flock"
	"github.com/lockshim/lockshim/shim/proc"
	"github.com/lockshim/lockshim/shim/profile"
)

// Inspect says what is known of a service: what its shim knows, or, where none
// answers, what can be seen from the lockfile and /proc alone: generations are
// counted from those that live then. A service whose lockfile was deleted is found all
// the same; a lockfile that nobody ever made is a free service.
//
// What the caller may not read it cannot see: ask as the service's user, or as
// root. Errors are those of flock.Open and of proc.Look.
func Inspect(lock string) (Status, error) {
	var s Status
	if asked, err := consult(lock, control.Request{Verb: control.Status}, &s, nil); asked && err == nil {
		return s, nil
	}
	o, err := observe(lock)
	if err != nil {
		return Status{}, err
	}
	return o.status(), nil
}

// Signal sends sig to the current master, and a signal that ends programs to
// every master. It returns who was signalled, sorted.
//
// Errors wrap ErrNotRunning where no master lives, or the errno: EPERM where
// the master belongs to somebody else.
func Signal(lock string, sig syscall.Signal) ([]int, error) {
	var pids []int
	asked, err := consult(lock, control.Request{Verb: control.Signal, Signal: profile.SignalName(sig)}, &pids, nil)
	if asked {
		return pids, err
	}
	o, err := observe(lock)
	if err != nil {
		return nil, err
	}
	lead := o.view.Masters()
	if o.rules.Profile.Send(sig).Kind != profile.Every {
		lead = lead[max(0, len(lead)-1):]
	}
	return o.signal(lead, sig)
}

// Reload tells the current master to reload, by its profile's signal. It
// returns who was signalled; when the reload is complete it cannot say.
//
// Errors wrap profile.ErrNoOperation, ErrBusy while a stop runs, or are those
// of Signal.
func Reload(lock string) ([]int, error) {
	var pids []int
	if asked, err := consult(lock, control.Request{Verb: control.Reload}, &pids, nil); asked {
		return pids, err
	}
	o, err := observe(lock)
	if err != nil {
		return nil, err
	}
	lead := o.view.Masters()
	sig := o.rules.Profile.Reload
	if len(lead) > 0 && sig == 0 {
		return nil, o.rules.Profile.Missing(profile.Reload)
	}
	return o.signal(lead[max(0, len(lead)-1):], sig)
}

// signal sends sig to processes, and returns the pids of those who got it.
func (o *observation) signal(to []proc.Process, sig syscall.Signal) ([]int, error) {
	var pids []int
	for _, p := range to {
		err := proc.Signal(p.ID, sig)
		if err != nil && !errors.Is(err, proc.ErrGone) {
			return pids, err
		}
		if err == nil {
			pids = append(pids, p.PID)
		}
	}
	if len(pids) == 0 {
		return nil, fmt.Errorf("cannot signal %s: %w", o.lock, ErrNotRunning)
	}
	slices.Sort(pids)
	return pids, nil
}

// An observation is a service as somebody else than its shim sees it.
type observation struct {
	lock     string
	files    []proc.FileID
	rules    proc.Rules
	settings settings // the shim's, where it lives
	view     proc.View
}

// observe looks at a service.
func observe(lock string) (*observation, error) {
	o := &observation{lock: lock}
	file, err := flock.Open(lock, nil)
	switch {
	case err == nil:
		o.files = []proc.FileID{file.ID()}
		defer file.Close()
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	seen, err := lookAtImages(proc.Look, proc.Query{Lock: lock, Files: o.files, Everyone: true})
	if err != nil {
		return nil, err
	}
	seen.Processes = slices.DeleteFunc(seen.Processes, func(p proc.Process) bool { return p.PID == os.Getpid() })
	o.guess(seen)
	o.view = proc.Classify(seen, o.rules)
	if o.nobody() && file != nil {
		return o, nobodyHides(file)
	}
	return o, nil
}

// nobody reports that no process was seen that has to do with the service.
func (o *observation) nobody() bool {
	v := o.view
	return len(v.Shims)+len(v.Generations)+len(v.Launchers)+len(v.Members)+len(v.Strays)+len(v.Foreign) == 0
}

// nobodyHides makes sure of a lockfile that nobody is seen to have: a shim or a
// holder may belong to another user, or to another pid namespace, and what
// cannot be seen is not free. One that is about to end is waited for.
func nobodyHides(file *flock.File) error {
	free, err := eventually(func() (bool, error) {
		if guarded, err := file.Guarded(); guarded || err != nil {
			return false, err
		}
		return file.TryWait()
	})
	if err == nil && !free {
		err = fmt.Errorf("cannot see who has %s: %w", file.Path(), syscall.EACCES)
	}
	return err
}

// guess finds out what the shim knows: from its command line while it lives,
// else from the members themselves.
func (o *observation) guess(seen proc.Snapshot) {
	for _, p := range seen.Processes {
		if p.Guard && !p.Zombie() {
			o.settings = readSettings(p.Args)
			o.rules = proc.Rules{Profile: o.settings.profile, Command: o.settings.command, Shim: p.PID}
			if o.settings.profile.Name == generic {
				o.rules.Launched = firstChild(seen, p.PID)
			}
			return
		}
	}
	o.rules = rulesOf(seen)
	o.settings = settings{profile: o.rules.Profile, command: o.rules.Command}
}

// generic is the profile that knows no titles: only its command line tells a
// server of it.
const generic = "generic"

// firstChild is the oldest child of pid that lives.
func firstChild(seen proc.Snapshot, pid int) proc.ID {
	var first proc.ID
	for _, p := range seen.Processes {
		if p.PPID == pid && !p.Zombie() && (first.PID == 0 || p.ID.Start < first.Start) {
			first = p.ID
		}
	}
	return first
}

// rulesOf guesses from a tree without a shim: the first member that is a server
// of a known kind names the profile; with none, the oldest member is the server,
// unless a server must have been its parent.
func rulesOf(seen proc.Snapshot) proc.Rules {
	var oldest proc.Process
	for _, p := range seen.Processes {
		if p.Zombie() || !p.Marked && !p.Shared {
			continue
		}
		if found, ok := kindOf(p); ok {
			return proc.Rules{Profile: found}
		}
		if p.Marked && !p.Held && !profile.Tracker(p.Args) && (oldest.PID == 0 || p.ID.Start < oldest.ID.Start) {
			oldest = p
		}
	}
	r := proc.Rules{Command: oldest.Args}
	r.Profile, _ = profile.Lookup(generic)
	if profile.Spawned(oldest.Args) {
		r.Profile.Spawns, r.Command = true, nil
	}
	return r
}

// kindOf recognises a server by its title or its command line.
func kindOf(p proc.Process) (profile.Profile, bool) {
	for _, known := range profile.All() {
		if known.Role(p.Args) != profile.Unknown {
			return known, true
		}
	}
	found := profile.Recognise(p.Args)
	return found, found.Name != generic && len(p.Args) > 0
}
