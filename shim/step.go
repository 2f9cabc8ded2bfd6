package shim

import (
	"time"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

// A machine's rules are what step is told once.
type rules struct {
	profile      profile.Profile
	strays       StrayPolicy
	preflight    bool          // there is one
	readyTimeout time.Duration // what a generation has to become ready
	trial        time.Duration // what a new one has to live on then
}

// step answers one fact: the next state, and what the loop is to do. It is
// pure, and answers every input in every phase; a fact that cannot be is
// answered by nothing. An upgrade ends with the time of serving.
func (r rules) step(s state, in input) (state, []action) {
	if s.phase == over {
		return s, nil
	}
	next, actions := r.answer(s, in)
	if next.phase == serving || next.upgrade.stage == noUpgrade {
		return next, actions
	}
	next, ended := r.overtaken(next)
	return next, append(ended, actions...)
}

// answer is step, but for an upgrade that does not outlive it.
func (r rules) answer(s state, in input) (state, []action) {
	switch in.kind {
	case lockGranted:
		s.lock = granted
		return r.perhapsOver(s)
	case lockFailed:
		s.lock = broken
		return r.perhapsOver(s)
	case exited:
		return r.exited(s, in)
	case looked:
		return r.looked(s, in.seen)
	case signalled:
		return r.signalled(s, r.profile.Action(in.signal), in)
	case requested:
		return r.requested(s, in.schedule)
	case settled:
		return s, []action{{kind: look, everyone: true}}
	case stepDue:
		return r.next(s)
	case readied, wanted, cancelled, checked, timeUp:
		return r.upgrading(s, in)
	case doubtDue:
		s.doubted = true
		return s, []action{{kind: look, everyone: s.adopted}}
	}
	return s, nil
}

// perhapsOver ends at once where the lock and the children agree that nobody is
// left. Else what is missing comes by itself in a moment, or a look tells why not.
func (r rules) perhapsOver(s state) (state, []action) {
	if s.alone && (s.lock == granted || s.lock == broken) {
		return r.end(s)
	}
	return s, []action{{kind: settle, after: settleTime}}
}

// exited notes how a master ended, and looks who is left.
func (r rules) exited(s state, in input) (state, []action) {
	if in.role == aMaster || in.role == aSuspect && in.code < 128 {
		s.code = in.code
	}
	if !in.left && !s.adopted {
		s.alone = true
		if s.lock == given {
			s.lock = asked
			return s, []action{{kind: ask}, {kind: settle, after: settleTime}}
		}
		return r.perhapsOver(s)
	}
	orphan := in.role != aWorker && in.code == 0 && s.phase == serving && !s.stop
	return s, []action{{kind: look, everyone: s.adopted, orphan: orphan}}
}

// looked decides what follows from who is left.
func (r rules) looked(s state, c census) (state, []action) {
	switch {
	case c.doubtful && s.doubted:
		return r.unled(s)
	case c.doubtful && s.phase == serving:
		return s, []action{{kind: doubt, after: doubtTime}}
	case c.masters > 0:
		return r.served(s, c)
	case c.workers > 0:
		return r.unled(s)
	case c.strays > 0:
		return r.strayed(s, c)
	case c.helpers > 0:
		return r.helped(s, c)
	case c.members > 0:
		return r.joined(s)
	}
	return r.deserted(s, c)
}

// served: a master lives. It calls off what began because none was seen, and
// gives the lock back to a server that runs without it.
func (r rules) served(s state, c census) (state, []action) {
	var actions []action
	if s.phase != serving && s.phase != stopping {
		s.phase, s.schedule = serving, nil
		actions = append(actions, action{kind: noStep})
	}
	switch {
	case s.lock == granted && s.phase == serving:
		s.lock = given
		actions = append(actions, action{kind: giveBack}, action{kind: tell, event: event.Unlocked})
	case s.lock == given && c.locked:
		s.lock = asked
		actions = append(actions, action{kind: ask})
	}
	s, more := r.surveyed(s, c)
	return s, append(actions, more...)
}

// unled: workers live, their master does not, and nobody comes to lead them.
func (r rules) unled(s state) (state, []action) {
	switch s.phase {
	case stopping, masterless:
		if s.passedOn || s.at >= len(s.schedule) {
			return s, nil
		}
		s.passedOn = true
		return s, []action{{kind: send, target: servers, signal: s.schedule[s.at].Signal}}
	}
	schedule := r.profile.Stop
	if r.profile.Orphans != nil {
		schedule = r.profile.Orphans
	}
	s, actions := r.begin(s, masterless, schedule)
	s.passedOn = true
	return s, append([]action{{kind: tell, event: event.Masterless}}, actions...)
}

// strayed: only strays are left, and the policy says what becomes of them.
func (r rules) strayed(s state, c census) (state, []action) {
	if s.phase == lingering {
		return s, nil
	}
	told := action{kind: tell, event: event.StrayLeft}
	switch r.strays {
	case LeaveStrays:
		if c.members > 0 && !s.stop {
			s, actions := r.joined(s)
			return s, append([]action{told}, actions...)
		}
		s, actions := r.end(s)
		return s, append([]action{told}, actions...)
	case WaitStrays:
		s.phase, s.schedule = lingering, nil
		return s, []action{told, {kind: noStep}}
	}
	s, actions := r.begin(s, lingering, s.straySchedule())
	return s, append([]action{told}, actions...)
}

// helped: only helpers are left, which end by themselves. One that does not, as
// somebody else has its pipe, is a stray.
func (r rules) helped(s state, c census) (state, []action) {
	if s.helped {
		return r.strayed(s, c)
	}
	s.helped = true
	return s, []action{{kind: settle, after: helperTime}}
}

// joined: only members elsewhere are left. A stop ends them like strays;
// otherwise they are waited for.
func (r rules) joined(s state) (state, []action) {
	if s.stop && r.strays == KillStrays {
		if s.phase == lingering {
			return s, nil
		}
		return r.begin(s, lingering, s.straySchedule())
	}
	s.phase, s.schedule = draining, nil
	if s.lock == given {
		s.lock = asked
		return s, []action{{kind: noStep}, {kind: ask}}
	}
	return s, []action{{kind: noStep}}
}

// deserted: nobody of the service was seen. Whoever else holds the lock is not
// waited for; if nobody does, the lock is on its way, or held by a process that
// cannot be seen, which is foreign too. A child that was not seen is about to
// be reaped, and how an adopted one ended is about to be told.
func (r rules) deserted(s state, c census) (state, []action) {
	if !s.alone && !s.adopted || c.owed {
		return s, nil
	}
	if s.lock == granted || s.lock == broken || c.foreign > 0 || s.missed {
		return r.end(s)
	}
	s.missed = true
	actions := []action{{kind: settle, after: missedTime}}
	if s.lock == given {
		s.lock = asked
		actions = append(actions, action{kind: ask})
	}
	return s, actions
}

// end is the last step: exit, or launch anew where that was the point.
func (r rules) end(s state) (state, []action) {
	if s.replace {
		return r.relaunch(s)
	}
	s.phase, s.schedule = over, nil
	code := s.code
	if code == unknown {
		code = 1
		if s.stop {
			code = 0
		}
	}
	return s, []action{{kind: exit, code: code}}
}

// relaunch starts the server where an adopted tree was. The exclusive lock has
// to go first: the shared one cannot be had beside it.
func (r rules) relaunch(s state) (state, []action) {
	actions := []action{{kind: noStep}}
	if s.lock == granted {
		actions = append(actions, action{kind: giveBack})
	}
	actions = append(actions, action{kind: relaunch})
	if s.lock != asked {
		actions = append(actions, action{kind: ask})
	}
	return state{lock: asked, code: unknown}, actions
}
