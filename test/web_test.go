//go:build linux

package test

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

// TERM and QUIT let a request be answered that has begun.
func TestWebGracefulStop(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT} {
		t.Run(signalName(sig), func(t *testing.T) {
			eachWeb(t, func(t *testing.T, c setup) {
				s := prepare(t, c)
				r := s.serve()
				busy, answers := s.hang()
				r.send(sig)
				r.until(event.Signalled)
				s.release()
				if a := <-answers; a.err != nil || a.pid != busy {
					t.Errorf("the request was answered by %d, %v; want by %d", a.pid, a.err, busy)
				}
				if code := r.finish(); code != 0 {
					t.Errorf("the shim exits with %d, want 0", code)
				}
				r.sent(c.graceful)
				s.over()
			})
		})
	}
}

// INT does not wait for a request, but for that httpd gives one twenty seconds
// all the same. lighttpd tells by its status that one was cut.
func TestWebQuickStop(t *testing.T) {
	eachWeb(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		answers := make(<-chan answer)
		if c.name != "httpd" {
			_, answers = s.hang()
		}
		r.send(syscall.SIGINT)
		want := map[string]int{"lighttpd": 1}[c.name]
		if code := r.finish(); code != want {
			t.Errorf("the shim exits with %d, want %d", code, want)
		}
		if c.name != "httpd" {
			if a := <-answers; a.err == nil {
				t.Errorf("the request was answered by %d", a.pid)
			}
		}
		r.sent(c.quick)
		s.over()
	})
}

// The workers of a master that was killed do not hold the service up: nginx's
// and httpd's would serve for ever.
func TestWebMasterKilled(t *testing.T) {
	eachWeb(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		crew := watchAll(t, s.crew)
		watch(t, s.master).send(syscall.SIGKILL)
		if code := r.finish(); code != killed {
			t.Errorf("the shim exits with %d, want %d", code, killed)
		}
		exited(t, crew...)
		if told := r.all(event.Masterless); !c.single && (len(told) != 1 || !slices.Equal(told[0].pids(), sorted(s.crew))) {
			t.Errorf("the shim tells of %+v, want once of %v", told, s.crew)
		}
		s.over()
	})
}

func sorted(pids []int) []int {
	pids = slices.Clone(pids)
	slices.Sort(pids)
	return pids
}

// A reload keeps the master, and loses no request of nginx's and httpd's.
func TestWebReload(t *testing.T) {
	eachWeb(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		r := s.serve()
		requests := s.client()
		for range 2 {
			requests.more()
			s.reloads(r)
			s.leads(r, s.master)
		}
		requests.more()
		requests.finish()
		s.leads(r, s.master)
		s.crew = nil // httpd replaces some after a reload
		s.stop(r, c.background)
		r.never(event.Trouble, event.Ignored, event.Masterless, event.StrayLeft, event.Unlocked)
	})
}

// The next shim adopts what a killed one left, and tells it apart from strays.
func TestWebAdopt(t *testing.T) {
	eachWeb(t, func(t *testing.T, c setup) {
		s := prepare(t, c)
		s.killShim(s.serve())
		r := s.adopted(s.current())
		requests := s.client()
		s.reloads(r)
		requests.more()
		requests.finish()
		s.leads(r, s.master)
		s.crew = nil // httpd replaces some after a reload
		s.stop(r, c.background)
		r.never(event.Launched, event.Trouble, event.Ignored, event.Masterless, event.StrayLeft)
	})
}

// What a server has not is refused, and does no harm.
func TestWebUpgradeRefused(t *testing.T) {
	t.Parallel()
	for _, server := range []server{httpd, lighttpd} {
		t.Run(server.name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, setup{server: server})
			r := s.serve()
			if got := s.verb("upgrade"); got.code != 69 || !strings.Contains(got.err, profile.ErrNoOperation.Error()) {
				t.Errorf("upgrade answers %+v, want code 69", got)
			}
			r.send(syscall.SIGUSR2)
			r.until(event.Ignored)
			s.shows(r.pid, s.current())
			s.stop(r, true)
		})
	}
}

// A terminal's window changes, and httpd, which would take that for a graceful
// stop, does not hear of it; Ctrl-C ends it all the same.
func TestHTTPDOnTerminal(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{server: httpd})
	user, program := terminal(t)
	r := s.onTerminal(program, s.command()...)
	s.generation()
	s.resize(user)
	s.shows(r.pid, s.current())
	if got := s.verb("reload"); got.code != 0 {
		t.Errorf("reload answers %+v", got)
	}
	s.refilled() // it has gone through its signals
	s.shows(r.pid, s.current())
	_, err := user.WriteString("\x03")
	must(t, err)
	if code := r.finish(); code != 0 {
		t.Errorf("the shim exits with %d, want the master's 0", code)
	}
	r.sent(syscall.SIGUSR1, syscall.SIGTERM)
	s.over()
}

// resize changes the size of a terminal's window, for which its foreground is sent
// WINCH.
func (s *service) resize(user *os.File) {
	s.t.Helper()
	for col := range uint16(3) {
		must(s.t, unix.IoctlSetWinsize(int(user.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 20, Col: 70 + col}))
	}
}

// lighttpd with workers and httpd's prefork kind signal their whole process group:
// the shim is in another one, and hears nothing of it.
func TestWebProcessGroups(t *testing.T) {
	t.Parallel()
	for _, c := range []setup{{server: httpd}, {server: lighttpd, more: "server.max-worker = 2"}} {
		for name, end := range map[string]func(*service, *shimRun) int{
			"graceful": func(s *service, r *shimRun) int {
				r.send(syscall.SIGTERM)
				return 0
			},
			"quick":  func(s *service, r *shimRun) int { r.send(syscall.SIGINT); return 0 },
			"killed": func(s *service, r *shimRun) int { watch(s.t, s.master).send(syscall.SIGKILL); return killed },
		} {
			t.Run(c.name+" "+name, func(t *testing.T) {
				t.Parallel()
				s := prepare(t, c)
				if c.name == "httpd" {
					s.put("httpd.conf", prefork.Replace(s.text("httpd.conf")))
				}
				r := s.serve()
				s.reloads(r)
				s.leads(r, s.master)
				want := end(s, r)
				if code := r.finish(); code != want {
					t.Errorf("the shim exits with %d, want %d", code, want)
				}
				if n := len(r.signals(event.Signalled)); n > 3 {
					t.Errorf("the shim sent %q", r.signals(event.Signalled))
				}
				r.never(event.Ignored, event.Trouble)
				s.over()
			})
		}
	}
}

// prefork makes the configuration one for the kind without threads.
var prefork = strings.NewReplacer("mpm_event", "mpm_prefork", "ThreadsPerChild 4\n", "", "MinSpareThreads 1\n", "", "MaxSpareThreads 64\n", "")

// Debian's apache2ctl is a script that stays as the parent: with the profile named,
// signals go to the server below it.
func TestHTTPDBelowItsScript(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{server: httpd})
	r := s.runCommand(append([]string{"/usr/sbin/apache2ctl"}, s.args(s)...), "--profile", "httpd")
	s.generation()
	r.knows(s.master)
	s.reloads(r)
	s.leads(r, s.master)
	r.send(syscall.SIGTERM)
	if code := r.finish(); code != 0 {
		t.Errorf("the shim exits with %d, want 0", code)
	}
	r.sent(syscall.SIGUSR1, syscall.SIGWINCH)
	s.over()
}
