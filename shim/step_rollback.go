package shim

import (
	"cmp"
	"fmt"
	"syscall"

	"github.com/lockshim/lockshim/shim/event"
)

// rollBack ends the new generation, and nobody else. One that has taken the old
// one's place in the same process is all there is.
func (r rules) rollBack(s state, cause error) (state, []action) {
	if r.profile.InPlace || s.upgrade.new == 0 {
		return r.failed(s, cause)
	}
	if s.upgrade.alone {
		return r.failed(s, fmt.Errorf("%w; %w", cause, errKept))
	}
	s.upgrade.stage, s.upgrade.cause = failing, cause
	return r.undo(s, 0)
}

// undo takes a step of a roll-back: the graceful stop, as who is not ready may
// answer requests all the same, then KILL. Where the old master leaves by itself,
// KILL is the first step, as it is tableflip's: told to stop, the new one would
// remove the paths of the unix sockets that both listen on.
func (r rules) undo(s state, at int) (state, []action) {
	s.upgrade.at = at
	sig, to := cmp.Or(r.profile.Graceful, r.profile.Quick, syscall.SIGTERM), newcomers
	if r.profile.Leaves && r.profile.Quick != 0 {
		sig = r.profile.Quick // a process of tableflip that ends by itself removes its sockets' paths
	}
	actions := []action{{kind: quit}, {kind: noTime}}
	last := action{kind: stepIn, after: failTime}
	if at > 0 || r.profile.Leaves {
		sig, to, last = syscall.SIGKILL, allNewcomers, action{kind: noStep}
	}
	actions = append(actions, action{kind: send, target: to, signal: sig, number: s.upgrade.old}, last)
	return s, append(actions, action{kind: look})
}

// overdue: what the upgrade waits for has had its time.
func (r rules) overdue(s state) (state, []action) {
	if s.phase != serving {
		return s, nil
	}
	switch s.upgrade.stage {
	case noUpgrade, begun:
		s.late = true
		return s, []action{{kind: quit}, {kind: tell, event: event.NotReady}, {kind: look}}
	case checking:
		return r.failed(s, errSlowCheck)
	case coming:
		s.upgrade.unfound = true
		return s, []action{{kind: look}}
	case proving:
		return r.rollBack(s, errNotReady)
	case trial:
		return r.passed(s)
	}
	return s, nil
}

// cancel rolls an upgrade back where that can be done.
func (r rules) cancel(s state, in input) (state, []action) {
	agreed := action{kind: agree, asker: in.asker}
	switch s.upgrade.stage {
	case noUpgrade:
		return s, []action{{kind: refuse, asker: in.asker, err: errNoUpgrade}}
	case begun, checking:
		s, actions := r.failed(s, errCancelled)
		return s, append(actions, agreed)
	case coming:
		s.upgrade.cause = errCancelled
		return s, []action{agreed}
	case proving, trial:
		s, actions := r.rollBack(s, errCancelled)
		return s, append(actions, agreed)
	case failing:
		return s, []action{agreed}
	}
	return s, []action{{kind: refuse, asker: in.asker, err: errTooLate}}
}

// hurry goes on to the next step of what an upgrade ends.
func (r rules) hurry(s state) (state, []action) {
	switch s.upgrade.stage {
	case retiring:
		return r.retire(s, s.upgrade.at+1)
	case failing:
		return r.undo(s, s.upgrade.at+1)
	}
	return s, nil
}

// upgraded: the new generation is the only one. One that finished what an earlier
// shim began is followed by the one that was asked for.
func (r rules) upgraded(s state) (state, []action) {
	actions := []action{{kind: noStep}, {kind: tell, event: event.Upgraded, number: s.upgrade.new}}
	s.interrupted = false
	if s.upgrade.resumed {
		s.upgrade = upgrade{stage: begun}
		return s, append(actions, action{kind: look})
	}
	s.upgrade = upgrade{}
	return s, append(actions, action{kind: succeed})
}

// failed ends an upgrade without success.
func (r rules) failed(s state, why error) (state, []action) {
	told := action{kind: tell, event: event.UpgradeFailed, err: why}
	if s.upgrade.stage == begun { // what waits for the first generation goes on
		s.upgrade = upgrade{}
		return s, []action{told}
	}
	s.upgrade = upgrade{}
	return s, []action{{kind: quit}, {kind: noTime}, {kind: noStep}, told}
}

// overtaken ends an upgrade that something else has made pointless.
func (r rules) overtaken(s state) (state, []action) {
	why := errNoMaster
	if s.stop {
		why = errStopped
	}
	s.upgrade = upgrade{}
	return s, []action{{kind: noTime}, {kind: tell, event: event.UpgradeFailed, err: why}}
}
