package contrib

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestFillPutsValuesInTheirPlaces(t *testing.T) {
	got, err := Fill("runit/run", []Setting{
		{"name", "api"}, {"command", `gunicorn -c '/srv/my api/g.py' "it's"`}, {"flags", ""}, {"user", "api"}, {"directory", "/srv/a b"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"install -d -o api /run/lockshim/api ||",
		"cd '/srv/a b' ||",
		`exec chpst -u api lockshim run --lock /run/lockshim/api/api.lock -- gunicorn -c '/srv/my api/g.py' 'it'\''s'`,
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.Contains(string(got), "web") {
		t.Errorf("web is left in\n%s", got)
	}
}

// What is not set follows the name.
func TestFillFollowsTheName(t *testing.T) {
	got, err := Fill("runit/run", []Setting{{"name", "api"}})
	if err != nil {
		t.Fatal(err)
	}
	if plain, _ := Get("runit/run"); string(got) != strings.ReplaceAll(string(plain), "web", "api") {
		t.Errorf("got\n%s", got)
	}
}

func TestFillWithNothingChangesNothing(t *testing.T) {
	for _, name := range Names() {
		plain, _ := Get(name)
		if got, err := Fill(name, nil); err != nil || string(got) != string(plain) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

func TestTimeoutFollowsTheSchedule(t *testing.T) {
	for _, test := range []struct{ command, flags, want string }{
		{"unicorn", "", "90"},
		{"puma", "", "80"},
		{"uwsgi --ini x", "", "30"},
		{"sleep 5", "", "90"}, // its schedule has no end
		{"sleep 5", "--profile puma", "80"},
		{"unicorn", "--stop QUIT/5/KILL --quiet", "25"},
		{"unicorn", "--stop=QUIT/0.5/KILL", "21"},
		{"unicorn", "--preflight '' --stop QUIT/5/KILL", "25"},
	} {
		if got := timeout(values{"command": test.command, "flags": test.flags}); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.flags, test.command, got, test.want)
		}
	}
}

// A file of a timeout alone takes what that follows from.
func TestTimeoutFileFollowsTheSchedule(t *testing.T) {
	for _, name := range []string{"s6/timeout-kill", "s6-rc/web/timeout-kill"} {
		for want, set := range map[string][]Setting{
			"80000\n": {{"command", "puma"}, {"name", "api"}}, "25000\n": {{"command", "puma"}, {"flags", "--stop QUIT/5/KILL"}},
			"7000\n": {{"command", "puma"}, {"timeout", "7"}},
		} {
			if got, err := Fill(name, set); err != nil || string(got) != want {
				t.Errorf("%s with %q: %q %v, want %q", name, set, got, err, want)
			}
		}
		if has, _ := Keys(name); !slices.Equal(has, []string{"command", "flags", "timeout"}) {
			t.Errorf("%s has %q", name, has)
		}
	}
}

// The files of a folder are filled in alike: each takes the name, but for a template.
func TestEveryFileTakesAName(t *testing.T) {
	for _, name := range Names() {
		template := strings.Contains(name, "@.")
		if _, err := Fill(name, []Setting{{"name", "api"}}); errors.Is(err, ErrSetting) != template {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Fill("s6/timeout-kill", []Setting{{"name", "a b"}}); !errors.Is(err, ErrSetting) {
		t.Errorf("a wrong name is one where it has no place: %v", err)
	}
}

func TestFillRefuses(t *testing.T) {
	for _, s := range []Setting{
		{"name", ""}, {"name", "a/b"}, {"name", "-a"}, {"name", "a b"}, {"name", "web.lock"},
		{"command", ""}, {"command", "  "}, {"command", "a 'b"}, {"command", "a\nb"}, {"command", "a; b"},
		{"command", "a $HOME"}, {"command", `a "$HOME"`}, {"command", `a \`}, {"user", "a:b"}, {"user", ""},
		{"directory", "srv"}, {"directory", "/srv\n"}, {"port", "80"},
	} {
		if _, err := Fill("runit/run", []Setting{s}); !errors.Is(err, ErrSetting) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if _, err := Fill("runit/walk", nil); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

func TestSocketIsWhatAServerListensOn(t *testing.T) {
	const file = "systemd/lockshim@.socket"
	for _, value := range []string{"/run/a b%i.sock", "80", "127.0.0.1:8080", "[::1]:80"} {
		got, err := Fill(file, []Setting{{"socket", value}})
		if want := "\nListenStream=" + strings.ReplaceAll(value, "%", "%%") + "\n"; err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: %v\n%s", value, err, got)
		}
	}
	for _, value := range []string{"", "run", "0", "65536", "+80", ":80", "localhost:80", "[::1]", "::1", "/run/", "/run/a ", `/run/a\`, "/a/../b", "/" + strings.Repeat("a", 107)} {
		if _, err := Fill(file, []Setting{{"socket", value}}); !errors.Is(err, ErrSetting) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// The name of a template is its instance's.
func TestTemplate(t *testing.T) {
	const file = "systemd/lockshim@.service"
	if _, err := Fill(file, []Setting{{"name", "api"}}); !errors.Is(err, ErrSetting) {
		t.Errorf("a template takes a name: %v", err)
	}
	got, err := Fill(file, []Setting{{"command", "gunicorn 'a $b' 100% app:app"}, {"directory", `/srv/a 50%\`}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\nWorkingDirectory=/srv/a 50%%\\/\n", `--lock %i --clear-pidfile /srv/%i/unicorn.pid -- gunicorn "a $$b" 100%% app:app`, "\nUser=www-data\n",
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if _, err := Fill(file, []Setting{{"directory", "/srv/../a"}}); !errors.Is(err, ErrSetting) {
		t.Errorf("systemd takes no .. in a path: %v", err)
	}
}

func TestSplitReadsAsAShell(t *testing.T) {
	for line, want := range map[string][]string{
		`a  b`:               {"a", "b"},
		`a ''`:               {"a", ""},
		`a "b c"'d'e`:        {"a", "b cde"},
		`a\ b "\"\$\x" '\'`:  {"a b", `"$\x`, `\`},
		` x=1 --flag="a b" `: {"x=1", "--flag=a b"},
	} {
		if got, why := split(line); why != "" || !slices.Equal(got, want) {
			t.Errorf("%s: %q %s, want %q", line, got, why, want)
		}
	}
}

func TestFind(t *testing.T) {
	for name, want := range map[string]string{"runit/run": "runit/run", "supervisor": "supervisor/web.conf", "./supervisor/": "supervisor/web.conf"} {
		if got, err := Find(name); err != nil || got != want {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
	for _, name := range []string{"", "runit", "launchd", "../contrib"} {
		if got, err := Find(name); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
}

// Monit waits longer than the init script that it runs.
func TestMonitWaitsLonger(t *testing.T) {
	for seconds, want := range map[string]string{"": "120", "5": "35"} {
		var set []Setting
		if seconds != "" {
			set = []Setting{{"timeout", seconds}}
		}
		got, err := Fill("monit/web", set)
		if err != nil || !strings.Contains(string(got), "timeout "+want+" seconds") {
			t.Errorf("%v\n%s", err, got)
		}
	}
}
