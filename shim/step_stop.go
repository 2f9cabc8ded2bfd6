package shim

import (
	"syscall"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

// straySchedule is what ends strays: what systemd does with what is left of a
// control group (systemd.kill(5)), sooner. A stop that is to be over soon has no
// more time for them than it has for the servers.
func (s state) straySchedule() profile.Schedule {
	wait := strayTime
	if total, ends := s.ordered.Length(); s.ordered != nil && ends {
		wait = min(wait, total)
	}
	return profile.Schedule{{Signal: syscall.SIGTERM, Wait: wait}, {Signal: syscall.SIGKILL, Wait: profile.Forever}}
}

// begin starts a schedule.
func (r rules) begin(s state, p phase, schedule profile.Schedule) (state, []action) {
	s.phase, s.schedule, s.at = p, schedule, 0
	return r.take(s)
}

// next goes on to the schedule's next step. A schedule that has ended stays
// where it is: the tree lives, and so does the shim.
func (r rules) next(s state) (state, []action) {
	if s.upgrade.stage != noUpgrade {
		return r.hurry(s)
	}
	if s.at >= len(s.schedule) {
		return s, nil
	}
	s.at++
	return r.take(s)
}

// take does the schedule's present step.
func (r rules) take(s state) (state, []action) {
	s.passedOn = false
	if s.at >= len(s.schedule) && s.giveUp {
		s.phase = over
		return s, []action{{kind: exit, code: stillThere}}
	}
	if s.at >= len(s.schedule) {
		return s, []action{{kind: noStep}, {kind: fail}}
	}
	step := s.schedule[s.at]
	actions := []action{
		{kind: tell, event: event.Stopping, signal: step.Signal},
		{kind: send, target: s.target(step.Signal), signal: step.Signal},
	}
	if step.Wait < 0 {
		return s, append(actions, action{kind: noStep})
	}
	return s, append(actions, action{kind: stepIn, after: step.Wait})
}

// target is whom a schedule's signal goes to. The first goes to the masters,
// which end their workers. What follows it goes to the workers too: Unicorn's and
// Gunicorn's masters read no signal while they stop.
func (s state) target(sig syscall.Signal) target {
	switch {
	case s.phase == lingering && s.stop:
		return everybody
	case s.phase == lingering:
		return leftover
	case sig == syscall.SIGKILL && s.stop:
		return everybody
	case sig == syscall.SIGKILL, s.phase == masterless, s.at > 0, s.hurried:
		return servers
	}
	return masters
}

// signalled does what the profile says of a signal to the shim.
func (r rules) signalled(s state, a profile.Action, in input) (state, []action) {
	switch a.Kind {
	case profile.Stop, profile.Graceful, profile.Quick:
		s.replace = false
	}
	switch a.Kind {
	case profile.Stop:
		return r.stop(s, r.profile.Stop)
	case profile.Graceful, profile.Quick:
		return r.stop(s, profile.Schedule{{Signal: r.profile.Signal(a.Kind), Wait: profile.Forever}})
	case profile.Upgrade:
		return r.want(s, in)
	case profile.Reload:
		return r.operate(s, r.profile.Signal(a.Kind), in)
	case profile.Every:
		s.stop = s.stop || ends(a.Signal)
		return s, []action{{kind: send, target: masters, signal: a.Signal}}
	case profile.Forward:
		return s, []action{{kind: send, target: current, signal: a.Signal}}
	}
	return s, []action{{kind: ignore, signal: in.signal}}
}

// requested: an operator asks for a stop, by a schedule of its own or by the
// profile's. Another one takes the place of what ends a tree without a master.
func (r rules) requested(s state, schedule profile.Schedule) (state, []action) {
	s.replace = false
	if schedule == nil {
		return r.stop(s, r.profile.Stop)
	}
	s.ordered = schedule
	if s.phase == masterless && !same(s.schedule, schedule) {
		s.stop = true
		return r.begin(s, masterless, schedule)
	}
	return r.stop(s, schedule)
}

// stop begins a stop. Where the same one runs already, it goes on to its next
// step now; what ends strays is hurried likewise.
func (r rules) stop(s state, schedule profile.Schedule) (state, []action) {
	s.stop = true
	switch {
	case s.phase == lingering && len(s.schedule) > 0, s.phase == masterless, s.phase == stopping && same(s.schedule, schedule):
		if s.at+1 >= len(s.schedule) {
			return r.take(s)
		}
		return r.next(s)
	case s.phase == lingering, s.phase == draining:
		return r.begin(s, lingering, s.straySchedule())
	}
	s.hurried = s.phase == stopping
	return r.begin(s, stopping, schedule)
}

// same reports whether two schedules are one.
func same(a, b profile.Schedule) bool {
	return a.String() == b.String()
}

// operate sends an operation's signal to the current master, unless the service
// is on its way out, or not yet who it will be.
func (r rules) operate(s state, sig syscall.Signal, in input) (state, []action) {
	if s.phase != serving || s.upgrade.stage != noUpgrade {
		return s, []action{{kind: ignore, signal: in.signal}}
	}
	return s, []action{{kind: send, target: current, signal: sig}}
}

// ends reports whether people end programs with sig.
func ends(sig syscall.Signal) bool {
	return sig == syscall.SIGTERM || sig == syscall.SIGINT || sig == syscall.SIGQUIT
}
