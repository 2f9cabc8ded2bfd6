//go:build linux

package test

import (
	"net"
	"os"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/event"
)

// An inPlace is a server that executes itself anew in place, and what is to be
// expected of it.
type inPlace struct {
	server
	title    string
	flags    []string // of lockshim run
	hook     bool
	workers  int  // of a generation
	phased   bool // HUP to the shim replaces workers, not the generation
	moves    bool // it has another pid after a re-exec
	drops    bool // it has no lock after a re-exec
	abrupt   bool // it has no graceful stop
	stopped  int  // exit code after the first step of its schedule
	quick    int  // exit code after a quick stop
	prepared func(*service)
}

// inPlaces lists them all.
func inPlaces() []inPlace {
	const term = 128 + int(syscall.SIGTERM)
	graceful := []string{"--stop", "TERM/60/INT/10/KILL"}
	return []inPlace{
		{server: puma, title: "puma", workers: 2, phased: true, drops: true, stopped: term, quick: killed},
		{server: puma, title: "puma+hook", hook: true, workers: 2, phased: true, stopped: term, quick: killed},
		{server: pumaSingle, title: "puma-single+hook", hook: true, stopped: term, quick: killed},
		{server: fpm, title: "php-fpm", workers: 2, prepared: startNginx},
		{server: fpmDaemon, title: "php-fpm-D", workers: 2, moves: true, prepared: startNginx},
		{server: uwsgi, title: "uwsgi", workers: 2, drops: true, abrupt: true},
		{server: uwsgi, title: "uwsgi+hook", flags: graceful, hook: true, workers: 2},
		{server: uwsgiDaemon, title: "uwsgi-d+hook", flags: graceful, hook: true, workers: 2},
		{server: haproxy, title: "haproxy", workers: 1, prepared: startBackend},
		{server: haproxySystemd, title: "haproxy-Ws", workers: 1, prepared: startBackend},
		{server: haproxyDaemon, title: "haproxy-D", workers: 1, prepared: startBackend},
	}
}

// eachInPlace runs a test in parallel for each.
func eachInPlace(t *testing.T, test func(*testing.T, inPlace, *service)) {
	t.Helper()
	t.Parallel()
	for _, p := range inPlaces() {
		t.Run(p.title, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, setup{server: p.server, hook: p.hook, workers: max(p.workers, 1)})
			if p.prepared != nil {
				p.prepared(s)
			}
			test(t, p, s)
		})
	}
}

// start starts the shim, and returns when the server answers.
func (p inPlace) start(s *service) *shimRun {
	s.t.Helper()
	there := s.appears(p.listens(s))
	r := s.run(p.flags...)
	there()
	p.changed(s, r)
	p.ready(s, r)
	return r
}

// ready blocks until the shim has told that the latest generation serves: before
// that it refuses an upgrade.
func (p inPlace) ready(s *service, r *shimRun) {
	s.t.Helper()
	number := p.note(s, r)
	r.find(0, "the readiness of the generation", func(e toldEvent) bool { return e.Event == event.Ready && e.Generation == number })
}

// listens is the socket that the server itself makes.
func (p inPlace) listens(s *service) string {
	if p.program == fpm.program {
		return "fpm"
	}
	return "s"
}

// changed blocks until somebody answers who is not of the generation that the test
// knows, and until that is gone; then it notes the new one.
func (p inPlace) changed(s *service, r *shimRun) {
	s.t.Helper()
	old := watchLiving(s.t, s.crew)
	p.another(s)
	for _, w := range old {
		w.gone()
	}
	p.whole(s)
	p.note(s, r)
}

// whole blocks until the current generation has all its workers: the first of them
// answers while the master forks the next one.
func (p inPlace) whole(s *service) {
	s.t.Helper()
	again(s.t, "all workers", func() (any, bool) {
		all := gens(s.status())
		return all, len(all) > 0 && len(all[len(all)-1].workers) == p.workers
	})
}

// another blocks until another generation, or phase of one, serves.
func (p inPlace) another(s *service) {
	s.t.Helper()
	if p.name == puma.name {
		s.line("booted")
		return
	}
	s.answeredByAnother()
}

// answeredByAnother blocks until somebody answers who is not a worker that the test
// knows. A request that gets no answer is sent again.
func (s *service) answeredByAnother() {
	s.t.Helper()
	client := s.http()
	again(s.t, "the answer of another worker", func() (any, bool) {
		pid, err := get(client, "/")
		return err, err == nil && !slices.Contains(s.crew, pid)
	})
}

// note takes the generation from status, which must show one.
func (p inPlace) note(s *service, r *shimRun) int {
	s.t.Helper()
	st := s.status()
	if len(st.Generations) != 1 || st.Generations[0].Master == nil || st.Profile != p.name || st.Shim.PID != r.pid {
		s.t.Fatalf("status shows %+v, want one generation of %s", st, p.name)
	}
	g := gens(st)[0]
	s.master, s.crew = g.master, g.workers
	if len(s.crew) != p.workers {
		s.t.Errorf("status shows the workers %v, want %d", s.crew, p.workers)
	}
	return st.Generations[0].Generation
}

// appears returns what blocks until a file of the service has come, by whatever
// way.
func (s *service) appears(name string) (wait func()) {
	s.t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	must(s.t, err)
	f := os.NewFile(uintptr(fd), "inotify")
	s.t.Cleanup(func() { f.Close() })
	_, err = unix.InotifyAddWatch(fd, s.dir, unix.IN_CREATE|unix.IN_MOVED_TO)
	must(s.t, err)
	withDeadline(s.t, f)
	return func() {
		s.t.Helper()
		buf := make([]byte, 1<<16)
		for {
			n, err := f.Read(buf)
			if err != nil {
				s.t.Fatalf("waited in vain for %s: %v", name, err)
			}
			if len(happened(buf[:n], name)) > 0 {
				return
			}
		}
	}
}

// end fails the test unless nothing of the service is left, and unless the shim has
// told of a lost lock where one was lost.
func (p inPlace) end(s *service, r *shimRun, code int, upgraded bool) {
	s.t.Helper()
	p.leaves(s, r, code)
	unlocked := 0
	if p.drops && upgraded {
		unlocked = 1
	}
	if told := r.all(event.Unlocked); len(told) != unlocked {
		s.t.Errorf("the shim told %d times that the server has no lock, want %d", len(told), unlocked)
	}
}

// leaves fails the test unless the shim exits with that code and leaves nothing of
// the service. What stood before it can go.
func (p inPlace) leaves(s *service, r *shimRun, code int) {
	s.t.Helper()
	if got := r.finish(); got != code {
		s.t.Errorf("the shim exits with %d, want %d", got, code)
	}
	if s.front != nil {
		if conn, err := net.Dial("unix", s.file("fpm")); err == nil {
			conn.Close()
			s.t.Error("somebody listens on php-fpm's socket")
		}
		s.front.kill()
	}
	s.over()
	r.never(event.Trouble, event.StrayLeft, event.Foreign)
}
