package profile

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	var names []string
	for _, p := range All() {
		names = append(names, p.Name)
		got, err := Lookup(p.Name)
		if err != nil || got.Name != p.Name {
			t.Errorf("Lookup(%q): %s, %v", p.Name, got.Name, err)
		}
		if again, err := ParseSchedule(p.Stop.String()); err != nil || !slices.Equal(again, p.Stop) {
			t.Errorf("%s: the schedule %s reads as %s, %v", p.Name, p.Stop, again, err)
		}
		if p.Graceful != 0 && (p.Stop[0].Signal != p.Graceful || p.Stop[1].Signal != p.Quick) {
			t.Errorf("%s: the schedule %s is not graceful first, quick then", p.Name, p.Stop)
		}
		if last := p.Stop[len(p.Stop)-1]; last.Wait != Forever {
			t.Errorf("%s: the schedule %s ends", p.Name, p.Stop)
		}
		for _, command := range p.Commands {
			argv := append([]string{"/usr/bin/" + command, "-x"}, p.Needs...)
			if got := Recognise(argv); got.Name != p.Name && !strings.Contains(command, ".") {
				t.Errorf("%s is recognised as %s", command, got.Name)
			}
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(names)) != len(All()) {
		t.Errorf("not sorted, or twice the same: %v", names)
	}
	for _, name := range []string{"", "Unicorn", "puma2", "generic "} {
		_, err := Lookup(name)
		if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), strings.Join(names, ", ")) {
			t.Errorf("Lookup(%q): %v", name, err)
		}
	}
	if u, g := unicorn().Stop.String(), gunicorn().Stop.String(); u != "QUIT/60/TERM/10/KILL" || g != "TERM/60/QUIT/10/KILL" {
		t.Error(u, g)
	}
}

// Command lines as /proc showed them, of real processes.
func TestRecordedCommands(t *testing.T) {
	text, err := os.ReadFile("testdata/cmdlines.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Seen, Profile, Role string
		Argv                []string
		Strip               int
	}
	if err := json.Unmarshal(text, &rows); err != nil || len(rows) == 0 {
		t.Fatal(err, len(rows))
	}
	for _, row := range rows {
		p := Recognise(row.Argv)
		if p.Name != row.Profile {
			t.Errorf("%s: recognised as %s", row.Seen, p.Name)
		}
		if got := Strip(row.Argv); !slices.Equal(got, row.Argv[row.Strip:]) {
			t.Errorf("%s: Strip says %q", row.Seen, got)
		}
		if got := p.Role(row.Argv); got.String() != row.Role && !(got == Unknown && row.Role == "") {
			t.Errorf("%s: %s", row.Seen, got)
		}
	}
}

