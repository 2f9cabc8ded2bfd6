//go:build linux

package test

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/lockshim/lockshim/contrib"
)

// supervisord is supervisord(1) with a configuration as Debian's.
type supervisord struct {
	w      *world
	daemon *process
}

func newSupervisord(w *world) initSystem {
	s := &supervisord{w: w}
	w.mkdir("conf.d")
	text := fmt.Sprintf(`[unix_http_server]
file=%s
[supervisord]
logfile=%s
pidfile=%s
nodaemon=true
silent=true
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%[1]s
[include]
files = %[4]s
`, w.file("sock"), w.file("log"), w.file("pid"), w.file("conf.d/*.conf"))
	must(w.t, os.WriteFile(s.conf(), []byte(text), 0o644))
	return s
}

func (s *supervisord) conf() string { return s.w.file("supervisord.conf") }

func (s *supervisord) install(x *tenant, set ...contrib.Setting) {
	x.fill("supervisor/web.conf", s.of(x), set...)
	log := "/var/log/supervisor/" + x.name + ".log"
	x.t.Cleanup(func() { os.Remove(log) })
}

// of is the file of a tenant.
func (s *supervisord) of(x *tenant) string { return s.w.file("conf.d/" + x.name + ".conf") }

func (s *supervisord) boot() {
	s.daemon = s.w.start("/usr/bin/supervisord", "-n", "-c", s.conf())
}

func (s *supervisord) enter() []string { return nil }

func (s *supervisord) start(x *tenant)   { s.must("start", x.name) }
func (s *supervisord) stop(x *tenant)    { s.must("stop", x.name) }
func (s *supervisord) restart(x *tenant) { s.must("restart", x.name) }

func (s *supervisord) main(x *tenant) int { return number(s.w.t, s.must("pid", x.name)) }

// ask runs supervisorctl.
func (s *supervisord) ask(args ...string) result {
	return s.w.ask(append([]string{"/usr/bin/supervisorctl", "-c", s.conf()}, args...)...)
}

// must is ask of what has to succeed.
func (s *supervisord) must(args ...string) string {
	s.w.t.Helper()
	got := s.ask(args...)
	if got.code != 0 {
		s.w.t.Fatalf("supervisorctl %q answers %+v", args, got)
	}
	return strings.TrimSpace(got.out)
}

// state is the word of `supervisorctl status` for the tenant.
func (s *supervisord) state(x *tenant) string {
	s.w.t.Helper()
	words := strings.Fields(s.ask("status", x.name).out) // its code is that of the state
	if len(words) < 2 {
		s.w.t.Fatalf("supervisorctl status answers %q", words)
	}
	return words[1]
}

func (s *supervisord) cut() {
	s.daemon.send(syscall.SIGKILL)
	s.daemon.wait()
}

// end has lockshim stop the services before: supervisord may have too little patience by
// now, and would leave a server behind that is in the background.
func (s *supervisord) end() {
	s.w.quiet()
	s.daemon.send(syscall.SIGTERM)
	s.daemon.wait()
}

// quiet stops the services by lockshim alone.
func (w *world) quiet() {
	w.t.Helper()
	for _, x := range w.tenants {
		if got := x.verb("stop"); got.code > 1 {
			w.t.Errorf("stop answers %+v", got)
		}
	}
}
