package shim

import (
	"fmt"
	"syscall"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

// upgrading answers what only an upgrade is about.
func (r rules) upgrading(s state, in input) (state, []action) {
	switch in.kind {
	case wanted:
		return r.want(s, in)
	case cancelled:
		return r.cancel(s, in)
	case checked:
		return r.preflown(s, in.err)
	case readied:
		return r.proven(s, in)
	}
	return r.overdue(s)
}

// want begins an upgrade, unless something forbids it that is known already. A
// look tells the rest.
func (r rules) want(s state, in input) (state, []action) {
	refused := action{kind: refuse, signal: in.signal, asker: in.asker}
	switch {
	case r.profile.Upgrade == 0:
		refused.err = r.profile.Missing(profile.Upgrade)
	case s.phase != serving:
		refused.err = fmt.Errorf("cannot upgrade: the service is %s: %w", s.phase, ErrBusy)
	case s.upgrade.stage != noUpgrade:
		refused.err = fmt.Errorf("cannot upgrade: another upgrade runs: %w", ErrBusy)
	default:
		s.upgrade = upgrade{stage: begun}
		return s, []action{{kind: accept, asker: in.asker}, {kind: look}}
	}
	return s, []action{refused}
}

// surveyed goes on with an upgrade after a look that showed a master.
func (r rules) surveyed(s state, c census) (state, []action) {
	s.upgrade.alone = !c.oldLed
	u := s.upgrade
	switch {
	case u.stage == noUpgrade:
		s.upgrade = upgrade{}
	case u.stage == begun:
		return r.permitted(s, c)
	case u.stage == coming && c.newest > u.old:
		return r.came(s, c)
	case u.stage == coming && (c.stunted || u.unfound):
		return r.lost(s, c)
	case (u.stage == proving || u.stage == trial) && !c.newLed:
		return r.died(s, u.stage)
	case u.stage == retiring && !c.newLed:
		return r.failed(s, errLateEnd)
	case u.stage == retiring && !c.old:
		return r.upgraded(s)
	case u.stage == retiring && u.at < 0:
		return r.retire(s, 0)
	case u.stage == failing && !c.new:
		return r.failed(s, u.cause)
	}
	return s, nil
}

// permitted decides, from what lives, whether an upgrade may go on.
func (r rules) permitted(s state, c census) (state, []action) {
	if c.masters > 1 && !r.profile.InPlace {
		if !s.interrupted {
			return r.failed(s, fmt.Errorf("%w: %w", errTwo, ErrBusy))
		}
		s.upgrade = upgrade{stage: coming, old: c.newest - 1, resumed: true}
		return r.came(s, c)
	}
	if c.unready && !s.late {
		return s, nil // which is told, or has its time
	}
	s.upgrade.old = c.newest
	if r.preflight {
		s.upgrade.stage = checking
		return s, []action{{kind: preflight}, {kind: timeIn, after: r.readyTimeout}}
	}
	return r.call(s)
}

// preflown goes on when the preflight has ended.
func (r rules) preflown(s state, err error) (state, []action) {
	if s.upgrade.stage != checking {
		return s, nil
	}
	if err != nil {
		return r.failed(s, err)
	}
	return r.call(s)
}

// call tells the server to bring a new generation in.
func (r rules) call(s state) (state, []action) {
	s.upgrade.stage = coming
	return s, []action{
		{kind: tell, event: event.Upgrading, number: s.upgrade.old},
		{kind: send, target: current, signal: r.profile.Upgrade},
		{kind: timeIn, after: r.readyTimeout},
	}
}

// came: the new generation was seen.
func (r rules) came(s state, c census) (state, []action) {
	s.upgrade.stage, s.upgrade.new = proving, c.newest
	if s.upgrade.cause != nil {
		return r.rollBack(s, s.upgrade.cause)
	}
	return s, []action{{kind: prove, number: c.newest}, {kind: timeIn, after: r.readyTimeout}}
}

// lost: the new generation has come and gone, or never came.
func (r rules) lost(s state, c census) (state, []action) {
	switch {
	case s.upgrade.cause != nil:
		return r.failed(s, s.upgrade.cause)
	case c.stunted:
		return r.failed(s, errStunted)
	}
	return r.failed(s, errNoNewcomer)
}

// died: the master of the new generation is gone, while the old one serves. What
// it left is ended.
func (r rules) died(s state, at stage) (state, []action) {
	if at == trial {
		return r.rollBack(s, errLateEnd)
	}
	return r.rollBack(s, errEarlyEnd)
}

// proven: a generation is ready.
func (r rules) proven(s state, in input) (state, []action) {
	if s.upgrade.stage == begun {
		return s, []action{{kind: look}}
	}
	if s.upgrade.stage != proving || in.number != s.upgrade.new {
		return s, nil
	}
	s.upgrade.stage = trial
	if r.trial == 0 || in.steady || r.profile.InPlace {
		return r.passed(s)
	}
	return s, []action{{kind: timeIn, after: r.trial}}
}

// passed: the old generation may go. A look tells whether it has, by itself.
func (r rules) passed(s state) (state, []action) {
	s.upgrade.stage, s.upgrade.at = retiring, -1
	return s, []action{{kind: quit}, {kind: noTime}, {kind: look}}
}

// retire takes a step of the schedule on the old generation alone. A server that
// re-executes in place has told its old workers itself, and one that leaves by
// itself would be ended in the middle of its requests: what follows the first step
// is for these.
func (r rules) retire(s state, at int) (state, []action) {
	s.upgrade.at = at
	if at >= len(r.profile.Stop) {
		return r.failed(s, errRemains)
	}
	step, to := r.profile.Stop[at], retirees
	if at > 0 || step.Signal == syscall.SIGKILL {
		to = allRetirees
	}
	actions := []action{
		{kind: tell, event: event.Retiring, signal: step.Signal, number: s.upgrade.old},
		{kind: send, target: to, signal: step.Signal, number: s.upgrade.old},
	}
	if at == 0 && (r.profile.InPlace || r.profile.Leaves) {
		actions = nil
	}
	if step.Wait < 0 {
		return s, append(actions, action{kind: noStep})
	}
	return s, append(actions, action{kind: stepIn, after: step.Wait})
}

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

// undo takes a step of a roll-back: the quick stop, then KILL.
func (r rules) undo(s state, at int) (state, []action) {
	s.upgrade.at = at
	sig, to := r.profile.Quick, newcomers
	if sig == 0 {
		sig = syscall.SIGTERM
	}
	actions := []action{{kind: quit}, {kind: noTime}}
	last := action{kind: stepIn, after: failTime}
	if at > 0 {
		sig, to, last = syscall.SIGKILL, allNewcomers, action{kind: noStep}
	}
	actions = append(actions, action{kind: send, target: to, signal: sig, number: s.upgrade.old}, last)
	return s, append(actions, action{kind: look})
}

// overdue: what the upgrade waits for has had its time.
func (r rules) overdue(s state) (state, []action) {
	switch s.upgrade.stage {
	case noUpgrade, begun:
		s.late = true
		return s, []action{{kind: quit}, {kind: tell, event: event.NotReady}, {kind: look}}
	case checking:
		return r.failed(s, fmt.Errorf("the preflight took too long: %w", ErrTimeout))
	case coming:
		s.upgrade.unfound = true
		return s, []action{{kind: look}}
	case proving:
		return r.rollBack(s, fmt.Errorf("%w: %w", errNotReady, ErrTimeout))
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
		return s, []action{{kind: refuse, asker: in.asker, err: fmt.Errorf("cannot cancel: %w: %w", errNoUpgrade, ErrBusy)}}
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
	return s, []action{{kind: refuse, asker: in.asker, err: fmt.Errorf("cannot cancel: %w: %w", errTooLate, ErrBusy)}}
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
