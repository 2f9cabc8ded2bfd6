//go:build linux

package test

import (
	"syscall"

	"github.com/lockshim/lockshim/contrib"
)

// s6 is s6-svscan(8) over service directories.
type s6 struct {
	w    *world
	scan *process
	rc   bool // the files of s6-rc, as s6-rc-compile makes service directories of them
}

func newS6(w *world) initSystem { return s6Of(w) }

func newS6RC(w *world) initSystem {
	s := s6Of(w)
	s.rc = true
	return s
}

func s6Of(w *world) *s6 {
	w.mkdir("service")
	return &s6{w: w}
}

func (s *s6) install(x *tenant, set ...contrib.Setting) {
	if s.rc {
		x.fillAll("s6-rc/web", s.of(x), set...)
		x.fillAll("s6-rc/web-log", s.of(x)+"/log", set...)
		return
	}
	x.fillAll("s6", s.of(x), set...)
}

func (s *s6) boot() { s.directory() }

func (s *s6) directory(args ...string) {
	s.scan = s.w.start(append(args, "/usr/bin/s6-svscan", s.w.file("service"))...)
}

func (s *s6) writes() []string {
	return []string{"supervise", "event", "log/supervise", "log/event"}
}

func (s *s6) up(x *tenant)   { s.svc(x, "-u") }
func (s *s6) down(x *tenant) { s.svc(x, "-d") }

func (s *s6) resigned(x *tenant) {
	s.w.t.Helper()
	s.w.must("/usr/bin/s6-svwait", "-D", s.of(x))
	if got := s.stat(x, "up,wantedup"); got != "false false" {
		s.w.t.Errorf("s6-svstat says %q of up and wantedup", got)
	}
}

func (s *s6) enter() []string { return nil }

// of is the service directory of a tenant.
func (s *s6) of(x *tenant) string { return s.w.file("service/" + x.name) }

// svc waits as the first of the flags says.
func (s *s6) svc(x *tenant, flags ...string) {
	s.w.must(append(append([]string{"/usr/bin/s6-svc"}, flags...), s.of(x))...)
}

func (s *s6) start(x *tenant)   { s.svc(x, "-wU", "-u") }
func (s *s6) stop(x *tenant)    { s.svc(x, "-wD", "-d") }
func (s *s6) restart(x *tenant) { s.svc(x, "-wR", "-r") }

// stat is one of the fields of s6-svstat(8).
func (s *s6) stat(x *tenant, field string) string {
	return s.w.must("/usr/bin/s6-svstat", "-o", field, s.of(x))
}

func (s *s6) main(x *tenant) int { return number(s.w.t, s.stat(x, "pid")) }

// cut kills the supervisors before what they would start anew.
func (s *s6) cut() {
	s.scan.send(syscall.SIGKILL)
	s.scan.wait()
	endSupervisors(s.w, "s6-supervise")
}

func (s *s6) end() {
	all := s.w.supervisors("s6-supervise")
	s.w.must("/usr/bin/s6-svscanctl", "-t", s.w.file("service"))
	s.scan.wait()
	for _, p := range all {
		p.gone()
	}
}
