//go:build linux

package test

import (
	"strconv"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
)

// hold starts `lockshim hold` with a program that says so and sleeps, and
// returns when it runs.
func (s *service) hold() *running {
	s.t.Helper()
	r := s.begin(lockshim, "hold", "--lock", s.lock, "--", "sh", "-c", "echo held $$ >events; exec sleep infinity")
	s.line("held", strconv.Itoa(r.pid)) // it took the place of lockshim
	return r
}

// A shim whose server has ended by itself waits for what joined the service
// elsewhere.
func TestHoldIsWaitedFor(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		for _, policy := range []shim.StrayPolicy{shim.KillStrays, shim.WaitStrays, shim.LeaveStrays} {
			t.Run(string(policy), func(t *testing.T) {
				t.Parallel()
				s := prepare(t, c)
				r := s.serve("--strays", string(policy))
				held := s.hold()
				s.showsHeld(s.shows(r.pid, s.current()), held)
				s.quitMaster(r)
				s.showsHeld(s.shows(r.pid), held)
				s.held()
				held.send(syscall.SIGTERM)
				if code := r.finish(); code != 0 {
					t.Errorf("the shim exits with %d, want the master's 0", code)
				}
				r.never(event.Signalled, event.Stopping)
				if code := held.wait(); code != 128+int(syscall.SIGTERM) {
					t.Errorf("what was held exits with %d", code)
				}
				s.over()
			})
		}
	})
}

// A stop ends what joined the service, whether the server lives yet or not.
func TestHoldIsStopped(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		for _, left := range []bool{false, true} {
			t.Run("alone:"+strconv.FormatBool(left), func(t *testing.T) {
				t.Parallel()
				s := prepare(t, c)
				r := s.serve()
				held := s.hold()
				if left {
					s.quitMaster(r)
				}
				if got := s.verb("stop"); got.code != 0 {
					t.Errorf("stop answers %+v", got)
				}
				if code := r.finish(); code != 0 {
					t.Errorf("the shim exits with %d, want the master's 0", code)
				}
				if code := held.wait(); code != 128+int(syscall.SIGTERM) {
					t.Errorf("what was held exits with %d, want to be ended by TERM", code)
				}
				s.over()
			})
		}
	})
}

// hold needs no shim; a server is launched beside it, and stop ends it without
// one.
func TestHoldFirst(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		first := s.hold()
		s.showsHeld(s.shows(0), first)
		r := s.serve()
		r.never(event.Adopted, event.Foreign)
		s.showsHeld(s.shows(r.pid, s.current()), first)
		s.quitMaster(r)
		first.send(syscall.SIGTERM)
		if code := r.finish(); code != 0 {
			t.Errorf("the shim exits with %d, want the master's 0", code)
		}
		s.over()
		second := s.hold()
		if got := s.verb("stop"); got.code != 0 {
			t.Errorf("stop answers %+v", got)
		}
		if code := second.wait(); code != 128+int(syscall.SIGTERM) {
			t.Errorf("what was held exits with %d, want to be ended by TERM", code)
		}
		s.over()
	})
}

// showsHeld fails the test unless the status names exactly this process beside
// the generations, with the lock.
func (s *service) showsHeld(st shim.Status, held *running) {
	s.t.Helper()
	if len(st.Members) != 1 || st.Members[0].PID != held.pid || !st.Members[0].Locked || len(st.Strays)+len(st.Foreign) > 0 {
		s.t.Errorf("status shows the members %+v, the strays %+v and the foreign holders %+v, want %d with the lock and no others",
			st.Members, st.Strays, st.Foreign, held.pid)
	}
}

// hold gives the command's own status, and the codes of one that there is not.
func TestHoldCommand(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	s.put("plain", "no program")
	for _, c := range []struct {
		command []string
		want    int
	}{
		{[]string{"sh", "-c", "exit 5"}, 5},
		{[]string{"sh", "-c", "kill -9 $$"}, 137},
		{[]string{"./plain"}, 126},
		{[]string{"./missing"}, 127},
		{[]string{"missing-program"}, 127},
	} {
		got := s.begin(append([]string{lockshim, "hold", "--lock", s.lock, "--"}, c.command...)...).result()
		if got.code != c.want {
			t.Errorf("hold -- %q answers %+v, want code %d", c.command, got, c.want)
		}
	}
	s.free()
}
