package shim

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockshim/lockshim/shim/profile"
)

var update = flag.Bool("update", false, "write the golden files anew")

// unicornRules are those of a server with an operation for every signal.
func unicornRules(t *testing.T, strays StrayPolicy) rules {
	t.Helper()
	p, err := profile.Lookup("unicorn")
	if err != nil {
		t.Fatal(err)
	}
	return rules{profile: p, strays: strays, readyTimeout: time.Minute, trial: trialTime}
}

type namedInput struct {
	name string
	input
}

// everyInput lists the inputs that step tells apart.
func everyInput() []namedInput {
	list := []namedInput{
		{"lock granted", input{kind: lockGranted}},
		{"lock failed", input{kind: lockFailed}},
		{"master exited 0, others left", input{kind: exited, role: aMaster, left: true}},
		{"master exited 137, others left", input{kind: exited, role: aMaster, code: 137, left: true}},
		{"master exited 3, nobody left", input{kind: exited, role: aMaster, code: 3}},
		{"suspect exited 0, others left", input{kind: exited, role: aSuspect, left: true}},
		{"suspect exited 4, nobody left", input{kind: exited, role: aSuspect, code: 4}},
		{"suspect exited 137, nobody left", input{kind: exited, role: aSuspect, code: 137}},
		{"worker exited, others left", input{kind: exited, left: true}},
		{"worker exited, nobody left", input{kind: exited}},
		{"saw a master with the lock", input{kind: looked, seen: census{masters: 1, workers: 2, locked: true}}},
		{"saw a new generation", input{kind: looked, seen: census{masters: 2, workers: 4, locked: true, newest: 2, unready: true, old: true, oldLed: true, new: true, newLed: true}}},
		{"saw the new generation alone", input{kind: looked, seen: census{masters: 1, workers: 2, locked: true, newest: 2, new: true, newLed: true}}},
		{"saw the old generation alone", input{kind: looked, seen: census{masters: 1, workers: 2, locked: true, newest: 1, old: true, oldLed: true}}},
		{"saw workers of the new generation", input{kind: looked, seen: census{masters: 1, workers: 4, locked: true, newest: 1, old: true, oldLed: true, new: true}}},
		{"saw that a new one was stunted", input{kind: looked, seen: census{masters: 1, workers: 2, locked: true, newest: 1, old: true, oldLed: true, stunted: true}}},
		{"saw a master that is not ready", input{kind: looked, seen: census{masters: 1, workers: 2, locked: true, newest: 1, unready: true, old: true, oldLed: true}}},
		{"saw a master without the lock", input{kind: looked, seen: census{masters: 1, workers: 2}}},
		{"saw a doubtful master", input{kind: looked, seen: census{masters: 1, doubtful: true, locked: true}}},
		{"saw workers", input{kind: looked, seen: census{workers: 2, locked: true}}},
		{"saw strays", input{kind: looked, seen: census{strays: 1}}},
		{"saw strays and members", input{kind: looked, seen: census{strays: 1, members: 1}}},
		{"saw helpers", input{kind: looked, seen: census{helpers: 1}}},
		{"saw helpers and members", input{kind: looked, seen: census{helpers: 1, members: 1}}},
		{"saw members", input{kind: looked, seen: census{members: 1, foreign: 1}}},
		{"saw foreign holders", input{kind: looked, seen: census{foreign: 1}}},
		{"saw nobody", input{kind: looked}},
		{"saw nobody, is owed an end", input{kind: looked, seen: census{owed: true}}},
		{"was asked to stop", input{kind: requested}},
		{"was asked to stop with INT/1/KILL", input{kind: requested, schedule: soon()}},
		{"generation 1 is ready", input{kind: readied, number: 1}},
		{"generation 2 is ready", input{kind: readied, number: 2}},
		{"was asked to upgrade", input{kind: wanted}},
		{"was asked to cancel", input{kind: cancelled}},
		{"the preflight succeeded", input{kind: checked}},
		{"the preflight failed", input{kind: checked, err: ErrPreflight}},
		{"time is up", input{kind: timeUp}},
		{"settled", input{kind: settled}},
		{"step due", input{kind: stepDue}},
		{"doubt due", input{kind: doubtDue}},
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGCHLD} {
		list = append(list, namedInput{"was sent " + profile.SignalName(sig), input{kind: signalled, signal: sig}})
	}
	return list
}

