package shim

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"
	"time"

	"github.com/lockshim/lockshim/shim/control"
	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/flock"
	"github.com/lockshim/lockshim/shim/proc"
	"github.com/lockshim/lockshim/shim/profile"
)

// Stop ends a service and returns when nothing of it is left: through its shim,
// or by the same schedule where the shim is dead, or is killed meanwhile. schedule is
// that of this stop, nil for the shim's or the profile's. It blocks as long as that
// does; emit, which may be nil, is told what happens where the shim cannot.
//
// A schedule of its own takes the place of one that runs, but for what ends strays.
// A shim without a socket cannot be told of it, and is waited for no longer.
//
// Errors wrap ErrNotRunning where there was nothing to stop, ErrStillThere
// where a schedule with an end has ended in vain, or are those of Inspect and
// of Run.
func Stop(lock string, schedule profile.Schedule, emit func(event.Event)) error {
	o, err := observe(lock)
	if err != nil {
		return err
	}
	if len(o.view.Shims)+len(o.view.Servers())+len(o.view.Strays)+len(o.view.Members) == 0 {
		return fmt.Errorf("cannot stop %s: %w", lock, ErrNotRunning)
	}
	for len(o.view.Shims) > 0 {
		if err := o.stopShim(schedule); err != nil {
			return err
		}
		if o, err = o.outlived(); o == nil {
			return err
		}
	}
	return o.stopTree(schedule, emit)
}

// follow takes a schedule, if there is one, for the shim's or the profile's.
func (o *observation) follow(schedule profile.Schedule) {
	if schedule != nil {
		o.rules.Profile.Stop = schedule
	}
}

// outlived looks again when the shim has ended: it may have been killed. It returns
// nil where none of the servers is left that were there.
func (o *observation) outlived() (*observation, error) {
	now, err := observe(o.lock)
	if err != nil {
		return nil, err
	}
	for _, p := range now.view.Servers() {
		if slices.ContainsFunc(o.view.Servers(), func(old proc.Process) bool { return old.ID == p.ID }) {
			return now, nil
		}
	}
	return nil, nil
}

// grace is what a shim may take beyond its schedule.
const grace = 5 * time.Second

// stopShim asks the shim, over its socket or by TERM, and waits for its end.
func (o *observation) stopShim(schedule profile.Schedule) error {
	o.follow(schedule)
	h, err := proc.Open(o.view.Shims[0].ID)
	if errors.Is(err, proc.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	r := control.Request{Verb: control.Stop, Stop: schedule.String()}
	if asked, err := consult(o.lock, r, new(int), nil); asked && err != nil && !errors.Is(err, control.ErrLost) {
		return errors.Join(err, h.Close())
	} else if asked {
		return errors.Join(h.Wait(), h.Close())
	}
	if err := h.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, proc.ErrGone) {
		return errors.Join(err, h.Close())
	}
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(h.Wait(), h.Close()) }()
	select {
	case err := <-ended:
		return err
	case <-o.scheduleEnd():
		return fmt.Errorf("cannot stop %s: %w", o.lock, ErrStillThere)
	}
}

// scheduleEnd tells when the schedule must have ended; never for one without an end.
func (o *observation) scheduleEnd() <-chan time.Time {
	total := grace
	for _, step := range o.rules.Profile.Stop {
		if step.Wait < 0 {
			return nil
		}
		total += step.Wait
	}
	return time.After(total)
}

// stopTree runs the schedule itself, as a shim that adopted the tree would. It
// holds the guard meanwhile: no shim comes between.
func (o *observation) stopTree(schedule profile.Schedule, emit func(event.Event)) error {
	o.follow(schedule)
	m, err := o.stand(emit)
	if err != nil {
		return err
	}
	m.state.giveUp = true
	next, actions := m.rules.requested(m.state, schedule)
	m.state = next
	m.do(actions)
	m.pending = append(m.pending, input{kind: looked, seen: m.census()})
	go m.await(m.own)
	code, err := m.loop()
	if err == nil && code == stillThere && m.state.at >= len(m.state.schedule) && len(m.state.schedule) > 0 {
		err = fmt.Errorf("cannot stop %s: %w", o.lock, ErrStillThere)
	}
	return err
}

// stand makes a machine that stands in for a shim that died: it has the guard, and
// has adopted the tree.
func (o *observation) stand(emit func(event.Event)) (*machine, error) {
	m := newMachine(Config{Lock: o.lock, Command: o.rules.Command, Profile: o.rules.Profile, Emit: emit, LockUID: -1, LockGID: -1})
	m.state = state{lock: asked, code: unknown, adopted: true}
	if err := m.openGuarded(); err != nil {
		return nil, err
	}
	if err := m.see(true); err != nil {
		return nil, err
	}
	return m, m.follow()
}

// Wait blocks until nobody holds the lock of the service, or timeout has
// passed; 0 waits for ever. A lockfile that does not exist is held by nobody.
// It does not say who held it, nor that nobody takes it in the next moment.
//
// Errors wrap ErrTimeout, or are those of flock.Open.
func Wait(lock string, timeout time.Duration) error {
	var late <-chan time.Time
	if timeout > 0 {
		late = time.After(timeout)
	}
	done := make(chan error, 1)
	go func() { done <- waitFree(lock) }()
	select {
	case err := <-done:
		return err
	case <-late:
		return fmt.Errorf("cannot wait for %s: %w", lock, ErrTimeout)
	}
}

// waitFree waits for the file that the path names, and again where it has come
// to name another one.
func waitFree(lock string) error {
	for {
		file, err := flock.Open(lock, nil)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		err = file.Wait()
		same, namedErr := file.Named()
		if err := errors.Join(err, namedErr, file.Close()); err != nil || same {
			return err
		}
	}
}
