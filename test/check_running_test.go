//go:build linux

package test

import (
	"strconv"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// checkElsewhere is check of the service alone, by somebody in another directory, with
// nothing of the service's environment.
func (s *service) checkElsewhere(code int, flags ...string) []finding {
	s.t.Helper()
	args := []string{"/usr/bin/env", "-i", "-C", "/", "PATH=/usr/bin:/bin", "GORACE=atexit_sleep_ms=1", lockshim, "check", s.lock}
	return s.checkLine(code, append(args, flags...)...)
}

// Without a command a service that runs is looked at, with what its shim was told: it
// is refused nothing, and what is wrong with it is found from anywhere. Without a shim
// there is no more than the processes tell.
func TestCheckOfAServiceThatRuns(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve("--stop", "QUIT/5/KILL", "--pidfile", "own.pid", "--preflight", "no-such -t")
		found := s.checkElsewhere(0)
		finds(t, found, "ok", "running", "pid "+strconv.Itoa(r.pid)+" keeps it since ")
		finds(t, found, "ok", "command", " is /")
		finds(t, found, "ok", "profile", c.server.name+"; stop is QUIT/5/KILL")
		finds(t, found, "ok", "pidfile", "own.pid can be written")
		finds(t, found, "warning", "preflight", "no-such")
		finds(t, found, "ok", "timeouts", "a stop takes up to 5 s")
		finds(t, s.checkElsewhere(0, "--stop", "TERM/7/KILL"), "ok", "timeouts", "a stop takes up to 7 s")
		s.held()
		r.kill()
		found = s.checkElsewhere(0)
		finds(t, found, "warning", "running", "pid "+strconv.Itoa(s.master)+" (")
		finds(t, found, "ok", "profile", c.server.name+"; stop is ")
		r = s.run()
		r.until(event.Adopted)
		s.stopsWith(r, 0)
	})
}

// What a shim has from its environment counts too, and where it is: the command and
// the configuration are looked for there.
func TestCheckInTheShimsPlace(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{server: unicorn, more: "pid 'server.pid'"})
	env := append(s.env(), "LOCKSHIM_STOP=TERM/9/KILL", "LOCKSHIM_CLEAR_PIDFILE=server.pid")
	r := s.runArgs([]string{lockshim, "run", "--lock", s.lock, "--log-format", "json", "unicorn", "-c", s.server.config, "config.ru"}, spec{env: env})
	s.generation()
	s.settled(r)
	found := s.checkElsewhere(0)
	finds(t, found, "ok", "profile", "unicorn; stop is TERM/9/KILL")
	finds(t, found, "ok", "pidfile", s.file("server.pid")+" is removed before a launch")
	finds(t, found, "warning", "hook", s.file(s.server.config)+" does not load it")
	s.stopsWith(r, 0)
}