// soon is the schedule of a stop that is to be over soon.
func soon() profile.Schedule {
	return profile.Schedule{{Signal: syscall.SIGINT, Wait: time.Second}, {Signal: syscall.SIGKILL, Wait: profile.Forever}}
}

// everyState lists states that stand for all others.
func everyState(r rules) []state {
	stop, strays := r.profile.Stop, state{}.straySchedule()
	quick := profile.Schedule{{Signal: r.profile.Quick, Wait: profile.Forever}}
	return []state{
		{code: unknown},
		{alone: true, code: 7},
		{lock: granted, code: unknown},
		{lock: given, code: unknown},
		{lock: broken, code: unknown},
		{adopted: true, code: unknown},
		{adopted: true, lock: granted, code: unknown},
		{adopted: true, lock: given, missed: true, code: unknown},
		{doubted: true},
		{phase: stopping, helped: true, stop: true, schedule: stop, code: 0},
		{phase: stopping, stop: true, schedule: stop, code: unknown},
		{phase: stopping, stop: true, schedule: stop, at: 2, passedOn: true, code: unknown},
		{phase: stopping, stop: true, schedule: quick, code: unknown},
		{phase: stopping, stop: true, adopted: true, replace: true, lock: granted, schedule: stop, code: unknown},
		{phase: stopping, stop: true, adopted: true, giveUp: true, schedule: stop[:2], at: 1, code: unknown},
		{phase: stopping, stop: true, schedule: soon(), ordered: soon()},
		{phase: masterless, schedule: stop, passedOn: true, code: 137},
		{phase: masterless, stop: true, schedule: soon(), ordered: soon(), code: 137},
		{phase: lingering, schedule: strays},
		{phase: lingering, schedule: strays, at: 1, stop: true},
		{phase: lingering, lock: given},
		{phase: draining},
		{late: true},
		{adopted: true, interrupted: true},
		{upgrade: upgrade{stage: begun}},
		{upgrade: upgrade{stage: begun}, late: true},
		{upgrade: upgrade{stage: begun}, adopted: true, interrupted: true},
		{upgrade: upgrade{stage: checking, old: 1}},
		{upgrade: upgrade{stage: coming, old: 1}},
		{upgrade: upgrade{stage: coming, old: 1, cause: errCancelled}},
		{upgrade: upgrade{stage: coming, old: 1, unfound: true}},
		{upgrade: upgrade{stage: proving, old: 1, new: 2}},
		{upgrade: upgrade{stage: trial, old: 1, new: 2}},
		{upgrade: upgrade{stage: retiring, old: 1, new: 2, at: -1}},
		{upgrade: upgrade{stage: retiring, old: 1, new: 2, at: 0}},
		{upgrade: upgrade{stage: retiring, old: 1, new: 2, at: 2}},
		{upgrade: upgrade{stage: retiring, old: 1, new: 2, resumed: true}, interrupted: true},
		{upgrade: upgrade{stage: failing, old: 1, new: 2, at: 0, cause: errEarlyEnd}},
		{upgrade: upgrade{stage: failing, old: 1, new: 2, at: 1, cause: errNotReady}},
		{phase: over},
	}
}

// TestStepTable prints what step answers to every input in every state. The
// golden file is the table; its diff is the review.
func TestStepTable(t *testing.T) {
	r := unicornRules(t, KillStrays)
	var table strings.Builder
	for _, s := range everyState(r) {
		fmt.Fprintf(&table, "## %s\n", s)
		for _, in := range everyInput() {
			next, actions := r.step(s, in.input)
			fmt.Fprintf(&table, "%s: %s\n", in.name, answer(s, next, actions))
		}
		fmt.Fprintln(&table)
	}
	golden(t, "testdata/step.golden", table.String())
}

