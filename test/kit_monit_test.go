//go:build linux

package test

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/testkit"
)

// monit is monit(1), which looks every second whether lockshim's pid lives. The services
// have an init script: it runs in a mount namespace where these are /etc/init.d, and the
// binary under test is where their PATH has it.
type monit struct {
	w      *world
	daemon *process
}

func newMonit(w *world) initSystem {
	w.mkdir("init.d", "conf.d")
	text := fmt.Sprintf(`set daemon 1
set log %[1]s/log
set pidfile %[1]s/pid
set idfile %[1]s/id
set statefile %[1]s/state
set httpd unixsocket %[1]s/sock
    allow admin:monit
include %[1]s/conf.d/*
`, w.dir)
	must(w.t, os.WriteFile(w.file("monitrc"), []byte(text), 0o600))
	return &monit{w: w}
}

func (m *monit) install(x *tenant, set ...contrib.Setting) {
	x.fill("sysv/web", m.w.file("init.d/"+x.name), set...)
	x.fill("monit/web", m.w.file("conf.d/"+x.name), set...)
	if got := m.ask("-t"); got.code != 0 || !strings.Contains(got.out, "Control file syntax OK") {
		x.t.Fatalf("monit -t answers %+v", got)
	}
}

func (m *monit) boot() {
	script := `mount --bind "$1" /etc/init.d && mount --bind "$2" /usr/local/bin && exec monit -I -c "$3"`
	m.daemon = m.w.start("/usr/bin/unshare", "--mount", "--propagation", "private",
		"/bin/sh", "-c", script, "sh", m.w.file("init.d"), base, m.w.file("monitrc"))
}

func (m *monit) enter() []string { return nil }

// ask runs monit's command line.
func (m *monit) ask(args ...string) result {
	return m.w.ask(append([]string{"/usr/bin/monit", "-c", m.w.file("monitrc")}, args...)...)
}

func (m *monit) start(x *tenant)   { m.action(x, "start", "OK") }
func (m *monit) stop(x *tenant)    { m.action(x, "stop", "Not monitored") }
func (m *monit) restart(x *tenant) { m.action(x, "restart", "OK") }

// action asks for one, and blocks until monit has done it.
func (m *monit) action(x *tenant, name, state string) {
	x.t.Helper()
	if got := m.ask(name, x.name); got.code != 0 {
		x.t.Fatalf("monit %s answers %+v", name, got)
	}
	m.until(x, state)
}

// until blocks until monit says that of the service. While it is about to do something,
// or does it, it says so behind the state.
func (m *monit) until(x *tenant, state string) {
	x.t.Helper()
	again(x.t, state, func() (any, bool) {
		says := m.says(x, "status")
		return says, says == state
	})
}

// says is a line of `monit status`.
func (m *monit) says(x *tenant, what string) string {
	x.t.Helper()
	for line := range strings.Lines(m.ask("status", x.name).out) {
		if key, value, _ := strings.Cut(strings.TrimSpace(line), "  "); key == what {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// main is the pid that monit has found in the pid file. Of a new one it knows from its
// next look on.
func (m *monit) main(x *tenant) (pid int) {
	x.t.Helper()
	again(x.t, "a pid that lives", func() (any, bool) {
		m.until(x, "OK")
		pid = number(x.t, m.says(x, "pid"))
		return pid, !testkit.Ended(pid)
	})
	return pid
}

func (m *monit) cut() {
	m.daemon.send(syscall.SIGKILL)
	m.daemon.wait()
}

// end is a shutdown, at which the services' scripts stop them.
func (m *monit) end() {
	for _, x := range m.w.tenants {
		if _, err := os.Stat(m.w.file("conf.d/" + x.name)); err == nil {
			m.stop(x)
		}
	}
	m.daemon.send(syscall.SIGTERM)
	m.daemon.wait()
}
