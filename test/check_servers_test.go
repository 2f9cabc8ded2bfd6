//go:build linux

package test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A configured is what a test writes into the configuration of a real server,
// and what check makes of it.
type configured struct {
	name         string
	server       server
	hook         bool
	more         string   // lines; %DIR% is the service's directory
	flags        []string // of check, and of run
	args         []string // more of the server's
	level, topic string
	words        string
}

var conditional = configured{level: "warning", topic: "hook", words: "cannot be known without running it"}

var configurations = []configured{
	{name: "hook", server: unicorn, hook: true, level: "ok", topic: "hook", words: "unicorn.rb loads it"},
	{name: "no hook", server: unicorn, level: "warning", topic: "hook", words: "unicorn.rb does not load it"},
	{name: "recipe", server: unicorn, more: recipe, level: "ok", topic: "hook", words: "takes the lock itself, with flock"},
	{name: "hook in a comment", server: unicorn, more: "# Lockshim.hook(self)\n=begin\nLockshim.hook(self)\n=end\n", level: "warning", topic: "hook", words: "does not load it"},
	{name: "hook in a string", server: unicorn, more: "x = \"Lockshim.hook(self)\"\ny = <<~EOS\n  Lockshim.hook(self)\nEOS\n", level: "warning", topic: "hook", words: "does not load it"},
	{name: "loaded and not called", server: unicorn, more: `require "%DIR%/hook.rb"`, level: "warning", topic: "hook", words: "does not call it; mend: Lockshim.hook(self)"},
	{name: "conditional hook", server: unicorn, more: "if ENV['NEVER']\n  require '%DIR%/hook.rb'\n  Lockshim.hook(self)\nend\n"},
	{name: "pid file", server: unicorn, more: `pid "%DIR%/server.pid"`, level: "warning", topic: "pidfile", words: "mend: --clear-pidfile %DIR%/server.pid"},
	{name: "pid file cleared", server: unicorn, more: `pid File.join(__dir__, "server.pid")`, flags: []string{"--clear-pidfile", "%DIR%/server.pid"},
		level: "ok", topic: "pidfile", words: "%DIR%/server.pid is removed before a launch"},
	{name: "pid file of a working directory", server: unicorn, more: "working_directory '%DIR%'\npid 'server.pid'", level: "warning", topic: "pidfile", words: "--clear-pidfile %DIR%/server.pid"},
	{name: "computed pid file", server: unicorn, more: `pid ["%DIR%", "server.pid"].join("/")`, level: "warning", topic: "pidfile", words: "computes a pid file's path"},
	{name: "the same pid file", server: unicorn, more: `pid "%DIR%/server.pid"`, flags: []string{"--pidfile", "%DIR%/server.pid"}, level: "warning", topic: "pidfile", words: "lockshim's own pid file and the server's"},
	{name: "long requests", server: unicorn, more: "timeout 120", level: "warning", topic: "timeouts", words: "--stop QUIT/130/TERM/10/KILL"},
	{name: "daemon", server: unicorn, args: []string{"-D"}, level: "warning", topic: "daemon", words: "sends the server to the background"},

	{name: "hook", server: gunicorn, hook: true, level: "ok", topic: "hook", words: "gunicorn.conf.py loads it"},
	{name: "no hook", server: gunicorn, level: "warning", topic: "hook", words: "gunicorn.conf.py does not load it"},
	{name: "conditional hook", server: gunicorn, more: "if os.environ.get('NEVER'):\n    exec(open('%DIR%/hook.py').read())\n"},
	{name: "hook in a string", server: gunicorn, more: "x = '''\nexec(open('%DIR%/hook.py').read())\n'''\n", level: "warning", topic: "hook", words: "does not load it"},
	{name: "own flock", server: gunicorn, more: "import fcntl\ndef post_fork(server, worker):\n    worker.lock = open('%DIR%/own.lock', 'w')\n    fcntl.flock(worker.lock, fcntl.LOCK_SH)\n",
		level: "ok", topic: "hook", words: "takes the lock itself, with flock"},
	{name: "flock in a function", server: gunicorn, more: "import fcntl\ndef nobody_calls_it(f):\n    fcntl.flock(f, fcntl.LOCK_SH)\n"},
	{name: "daemon", server: gunicorn, more: "daemon = True", level: "warning", topic: "daemon", words: "gunicorn.conf.py sends the server to the background"},
	{name: "pid file", server: gunicorn, more: "pidfile = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'server.pid')", level: "warning", topic: "pidfile", words: "mend: --clear-pidfile %DIR%/server.pid"},
	{name: "pid file of the command line", server: gunicorn, args: []string{"-p", "server.pid"}, level: "warning", topic: "pidfile", words: "the command line names %DIR%/server.pid"},
	{name: "long requests", server: gunicorn, args: []string{"--graceful-timeout", "120"}, level: "warning", topic: "timeouts", words: "--stop TERM/130/QUIT/10/KILL"},
}

