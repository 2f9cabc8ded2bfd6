package shim

import (
	"cmp"
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
		refused.err = busy("the service is " + s.phase.String())
	case s.upgrade.stage != noUpgrade:
		refused.err = busy("another upgrade runs")
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
	case u.stage >= proving && u.stage < failing && !c.newLed && c.newOwed:
		return s, nil
	case (u.stage == proving || u.stage == trial) && !c.newLed:
		return r.died(s, c)
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
			return r.failed(s, errTwo)
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

// lost: the new generation has come and gone, or never came. A master that ended
// before a look found it may have left workers that serve for ever, as nginx's do:
// they are ended.
func (r rules) lost(s state, c census) (state, []action) {
	if c.new && !c.newLed {
		s.upgrade.new = s.upgrade.old + 1
		return r.rollBack(s, cmp.Or(s.upgrade.cause, errEarlyEnd))
	}
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
func (r rules) died(s state, c census) (state, []action) {
	if c.newWas {
		return r.rollBack(s, errLateEnd)
	}
	return r.rollBack(s, errEarlyEnd)
}

// proven: a generation is ready.
func (r rules) proven(s state, in input) (state, []action) {
	switch s.upgrade.stage {
	case noUpgrade: // the first one, which has its time too
		return s, []action{{kind: noTime}}
	case begun:
		return s, []action{{kind: noTime}, {kind: look}}
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
