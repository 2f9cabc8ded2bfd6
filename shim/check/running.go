package check

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/flock"
)

// clock is how a time is written.
const clock = "2006-01-02 15:04:05"

// running looks for a service that has the lockfile already, and for strangers
// that have it locked.
func running(s *Subject) []Finding {
	var err error
	if s.status, err = shim.Inspect(s.Lock); err != nil {
		if _, broken := flock.Check(s.Lock, &flock.Create{UID: s.LockUID, GID: s.LockGID}); broken != nil {
			return nil // the lockfile's own finding says it
		}
		if errors.Is(err, syscall.EACCES) { // somebody has it who cannot be seen from here
			err = &shim.LockedError{Lock: s.Lock}
		}
		return fail("running", "", err)
	}
	if p := s.status.Shim; p != nil && s.Runs {
		return append(ok("running", "pid %d keeps it since %s: it is %s", p.PID, p.Started.Format(clock), s.status.State), holders(s)...)
	} else if p != nil {
		held := &shim.LockedError{Lock: s.Lock, PID: p.PID, Shim: true, Since: p.Started, Command: "lockshim run"}
		return fail("running", "", held)
	}
	if server := newest(s.status); server != nil {
		s.running = true
		return alive(s, *server)
	}
	return append(unlocked(s), strangers(s)...)
}

// newest is the current master, or a worker where no master is left.
func newest(st shim.Status) (p *shim.ProcessStatus) {
	for i := range st.Generations {
		if g := &st.Generations[i]; g.Master != nil {
			p = g.Master
		} else if p == nil && len(g.Workers) > 0 {
			p = &g.Workers[0]
		}
	}
	return p
}

// alive is about a tree without a shim.
func alive(s *Subject, p shim.ProcessStatus) []Finding {
	who := fmt.Sprintf("the server runs already, without a shim: pid %d (%s) since %s", p.PID, p.Command, p.Started.Format(clock))
	switch {
	case s.Runs:
		return warn("running", "", "%s: a shim would adopt it", who)
	case s.IfRunning == shim.Refuse:
		return fail("running", "--if-running adopt", &shim.LockedError{Lock: s.Lock, PID: p.PID, Since: p.Started, Command: p.Command})
	case s.IfRunning == shim.Replace:
		return warn("running", "", "%s: it would be stopped first", who)
	}
	return warn("running", "--if-running replace", "%s: it would be adopted, and COMMAND not executed", who)
}

// strangers are foreign holders, and members that are no server.
func strangers(s *Subject) []Finding {
	found := holders(s)
	for _, p := range s.status.Strays {
		found = append(found, warn("holder", fmt.Sprintf("ps -fp %d", p.PID),
			"pid %d (%s) is left of an earlier run: the stop will end it", p.PID, p.Command)...)
	}
	return found
}

// holders are the foreign ones.
func holders(s *Subject) (found []Finding) {
	for _, p := range s.status.Foreign {
		found = append(found, warn("holder", fmt.Sprintf("ps -fp %d", p.PID),
			"pid %d (%s) has the lockfile locked and is not of the service: it is not waited for", p.PID, p.Command)...)
	}
	return found
}

// unlocked foresees whether Run gets the locks that a launch needs. Where nobody
// is seen who has one, it makes sure that nobody has.
func unlocked(s *Subject) []Finding {
	f, err := flock.Open(s.Lock, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return ok("running", "nobody has the service")
	}
	if err != nil {
		return nil // as above
	}
	defer f.Close()
	try, holder := f.TryWait, shim.ProcessStatus{}
	if len(s.status.Foreign)+len(s.status.Strays) > 0 {
		try = f.TryShare
	}
	if len(s.status.Foreign) > 0 {
		holder = s.status.Foreign[0]
	}
	free, err := try()
	switch {
	case err != nil:
		return fail("running", "", err)
	case !free:
		return fail("running", "", &shim.LockedError{Lock: s.Lock, PID: holder.PID, Since: holder.Started, Command: holder.Command})
	}
	return ok("running", "nobody has the service")
}