// TestStrayPolicies prints what the three policies answer where they differ.
func TestStrayPolicies(t *testing.T) {
	var table strings.Builder
	for _, policy := range []StrayPolicy{KillStrays, WaitStrays, LeaveStrays} {
		r := unicornRules(t, policy)
		for _, s := range []state{{}, {lock: granted}, {phase: stopping, stop: true, schedule: r.profile.Stop}, {phase: lingering}} {
			fmt.Fprintf(&table, "## %s: %s\n", policy, s)
			for _, in := range everyInput() {
				if in.kind == looked && in.seen.masters+in.seen.workers == 0 {
					next, actions := r.step(s, in.input)
					fmt.Fprintf(&table, "%s: %s\n", in.name, answer(s, next, actions))
				}
			}
			fmt.Fprintln(&table)
		}
	}
	golden(t, "testdata/strays.golden", table.String())
}

// answer is one cell: the actions, and the state if it changed.
func answer(s, next state, actions []action) string {
	var words []string
	for _, a := range actions {
		words = append(words, a.String())
	}
	text := strings.Join(words, "; ")
	if text == "" {
		text = "nothing"
	}
	if next.String() != s.String() {
		text += " -> " + next.String()
	}
	return text
}

// golden compares text with a file, or writes it.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, expected := strings.Split(text, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(got), len(expected)) {
		if got[i] != expected[i] {
			t.Fatalf("%s:%d:\n got %s\nwant %s\n(go test -update writes it anew)", path, i+1, got[i], expected[i])
		}
	}
	if len(got) != len(expected) {
		t.Fatalf("%s has %d lines, step gives %d", path, len(expected), len(got))
	}
}

// TestDeathAlwaysEnds: in whatever state, once every child has ended and the
// lock is granted, in either order, the machine is over or has launched anew.
func TestDeathAlwaysEnds(t *testing.T) {
	for _, policy := range []StrayPolicy{KillStrays, WaitStrays, LeaveStrays} {
		r := unicornRules(t, policy)
		for _, s := range everyState(r) {
			for _, first := range everyInput() {
				middle, _ := r.step(s, first.input)
				if !dies(r, middle) {
					t.Errorf("%s: after %q of %q the end is not seen", policy, first.name, s)
				}
			}
		}
	}
}

// dies plays the end of everything, and reports whether it was seen.
func dies(r rules, s state) bool {
	inputs := []input{{kind: exited, role: aMaster, code: 9}, {kind: lockGranted}, {kind: looked}, {kind: settled}, {kind: looked}}
	for _, in := range inputs {
		next, actions := r.step(s, in)
		if next.phase == over || hasKind(actions, relaunch) {
			return true
		}
		s = next
	}
	return false
}

// TestNoEarlyEnd: while a look shows a master, a worker, or a member that
// nobody asked to end, nothing but a stop that gives up ends the machine.
func TestNoEarlyEnd(t *testing.T) {
	r := unicornRules(t, KillStrays)
	for _, s := range everyState(r) {
		for _, in := range everyInput() {
			if in.kind != looked || in.seen.masters+in.seen.workers == 0 || s.phase == over {
				continue
			}
			if next, actions := r.step(s, in.input); next.phase == over || hasKind(actions, exit) || hasKind(actions, relaunch) {
				t.Errorf("%q ends on %q", s, in.name)
			}
		}
	}
}

// TestGenericPassesEverythingOn: nobody knows what an unknown program makes of
// a signal, so it gets each one as it is.
func TestGenericPassesEverythingOn(t *testing.T) {
	p, err := profile.Lookup(generic)
	if err != nil {
		t.Fatal(err)
	}
	r := rules{profile: p, strays: KillStrays}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2} {
		_, actions := r.step(state{}, input{kind: signalled, signal: sig})
		want := current
		if ends(sig) {
			want = masters
		}
		if !slices.ContainsFunc(actions, func(a action) bool { return a.kind == send && a.signal == sig && a.target == want }) {
			t.Errorf("%s: %v", profile.SignalName(sig), actions)
		}
	}
}

func hasKind(actions []action, kind actionKind) bool {
	return slices.ContainsFunc(actions, func(a action) bool { return a.kind == kind })
}
