package profile

import (
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// lives are the ways in which people start these servers.
var lives = []struct {
	name    string
	kit     kit
	profile string
	command string
	titles  bool // the server sets process titles
}{
	{"unicorn", unicornKit, "unicorn", "unicorn -c conf.rb config.ru", true},
	{"unicorn without config.ru", unicornKit, "unicorn", "/usr/bin/unicorn -E none -c conf.rb", true},
	{"unicorn -D", unicornKit, "unicorn", "unicorn -D -c conf.rb config.ru", true},
	{"unicorn_rails", unicornKit, "unicorn", "/usr/bin/unicorn_rails -c conf.rb config.ru", true},
	{"ruby -S unicorn", unicornKit, "unicorn", "ruby -W0 -S unicorn -c conf.rb config.ru", true},
	{"env chpst unicorn", unicornKit, "unicorn", "env A=b chpst -o 1024 /usr/bin/unicorn -c conf.rb", true},
	{"setpriv unicorn", unicornKit, "unicorn", "setpriv --nnp -- nice -n 1 unicorn -c conf.rb", true},
	{"bundle exec unicorn", bundled, "unicorn", "bundle exec unicorn -c conf.rb config.ru", true},
	{"bundle exec binstub", bundled, "unicorn", "env PATH=DIR/stub:/usr/bin:/bin bundle exec unicorn -c conf.rb config.ru", true},
	{"rbenv exec bundle exec", bundled, "unicorn", "rbenv exec bundle exec --keep-file-descriptors unicorn -c conf.rb", true},
	{"gunicorn", gunicornKit, "gunicorn", "gunicorn -c conf.py app:app", false},
	{"gunicorn3 -D", gunicornKit, "gunicorn", "gunicorn3 -D -c conf.py app:app", false},
	{"gunicorn --daemon", gunicornKit, "gunicorn", "/usr/bin/gunicorn --daemon -c conf.py app:app", false},
	{"python -m gunicorn", gunicornKit, "gunicorn", "/usr/bin/python3 -W ignore -um gunicorn -c conf.py app:app", false},
	{"python -m gunicorn.app.wsgiapp", gunicornKit, "gunicorn", "/usr/bin/python3 -m gunicorn.app.wsgiapp -c conf.py app:app", false},
	{"python gunicorn", gunicornKit, "gunicorn", "/usr/bin/python3 -u /usr/bin/gunicorn -c conf.py app:app", false},
	{"setsid stdbuf gunicorn", gunicornKit, "gunicorn", "setsid stdbuf -oL gunicorn -c conf.py app:app", false},
}

// bundled is Unicorn as a gem, with a binstub in DIR as RubyGems writes them.
var bundled = kit{"ruby-bundler", "/usr/bin/bundle", map[string]string{
	"config.ru":    unicornKit.files["config.ru"],
	"conf.rb":      unicornKit.files["conf.rb"],
	"Gemfile":      "source 'https://rubygems.org'\ngem 'rack'\ngem 'unicorn'\n",
	"stub/unicorn": "#!/usr/bin/env ruby\nload '/usr/bin/unicorn'\n",
}}

// A life of each: what is launched and what an upgrade executes are recognised,
// are the same command, and the profile's signals do what it says of them.
func TestRealLives(t *testing.T) {
	for _, row := range lives {
		t.Run(row.name, func(t *testing.T) {
			s := row.kit.start(t, row.command)
			s.run()
			first := s.next("config")
			p := s.recognised(row.profile, first)
			master, workers := s.generation()
			if row.titles {
				s.roles(p, master, workers)
			}

			s.signal(master, p.Signal(Reload))
			if e := s.next("config"); e.pid != master {
				t.Fatalf("reload: %d evaluates the configuration, not the master %d", e.pid, master)
			}
			s.workers()

			s.signal(master, p.Signal(Upgrade))
			second := s.next("config")
			if second.ppid != master || second.pid == master {
				t.Fatalf("upgrade: %d is a child of %d, not of the master %d", second.pid, second.ppid, master)
			}
			s.recognised(row.profile, second)
			if !Same(first.cmdline, second.cmdline) || !Same(second.cmdline, first.cmdline) {
				t.Errorf("Same denies %q and %q", first.cmdline, second.cmdline)
			}
			upgraded, workers := s.generation()
			if upgraded != second.pid {
				t.Fatalf("upgrade: the workers are of %d, not of %d", upgraded, second.pid)
			}
			if row.titles {
				s.roles(p, upgraded, workers)
			}
			s.signal(master, p.Signal(Graceful))
			s.gone(master)
			s.signal(upgraded, p.Signal(Graceful))
			if status := s.gone(upgraded); status != 0 {
				t.Errorf("graceful stop: status %v", status)
			}
		})
	}
}

// recognised checks a process that was just executed against the command that
// was launched.
func (s *server) recognised(profile string, e event) Profile {
	s.t.Helper()
	p := Recognise(s.argv)
	for _, argv := range [][]string{s.argv, e.cmdline} {
		if got := Recognise(argv); got.Name != profile {
			s.t.Errorf("%q is recognised as %s", argv, got.Name)
		}
	}
	if !Same(s.argv, e.cmdline) {
		s.t.Errorf("Same denies %q and %q", s.argv, e.cmdline)
	}
	if Wrapper(e.cmdline) || p.Role(e.cmdline) != Unknown {
		s.t.Errorf("%q is a wrapper or has a role", e.cmdline)
	}
	return p
}

// roles checks the process titles of one generation.
func (s *server) roles(p Profile, master int, workers []event) {
	s.t.Helper()
	if title := s.cmdline(master); p.Role(title) != Master || Recognise(title).Name != p.Name {
		s.t.Errorf("%q is no master of %s", title, p.Name)
	}
	for _, w := range workers {
		if title := s.cmdline(w.pid); p.Role(title) != Worker || Recognise(title).Name != p.Name {
			s.t.Errorf("%q is no worker of %s", title, p.Name)
		}
	}
}

// Gunicorn sets titles where Python's setproctitle can be imported.
func TestRealGunicornTitles(t *testing.T) {
	s := gunicornKit.start(t, "gunicorn -c conf.py app:app")
	if !s.imports("setproctitle") {
		t.Skip("needs the package python3-setproctitle")
	}
	s.run()
	p := s.recognised("gunicorn", s.next("config"))
	master, _ := s.generation()
	s.signal(master, p.Upgrade)
	upgraded, workers := s.generation()
	if upgraded == master {
		t.Fatal("no new generation")
	}
	s.roles(p, upgraded, workers)
	if title := s.cmdline(master); p.Role(title) != Master {
		t.Errorf("the old master is %q", title)
	}
}

// A graceful stop lets a request end, which is held until an idle worker is
// gone; a quick one does not wait for it. Neither server's master reads another
// signal while it stops, so the schedule's next step is for the workers too.
func TestRealStops(t *testing.T) {
	for _, row := range []struct {
		kit     kit
		command string
	}{
		{unicornKit, "unicorn -c conf.rb config.ru"},
		{gunicornKit, "gunicorn -c conf.py app:app"},
	} {
		p := Recognise(strings.Fields(row.command))
		t.Run(p.Name+" graceful", func(t *testing.T) {
			s, master, busy, answer := row.kit.busy(t, row.command)
			s.signal(master, p.Signal(Graceful))
			s.gone(busy.idle)
			s.gate.WriteString("\n")
			if got := answer(); !strings.HasSuffix(got, "done") {
				t.Errorf("the answer is %q", got)
			}
			if status := s.gone(master); status != 0 {
				t.Errorf("status %v", status)
			}
		})
		t.Run(p.Name+" quick", func(t *testing.T) {
			s, master, _, answer := row.kit.busy(t, row.command)
			s.signal(master, p.Signal(Quick))
			if got := answer(); got != "" {
				t.Errorf("the answer is %q", got)
			}
			if status := s.gone(master); status != 0 {
				t.Errorf("status %v", status)
			}
		})
		t.Run(p.Name+" next step", func(t *testing.T) {
			s, master, busy, answer := row.kit.busy(t, row.command)
			s.signal(master, p.Signal(Graceful))
			s.gone(busy.idle)
			s.signal(busy.pid, p.Signal(Quick))
			if got := answer(); got != "" {
				t.Errorf("the answer is %q", got)
			}
			if status := s.gone(master); status != 0 {
				t.Errorf("status %v", status)
			}
		})
	}
}

// A pair is the worker that holds a request, and the idle one.
type pair struct{ pid, idle int }

// busy starts a server with one worker that holds a request. The function reads
// the answer to its end.
func (k kit) busy(t *testing.T, command string) (s *server, master int, workers pair, answer func() string) {
	t.Helper()
	s = k.start(t, command)
	s.run()
	master, both := s.generation()
	c, holds := s.request()
	return s, master, pair{holds.pid, others(both, holds.pid)[0].pid}, func() string {
		b, _ := io.ReadAll(c) // a reset is an answer that was cut
		return string(b)
	}
}

// Unicorn that is told of no listener adds its default one to the command line
// of its re-exec. It has a network of its own here: the port is a fixed one.
func TestRealDefaultListener(t *testing.T) {
	s := unicornKit.start(t, "unicorn -c conf2.rb config.ru")
	s.rewrite("conf2.rb", strings.ReplaceAll(s.read("conf.rb"), `listen "`+filepath.Join(s.dir, "sock")+`"`, ""))
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	s.run()
	first := s.next("config")
	master, _ := s.generation()
	s.signal(master, syscall.SIGUSR2)
	second := s.next("config")
	if got := second.cmdline[len(second.cmdline)-1]; got != unicorn().Appended[0] {
		t.Errorf("the re-exec appended %q", got)
	}
	if !Same(first.cmdline, second.cmdline) || !Same(s.argv, second.cmdline) || !Same(second.cmdline, s.argv) {
		t.Errorf("Same denies %q and %q", s.argv, second.cmdline)
	}
}
