package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/profile"
)

// told are the findings of a topic about a command, whose configuration is in
// files of the working directory.
func told(t *testing.T, topic, command string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("PWD", dir)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	argv := strings.Fields(command)
	s := Subject{Config: shim.Config{Command: argv, Profile: profile.Recognise(argv)}}
	s.inner, s.wraps = profile.Strip(argv), profile.Wrappers(argv)
	s.conf = readConfiguration(&s)
	var lines []string
	for _, topicOf := range []func(*Subject) []Finding{recognised, hook, daemon, serverPidfile, preflight, traps} {
		for _, f := range topicOf(&s) {
			if f.Topic == topic {
				lines = append(lines, f.Level.String()+": "+f.Text+"; "+f.Mend)
			}
		}
	}
	return strings.ReplaceAll(strings.Join(lines, "\n"), dir+"/", "")
}

func TestPlainConfigurations(t *testing.T) {
	for name, c := range map[string]struct {
		topic, command string
		files          map[string]string
		want           string // "" for nothing
	}{
		"nginx":                {"daemon", "nginx -c n.conf", map[string]string{"n.conf": "user www; # daemon off;\nhttp { daemon off; }\n"}, "goes to the background"},
		"nginx daemon off":     {"daemon", "nginx -c n.conf", map[string]string{"n.conf": "events {}\ndaemon \"off\";"}, "n.conf has daemon off: lockshim starts nginx by way of a parent"},
		"nginx -g":             {"daemon", "nginx -c n.conf -gdaemon\toff;", map[string]string{"n.conf": ""}, "goes to the background"},
		"nginx include":        {"daemon", "nginx -c n.conf", map[string]string{"n.conf": "include m/*.conf mod*.inc;\ninclude *.inc;", "a.inc": "daemon off;"}, "a.inc has daemon off"},
		"nginx behind a chain": {"command", "chpst -u web nginx -c n.conf", map[string]string{"n.conf": ""}, "has to be an absolute path"},
		"nginx by path":        {"command", "chpst -u web /usr/sbin/nginx -c n.conf", map[string]string{"n.conf": ""}, ""},
		"nginx without a file": {"configuration", "nginx -c n.conf", nil, "cannot read n.conf: no such file"},

		"php-fpm":           {"daemon", "php-fpm8.2 -y f.conf", map[string]string{"f.conf": "[global]\npid = /run/f.pid\n"}, "f.conf sends the server to the background: lockshim follows it there, but what it says when it fails is lost; --nodaemonize"},
		"php-fpm -F":        {"daemon", "php-fpm8.2 -F -y f.conf", map[string]string{"f.conf": "[global]\ndaemonize = yes\n"}, ""},
		"php-fpm no":        {"daemon", "php-fpm8.2 --fpm-config=f.conf", map[string]string{"f.conf": "[www]\ndaemonize = yes\n[global]\ndaemonize = no ; comment\n"}, ""},
		"php-fpm cuts off":  {"signals", "php-fpm8.2 -F -y f.conf", map[string]string{"f.conf": "[global]\n;process_control_timeout = 10\n"}, "process_control_timeout = 60s"},
		"php-fpm waits":     {"signals", "php-fpm8.2 -F -y f.conf", map[string]string{"f.conf": "[global]\nprocess_control_timeout = 10s\n"}, ""},
		"php-fpm preflight": {"preflight", "php-fpm8.2 -F -y f.conf", map[string]string{"f.conf": "[global]\n"}, "--preflight 'php-fpm8.2 -t -y f.conf'"},

		"uwsgi":              {"signals", "uwsgi --ini u.ini", map[string]string{"u.ini": "[uwsgi]\nmaster = true\n"}, "ok: uWSGI takes TERM for a reload"},
		"uwsgi die-on-term":  {"signals", "uwsgi u.ini", map[string]string{"u.ini": "[uwsgi]\ndie-on-term\n"}, ""},
		"uwsgi flag":         {"signals", "uwsgi --die-on-term u.ini", map[string]string{"u.ini": "[uwsgi]\n"}, ""},
		"uwsgi hook":         {"hook", "uwsgi --ini=u.ini", map[string]string{"u.ini": "[uwsgi]\nini = a.ini\nini = h.ini\n", "a.ini": "[uwsgi]\n", "h.ini": "if-env = LOCKSHIM_FD\n"}, "ok: h.ini loads it"},
		"uwsgi hook, stop":   {"signals", "uwsgi u.ini", map[string]string{"u.ini": "[uwsgi]\nini = h.ini\n", "h.ini": "if-env = LOCKSHIM_FD\n"}, "--stop TERM/60/INT/10/KILL"},
		"uwsgi no hook":      {"hook", "uwsgi u.ini", map[string]string{"u.ini": "[uwsgi]\n"}, "u.ini does not load it: a generation that closes the descriptor runs without the lock"},
		"uwsgi daemonize":    {"daemon", "uwsgi u.ini", map[string]string{"u.ini": "[uwsgi]\ndaemonize = /var/log/u.log\n"}, "u.ini sends the server to the background"},
		"uwsgi loads itself": {"hook", "uwsgi u.ini", map[string]string{"u.ini": "[uwsgi]\nini = u.ini\n"}, "u.ini does not load it"},

		"uvicorn":            {"hook", "uvicorn --workers 2 --host 127.0.0.1 web.app:app", nil, "cannot find the module web.app in"},
		"uvicorn hook":       {"hook", "python3 -m uvicorn app:app", map[string]string{"app.py": "exec(open('asgi.py').read())\napp = Lockshim(app)\n", "asgi.py": "LOCKSHIM_LOCK"}, "ok: app.py loads it"},
		"uvicorn middleware": {"hook", "uvicorn app:app", map[string]string{"app.py": "exec(open('asgi.py').read())\napp.add_middleware(Lockshim)\n", "asgi.py": "LOCKSHIM_LOCK"}, "ok: app.py loads it"},
		"hypercorn uncalled": {"hook", "hypercorn -b 127.0.0.1:80 app:app", map[string]string{"app.py": "exec(open('asgi.py').read())\n", "asgi.py": "LOCKSHIM_LOCK"}, "does not call it; app = Lockshim(app)"},
		"hypercorn no hook":  {"hook", "hypercorn -b localhost:80 app:app", map[string]string{"app.py": "app = 1\n"}, "app.py does not load it"},

		"libraries":            {"configuration", "unicorn -c u.rb", map[string]string{"u.rb": "require 'net/http'\nrequire 'fcntl'\nload 'tasks/x.rake'\n"}, ""},
		"a missing file":       {"configuration", "unicorn -c u.rb", map[string]string{"u.rb": "require './none'\n"}, "u.rb loads it: cannot read none.rb: no such file"},
		"a missing hook":       {"hook", "unicorn -c u.rb", map[string]string{"u.rb": "require '/none/unicorn.rb'\nLockshim.hook(self)\n"}, "loads /none/unicorn.rb, which cannot be read"},
		"a module of settings": {"hook", "gunicorn -c g.py a:b", map[string]string{"g.py": "from settings import *\n"}, "g.py imports settings from a module"},
		"python settings":      {"hook", "gunicorn -c python:settings a:b", nil, "the configuration is a module"},

		"haproxy":            {"daemon", "haproxy -W -f h.cfg", map[string]string{"h.cfg": "global\n  daemon # yes\ndefaults\n"}, "h.cfg sends the server to the background"},
		"haproxy foreground": {"daemon", "haproxy -W -f h.cfg", map[string]string{"h.cfg": "global\n  #daemon\ndefaults\n  daemon\n"}, ""},
		"haproxy preflight":  {"preflight", "haproxy -Ws -f h.cfg", map[string]string{"h.cfg": "global\n"}, "--preflight 'haproxy -c -f h.cfg'"},
		"haproxy alone":      {"profile", "haproxy -f h.cfg", nil, "haproxy is known with -W or -Ws alone"},
	} {
		t.Run(name, func(t *testing.T) {
			if profile.Recognise(strings.Fields(c.command)).Name == profile.Generic && c.topic != "profile" {
				t.Fatalf("nobody knows %q", c.command)
			}
			got := told(t, c.topic, c.command, c.files)
			if c.want == "" && got != "" || !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
				t.Errorf("%s: %q, want %q", c.topic, got, c.want)
			}
		})
	}
}