func TestRecognise(t *testing.T) {
	for command, want := range map[string]string{
		"unicorn": "unicorn", "unicorn_rails -E production": "unicorn", "./bin/unicorn": "unicorn", "unicorn3.1": "unicorn",
		"gunicorn app": "gunicorn", "gunicorn-3.11 app": "gunicorn", "gunicorn-3 app": "gunicorn", "gunicorn3": "gunicorn",
		"/srv/app/venv/bin/python -m gunicorn app":                    "gunicorn",
		"/srv/app/venv/bin/python3.11 -m gunicorn app":                "gunicorn",
		"python2 /srv/app/venv/bin/gunicorn app":                      "gunicorn",
		"/opt/ruby/bin/ruby2.7 /opt/ruby/bin/bundle exec unicorn":     "unicorn",
		"bundle3.1 exec unicorn_rails":                                "unicorn",
		"chpst -u web:web -e /srv/env bundle exec unicorn -c conf.rb": "unicorn",
		"sudo -u web -- /usr/bin/env RACK_ENV=production unicorn":     "unicorn",
		"lockshim hold --lock web -- unicorn":                         "unicorn",
		"lockshim hold --lock=/run/web.lock gunicorn app":             "gunicorn",
		"timeout 5 unicorn":                                           "unicorn",
		"nginx":                                                       "nginx",
		"uvicorn app:app":                                             "uvicorn",
		"python3 -Bs -m uvicorn --workers 2 app:app":                  "uvicorn",
		"python3.11 /srv/venv/bin/uvicorn app:app":                    "uvicorn",
		"chpst -u web env A=b /srv/venv/bin/uvicorn app:app":          "uvicorn",
		"python3 -m hypercorn -w 2 app:app":                           "hypercorn",
		"python3 /lib/hypercorn/__main__.py app:app":                  "hypercorn",
		"setpriv --reuid web hypercorn app:app":                       "hypercorn",
		"gunicorn -k uvicorn.workers.UvicornWorker app:app":           "gunicorn",
		"tableflip":                          "generic",
		"myunicorn":                          "generic",
		"unicorns":                           "generic",
		"unicorn-herder":                     "generic",
		"gunicorn_paster":                    "generic",
		"unicorn.sh":                         "generic",
		"python -m gunicorn_wrapper":         "generic",
		"python -m http.server gunicorn":     "generic",
		"python /srv/gunicorn.py":            "generic",
		"python -c gunicorn":                 "generic",
		"ruby -e unicorn":                    "generic",
		"ruby -n unicorn":                    "generic",
		"sh -n unicorn":                      "generic",
		"perl -I unicorn":                    "generic",
		"sh -c unicorn":                      "generic",
		"sh -ec unicorn":                     "generic",
		"echo unicorn":                       "generic",
		"bundle unicorn":                     "generic",
		"bundle exec --gemfile unicorn":      "generic",
		"env -Z unicorn":                     "generic",
		"env --chdi unicorn":                 "generic",
		"env -u unicorn":                     "generic",
		"env A=b":                            "generic",
		"env -0 unicorn":                     "generic",
		"sudo -e unicorn":                    "generic",
		"sudo -l unicorn":                    "generic",
		"sudo -h unicorn":                    "generic",
		"runuser unicorn":                    "generic",
		"runuser -u web -c unicorn":          "generic",
		"runuser -l web -c unicorn":          "generic",
		"su web -c unicorn":                  "generic",
		"chrt -p 1 unicorn":                  "generic",
		"chrt unicorn":                       "generic",
		"chrt x unicorn":                     "generic",
		"taskset -p unicorn":                 "generic",
		"taskset unicorn":                    "generic",
		"ionice -p unicorn":                  "generic",
		"choom unicorn":                      "generic",
		"nice -n unicorn":                    "generic",
		"setpriv -d unicorn":                 "generic",
		"setpriv --clear-groups=1 unicorn":   "generic",
		"chpst -V unicorn":                   "generic",
		"tini -l unicorn":                    "generic",
		"tini unicorn -c conf.rb":            "generic",
		"lockshim run --lock web -- unicorn": "generic",
		"lockshim hold --lock -- unicorn":    "unicorn",
		"timeout unicorn":                    "generic",
		"nohup":                              "generic",
	} {
		if got := Recognise(strings.Fields(command)); got.Name != want {
			t.Errorf("%q is recognised as %s, want %s", command, got.Name, want)
		}
	}
	for _, argv := range [][]string{nil, {""}, {"/opt/unicorn tools/run"}, {"unicorn config.ru"}, {"env", ""}, {"env", "--", "-"},
		{"env", "-S", "unicorn -c 'a b'"}, {"env", "-S", "$HOME/unicorn"}, {"env", "-S", `uni\corn`}, {"env", "-S", ""}, {"python3", "-m"}} {
		if got := Recognise(argv); got.Name != "generic" {
			t.Errorf("%q is recognised as %s", argv, got.Name)
		}
	}
}

// A module whose name is that of a wrapper is not read as the wrapper.
func TestStripStopsAtModules(t *testing.T) {
	argv := []string{"python3", "-m", "timeout", "5", "unicorn"}
	if got := Strip(argv); !slices.Equal(got, argv) {
		t.Errorf("Strip says %q", got)
	}
	if got := Strip([]string{"env", "A=b", "python3", "-m", "env", "unicorn"}); got[0] != "python3" {
		t.Errorf("Strip says %q", got)
	}
}