// Whatever check warns of, run starts the real server; and what it says of the
// configuration is so.
func TestCheckConfigurations(t *testing.T) {
	t.Parallel()
	for _, c := range configurations {
		t.Run(c.server.name+" "+c.name, func(t *testing.T) {
			t.Parallel()
			if c.topic == "" {
				c.level, c.topic, c.words = conditional.level, conditional.topic, conditional.words
			}
			s := prepare(t, setup{server: c.server, hook: c.hook, workers: 1})
			here := func(text string) string { return strings.ReplaceAll(text, "%DIR%", s.dir) }
			flags := slices.Clone(c.flags)
			for i := range flags {
				flags[i] = here(flags[i])
			}
			text, err := os.ReadFile(s.file(c.server.config))
			must(t, err)
			s.put(c.server.config, strings.Replace(string(text), "timeout 7200", "", 1)+here(c.more)+"\n")
			command := append(s.command(), c.args...)
			if c.server.name == "gunicorn" && !strings.Contains(c.name, "long requests") {
				command = append(command, "--graceful-timeout", "30")
			}
			finds(t, s.check(0, append(append(flags, "--"), command...)...), c.level, c.topic, here(c.words))
			if c.name != "hook" && c.name != "daemon" {
				return // that these start is told by the others' tests
			}
			r := s.runCommand(command, flags...)
			s.generation()
			s.settled(r)
			s.stopsWith(r, 0)
		})
	}
}

// A pid file that a crash left keeps Unicorn from starting, as check warned, and
// what it said mends that.
func TestCheckMendsAPidFile(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{server: unicorn, pidfile: true, workers: 1})
	s.put("server.pid", strconv.Itoa(os.Getpid())+"\n")
	command := append([]string{"--"}, s.command()...)
	flags := strings.Fields(mend(t, s.check(0, command...), "pidfile"))
	r := s.run()
	if code := r.finish(); code == 0 {
		t.Error("Unicorn started in spite of the pid file")
	}
	finds(t, s.check(0, append(flags, command...)...), "ok", "pidfile", "is removed before a launch")
	r = s.serve(flags...)
	s.stopsWith(r, 0)
}

// What is read is what the server would read: the defaults, the environment.
func TestCheckFindsTheConfiguration(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{})
	must(t, os.MkdirAll(s.file("config/puma"), 0o755))
	for name, text := range map[string]string{
		"gunicorn.conf.py": "daemon = True\n", "other.py": "pidfile = 'other.pid'\n", "unicorn.rb": "timeout 30\n",
		"config/puma.rb": "pidfile 'one.pid'\nstdout_redirect 'a', 'b'\n", "config/puma/staging.rb": "pidfile 'two.pid'\n",
	} {
		s.put(name, text)
	}
	for _, c := range []struct {
		program, topic, words string
		args                  []string
	}{
		{"gunicorn", "daemon", filepath.Join(s.dir, "gunicorn.conf.py") + " sends", []string{"env", "gunicorn", "app:app"}},
		{"gunicorn", "pidfile", s.file("other.pid"), []string{"gunicorn", "--config=other.py", "app:app"}},
		{"gunicorn", "pidfile", s.file("x.pid"), []string{"python3", "-m", "gunicorn", "-cother.py", "-p", "x.pid", "app:app"}},
		{"unicorn", "configuration", "without a configuration file", []string{"unicorn", "config.ru"}},
		{"unicorn", "daemon", "the command line", []string{"unicorn", "-Dc", "unicorn.rb"}},
		{"unicorn", "hook", "cannot read " + s.file("none.rb"), []string{"unicorn", "-c", "none.rb"}},
		{"puma", "pidfile", s.file("one.pid"), []string{"puma"}},
		{"puma", "pidfile", s.file("two.pid"), []string{"puma", "-e", "staging"}},
		{"puma", "signals", "without stdout_redirect a HUP stops Puma", []string{"puma", "-e", "staging"}},
	} {
		if _, err := os.Stat("/usr/bin/" + c.program); err != nil {
			t.Logf("needs the package %s", c.program)
			continue
		}
		finds(t, s.check(0, append([]string{"--"}, c.args...)...), "warning", c.topic, c.words)
	}
	env := append([]string{"/usr/bin/env", "GUNICORN_CMD_ARGS=--config other.py --pid 'y z.pid'"}, lockshim, "check", s.lock, "--", "gunicorn", "app:app")
	finds(t, s.checkLine(0, env...), "warning", "pidfile", "GUNICORN_CMD_ARGS names "+s.file("y z.pid"))
}