func TestReadDirectives(t *testing.T) {
	text := "user  www-data;\nworker_processes auto; # a; b\n'pid' \"/run/x;y.pid\";\nhttp { server { daemon off; } }\nenv A=${B};\ndaemon\n  off ;\nunfinished"
	want := "user www-data|worker_processes auto|pid /run/x;y.pid|env A=${B}|daemon off"
	var got []string
	for _, d := range readDirectives(text) {
		got = append(got, strings.Join(d, " "))
	}
	if strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", strings.Join(got, "|"), want)
	}
}

func TestOptions(t *testing.T) {
	o := options{flags: "Dw", takes: "cp"}
	for line, want := range map[string]string{
		"x -c a": "a", "x -ca": "a", "x -Dwc a": "a", "x --config=a": "a", "x --config a": "a", "x -c a -c b": "b",
		"x -p -c a": "a", "x -- -c a": "", "x -c": "", "x -Dp c -w": "", "x --other -c a": "a", "x -zc a": "",
	} {
		if line == "x -p -c a" {
			want = "" // -c is the argument of -p
		}
		if got := o.value(strings.Fields(line), "c", "config"); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	if got := strings.Join(splitWords(`a "b c" 'd"e' f\ g "" h'i'j`), "|"); got != `a|b c|d"e|f g||hij` {
		t.Errorf("words: %s", got)
	}
}

func TestSchedules(t *testing.T) {
	for stop, want := range map[string]struct {
		takes time.Duration
		ends  bool
	}{
		"QUIT/60/TERM/10/KILL": {70 * time.Second, true}, "TERM": {0, false}, "TERM/5/INT": {5 * time.Second, false}, "TERM/5": {5 * time.Second, true}, "KILL": {0, true},
	} {
		schedule, err := profile.ParseSchedule(stop)
		if err != nil {
			t.Fatal(err)
		}
		if takes, ends := schedule.Length(); takes != want.takes || ends != want.ends {
			t.Errorf("%s: %v, %v", stop, takes, ends)
		}
	}
}
