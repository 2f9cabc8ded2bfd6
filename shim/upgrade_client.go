package shim

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lockshim/lockshim/shim/control"
	"github.com/lockshim/lockshim/shim/event"
)

// Upgrade brings a new generation in, and the old one out, and returns when that
// is done or rolled back: through the shim, which goes on when the caller is gone,
// or where none lives by the same steps in this process. tell, which may be nil,
// is told what happens meanwhile.
//
// It returns the state of the service after an upgrade. A generation that dies
// when the old one was told to go is not undone. Errors wrap ErrUpgrade, and with
// it ErrPreflight, ErrTimeout for a generation that was not ready in time, ErrBusy
// for what forbids an upgrade now; or ErrBusy alone where it was not begun,
// ErrNotRunning, profile.ErrNoOperation; or are those of Inspect.
func Upgrade(lock string, tell func(event.Event)) (Status, error) {
	var s Status
	asked, err := consult(lock, control.Request{Verb: control.Upgrade}, &s, tell)
	if asked {
		return s, err
	}
	o, err := observe(lock)
	if err != nil {
		return s, err
	}
	if len(o.view.Masters()) == 0 {
		return s, fmt.Errorf("cannot upgrade %s: %w", lock, ErrNotRunning)
	}
	if err := o.upgradeTree(tell); err != nil {
		return s, err
	}
	return Inspect(lock)
}

// Cancel rolls back the upgrade that the service's shim runs. It does not wait
// for that: who asked for the upgrade is told.
//
// Errors wrap ErrBusy where none runs, or the old generation is on its way out
// already; ErrNotRunning where no shim answers; or are those of Inspect.
func Cancel(lock string) error {
	asked, err := consult(lock, control.Request{Verb: control.Cancel}, new(bool), nil)
	if !asked {
		return fmt.Errorf("cannot cancel an upgrade of %s: no shim answers: %w", lock, ErrNotRunning)
	}
	return err
}

// upgradeTree upgrades without a shim, holding the guard meanwhile.
func (o *observation) upgradeTree(tell func(event.Event)) error {
	m, err := o.stand(tell)
	if err != nil {
		return err
	}
	m.once = true
	m.openRelay()
	defer m.closeRelay()
	m.begins()
	m.pending = append(m.pending, input{kind: wanted})
	_, err = m.loop()
	for _, f := range m.own {
		err = errors.Join(err, f.Close())
	}
	return errors.Join(err, m.failure)
}

// progress gives the events of a request's progress to tell.
func progress(tell func(event.Event)) func(json.RawMessage) {
	if tell == nil {
		return nil
	}
	return func(text json.RawMessage) {
		var e event.Event
		if json.Unmarshal(text, &e) == nil {
			tell(e)
		}
	}
}
