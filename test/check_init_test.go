//go:build linux

package test

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// A supervised is a real supervisor over check, what its own configuration says
// of a stop, and what check finds.
type supervised struct {
	name, program, pkg string
	files              map[string]string // %s is the service's directory
	args               []string
	level, words       string
}

var supervisors = []supervised{
	{name: "runit", program: "runsv", pkg: "runit", args: []string{"%s/sv"}, level: "warning", words: "sv waits 7 s; mend: sv -w 75 stop"},
	{name: "s6", program: "s6-supervise", pkg: "s6", args: []string{"%s/sv"}, level: "ok", words: "s6 waits for as long as it takes"},
	{name: "s6 that kills", program: "s6-supervise", pkg: "s6", args: []string{"%s/sv"}, files: map[string]string{"sv/timeout-kill": "5000\n"},
		level: "warning", words: "s6 waits 5 s; mend: echo 75000 >timeout-kill"},
	{name: "supervise", program: "supervise", pkg: "daemontools", args: []string{"%s/sv"}, level: "ok", words: "waits for as long as it takes"},
	{name: "supervisord", program: "supervisord", pkg: "supervisor", args: []string{"-n", "-c", "%s/supervisord.conf"},
		files: map[string]string{"supervisord.conf": supervisordConf + "[program:web]\ncommand=%[1]s/sv/run\n"}, level: "warning", words: "supervisord waits 10 s; mend: stopwaitsecs=75"},
	{name: "patient supervisord", program: "supervisord", pkg: "supervisor", args: []string{"-n", "--configuration=%s/supervisord.conf"},
		files: map[string]string{"supervisord.conf": supervisordConf + "[include]\nfiles=conf.d/*.conf\n",
			"conf.d/web.conf": "[program:web]\ncommand=%[1]s/sv/run ; the script\nstopwaitsecs = 90\n"}, level: "ok", words: "supervisord waits 90 s"},
}

const supervisordConf = "[supervisord]\nlogfile=%[1]s/supervisord.log\npidfile=%[1]s/supervisord.pid\n"

// Under a supervisor check knows how long that waits for a stop, and compares.
func TestCheckKnowsTheInit(t *testing.T) {
	t.Parallel()
	for _, c := range supervisors {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(c.program)
			if err != nil {
				t.Skipf("needs the package %s", c.pkg)
			}
			s := prepare(t, setup{server: unicorn, workers: 1})
			must(t, os.MkdirAll(s.file("sv"), 0o755))
			must(t, os.MkdirAll(s.file("conf.d"), 0o755))
			for name, text := range c.files {
				s.put(name, fmt.Sprintf(text+"%.0[1]s", s.dir))
			}
			s.put("sv/run", fmt.Sprintf("#!/bin/sh\n%s check %s -- unicorn -c %s >%s 2>&1\necho checked $? >%s\nexec cat %s\n",
				lockshim, s.lock, s.file("unicorn.rb"), s.file("found"), s.file("events"), s.file("hang")))
			must(t, os.Chmod(s.file("sv/run"), 0o755))
			args := []string{path}
			for _, arg := range c.args {
				args = append(args, fmt.Sprintf(arg+"%.0[1]s", s.dir))
			}
			p := start(t, spec{args: args, env: s.env(), dir: s.dir})
			s.line("checked", "0")
			out, err := os.ReadFile(s.file("found"))
			must(t, err)
			finds(t, findings(t, string(out)), c.level, "timeouts", c.words)
			if c.program == "supervise" { // it does not end by a signal, and would start the next one
				p.kill()
				endAll(s.dir + "/")
				return
			}
			p.send(syscall.SIGTERM)
			p.wait()
		})
	}
}

// A shim that lives is asked after in its place: check from a shell knows what
// supervises the service.
func TestCheckKnowsTheInitOfALiveShim(t *testing.T) {
	t.Parallel()
	runsv, err := exec.LookPath("runsv")
	if err != nil {
		t.Skip("needs the package runit")
	}
	s := prepare(t, setup{server: unicorn, workers: 1})
	must(t, os.MkdirAll(s.file("sv"), 0o755))
	s.put("sv/run", fmt.Sprintf("#!/bin/sh\nexec %s run --quiet --lock %s -- unicorn -c %s %s\n", lockshim, s.lock, s.file("unicorn.rb"), s.file("config.ru")))
	must(t, os.Chmod(s.file("sv/run"), 0o755))
	p := start(t, spec{args: []string{runsv, s.file("sv")}, env: s.env(), dir: s.dir})
	s.generation()
	got := s.begin(append([]string{lockshim, "check", s.lock, "--"}, s.command()...)...).result()
	if got.code != 75 {
		t.Errorf("check exits with %d, want 75", got.code)
	}
	finds(t, findings(t, got.out), "warning", "timeouts", "sv waits 7 s")
	p.send(syscall.SIGTERM)
	p.wait()
	s.over()
}
