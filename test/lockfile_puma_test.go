//go:build linux

package test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// preparePuma writes the files of a Puma with two workers, which tell of a
// worker as the other servers do.
func preparePuma(t *testing.T) *service {
	t.Helper()
	s := prepare(t, setup{server: puma})
	s.put("puma.rb", fmt.Sprintf(`
workers 2
bind %q
stdout_redirect %q, %[2]q, true
on_worker_boot do
  File.open(%[3]q, "a") { |f| f.syswrite("worker #{$$} of #{Process.ppid}\n") }
end
`, "unix://"+s.socket(), s.file("log"), s.file("events")))
	s.put("config.ru", `run lambda { |env| [200, { "Content-Type" => "text/plain" }, [$$.to_s]] }`)
	return s
}

// phase blocks until the workers of a Puma have booted, and notes them.
func (s *service) phase() {
	s.t.Helper()
	s.crew = nil
	for range s.workers {
		words := s.line("worker")
		s.master = number(s.t, words[3])
		s.crew = append(s.crew, number(s.t, words[1]))
	}
	slices.Sort(s.crew)
}

// A Puma that has dropped the lock is told of once, served on, and adopted.
func TestUnlockedPuma(t *testing.T) {
	t.Parallel()
	s := preparePuma(t)
	r := s.run()
	s.phase()
	before := s.current()
	r.send(syscall.SIGUSR2)
	s.phase()
	if s.master != before.master {
		t.Fatalf("USR2 changed the pid of Puma from %d to %d", before.master, s.master)
	}
	if e := r.until(event.Unlocked); !slices.Contains(e.pids(), s.master) {
		t.Errorf("the shim tells that %v serve without the lock, want %d too", e.pids(), s.master)
	}
	s.free()
	s.shows(r.pid, s.current())
	c := s.client() // only now: a hot restart of Puma 5 resets a request now and then
	c.servedBy(s.crew...)
	r.kill()
	r2 := s.run()
	if e := r2.until(event.Adopted); e.PID != s.master {
		t.Errorf("the shim adopts %d, want %d", e.PID, s.master)
	}
	r2.once(event.Unlocked)
	s.shows(r2.pid, s.current())
	c.more()
	c.finish()
	s.stopsWith(r2, 128+int(syscall.SIGTERM)) // what Puma answers to TERM
	r2.never(event.Launched)
	for _, one := range []*shimRun{r, r2} {
		if n := len(one.all(event.Unlocked)); n != 1 {
			t.Errorf("shim %d told %d times that Puma serves without the lock, want once", one.pid, n)
		}
	}
}