func TestSame(t *testing.T) {
	type argv = []string
	for _, row := range []struct {
		a, b argv
		want bool
	}{
		{argv{"unicorn", "-c", "x"}, argv{"/usr/bin/ruby", "/usr/bin/unicorn", "-c", "x"}, true},
		{argv{"unicorn", "-c", "x"}, argv{"/opt/bin/unicorn", "-c", "x"}, true},
		{argv{"unicorn", "-c", "x"}, argv{"unicorn", "-c", "y"}, false},
		{argv{"unicorn", "-c", "x"}, argv{"unicorn", "-c"}, false},
		{argv{"unicorn", "-c", "x"}, argv{"unicorn_rails", "-c", "x"}, false},
		{argv{"unicorn", "a b"}, argv{"unicorn", "a", "b"}, false},
		{argv{"unicorn", "-c", "x"}, argv{"/app/bin/unicorn -c x"}, true},
		{argv{"unicorn", "-c", "x"}, argv{"unicorn -c y"}, false},
		{argv{"unicorn", "-c", "x"}, argv{"gunicorn -c x"}, false},
		{argv{"unicorn", "-c", "x"}, argv{"unicorn master -c x"}, false},
		{argv{"unicorn"}, argv{"unicorn", "-l0.0.0.0:8080"}, true},
		{argv{"unicorn", "-D"}, argv{"/app/bin/unicorn -D -l0.0.0.0:8080"}, true},
		{argv{"unicorn"}, argv{"unicorn", "-l0.0.0.0:8081"}, false},
		{argv{"gunicorn"}, argv{"gunicorn", "-l0.0.0.0:8080"}, false},
		{argv{"python3", "-m", "a.b", "x"}, argv{"python3", "/lib/a/b.py", "x"}, true},
		{argv{"python3", "-m", "a.b", "x"}, argv{"python3", "/lib/a/b/__main__.py", "x"}, true},
		{argv{"python3", "-m", "a.b", "x"}, argv{"python3", "/lib/ca/b.py", "x"}, false},
		{argv{"python3", "/lib/a/__main__.py"}, argv{"python3", "/lib/b/__main__.py"}, false},
		{argv{"/opt/my app/run"}, argv{"/opt/my app/run"}, true},
		{argv{"/opt/my app/run"}, argv{"run"}, true},
		{nil, nil, true},
		{nil, argv{"unicorn"}, false},
		{argv{""}, argv{""}, true},
		{argv{"env", "A=b", "x"}, argv{"nice", "x"}, true},
	} {
		if Same(row.a, row.b) != row.want || Same(row.b, row.a) != row.want {
			t.Errorf("Same(%q, %q) is %v, or not symmetric", row.a, row.b, !row.want)
		}
	}
}

func TestRole(t *testing.T) {
	for title, want := range map[string]Role{
		"unicorn master": Master, "unicorn master -c x": Master, "unicorn worker[12] -c x": Worker, "unicorn_rails master": Master,
		"unicorn mastermind": Unknown, "unicorn": Unknown, "": Unknown, "my unicorn master": Unknown, "unicorn worker": Unknown,
		"gunicorn: master [app]": Unknown,
	} {
		if got := unicorn().Role(strings.Split(title, " ")); got != want {
			t.Errorf("%q: %v, want %v", title, got, want)
		}
	}
	if got := generic().Role([]string{"unicorn master"}); got != Unknown {
		t.Errorf("generic knows a %v", got)
	}
}

func TestWrapper(t *testing.T) {
	for command, want := range map[string]bool{
		"sudo -u web unicorn": true, "/usr/bin/sudo x": true, "su - web": true, "runuser -u web x": true, "timeout 5 x": true,
		"dumb-init x": true, "/sbin/tini -- x": true, "setsid -w x": true, "setsid --wait x": true, "setsid x": false,
		"setsid x -w": false, "env x": false, "bundle exec x": false, "ruby x": false, "unicorn": false, "chpst -u web x": false, "": false,
	} {
		if got := Wrapper(strings.Fields(command)); got != want {
			t.Errorf("%q: %v", command, got)
		}
	}
}

func FuzzStrip(f *testing.F) {
	for _, s := range []string{
		"env\x00-i\x00A=b\x00unicorn\x00-c\x00x", "python3\x00-m\x00env\x00x", "env\x00-S\x00env -S x", "sudo\x00-u\x00root\x00--\x00-x",
		"ruby\x00-S\x00bundle\x00exec\x00x", "nice\x00--5\x00x", "unicorn\x00-l0.0.0.0:8080", "\x00", "tini\x00--\x00x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		argv := strings.Split(s, "\x00")
		kept := slices.Clone(argv)
		once := Strip(argv)
		if twice := Strip(once); len(once) == 0 || !slices.Equal(once, twice) {
			t.Fatalf("%q: once %q, twice %q", argv, once, twice)
		}
		if !slices.Equal(argv, kept) {
			t.Fatalf("%q was changed to %q", kept, argv)
		}
		if Recognise(argv).Name != Recognise(once).Name || !Same(argv, once) || !Same(once, argv) {
			t.Fatalf("%q is not the same as %q", argv, once)
		}
		Wrapper(argv)
	})
}

func TestWrappers(t *testing.T) {
	for command, want := range map[string]string{
		"unicorn -c x":                                "",
		"chpst -u web bundle exec unicorn -c x":       "chpst bundle",
		"/usr/bin/sudo -u web -- python3 -m gunicorn": "sudo python3",
		"sh -c exec":                                  "",
		"env -i":                                      "",
	} {
		if got := strings.Join(Wrappers(strings.Fields(command)), " "); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}
