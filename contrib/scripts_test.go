package contrib

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/internal/shell"
)

// nasty is a command line of words that a shell would act on.
var nasty = shell.Quote("a b", "it's", `"`, "$HOME", "`id`", `\`, "#", ";", "*", "%n", "", "\"$(id)\"", "&", "~")

// filled are texts of a file: as it lies in its folder, and with what it has a place for.
func filled(t *testing.T, name string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for way, set := range map[string][]Setting{
		"plain":      nil,
		"named":      {{"name", "api@1.x_y-z"}, {"user", "api"}, {"timeout", "7"}},
		"nasty":      {{"command", "/srv/x " + nasty}, {"flags", "--preflight " + shell.Quote(nasty)}},
		"no flags":   {{"flags", ""}, {"directory", "/srv/a"}},
		"a long way": {{"command", strings.Repeat("word ", 500)}},
	} {
		var fits []Setting
		has, err := Keys(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range set {
			if strings.Contains(" "+strings.Join(has, " ")+" ", " "+s.Key+" ") {
				fits = append(fits, s)
			}
		}
		text, err := Fill(name, fits)
		if err != nil {
			t.Fatalf("%s, %s: %v", name, way, err)
		}
		texts[way] = string(text)
	}
	return texts
}

// Every script is one to a shell, whatever is put into it.
func TestScriptsAreReadByTheShell(t *testing.T) {
	for _, name := range Names() {
		text, _ := Get(name)
		if !strings.HasPrefix(string(text), "#!/bin/sh\n") {
			continue
		}
		for way, text := range filled(t, name) {
			cmd := exec.Command("/bin/sh", "-n")
			cmd.Stdin = strings.NewReader(text)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s, %s: %v\n%s", name, way, err, out)
			}
		}
	}
}

// The files are for a service called web, and each says what is its own.
func TestEveryFileHasItsPlaces(t *testing.T) {
	for _, name := range Names() {
		has, err := Keys(name)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := Get(name)
		if strings.Contains(string(text), "lockshim run") && len(has) < 3 {
			t.Errorf("%s has places for %q only", name, has)
		}
		if !strings.HasSuffix(string(text), "\n") {
			t.Errorf("%s has no newline at its end", name)
		}
	}
}

// A value with words that stand elsewhere in a file is left as it is.
func TestFillDoesNotFillWhatItFilled(t *testing.T) {
	got, err := Fill("runit/run", []Setting{{"command", "web www-data /srv/web/current"}, {"name", "api"}, {"user", "web"}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got), "-- web www-data /srv/web/current\n") || !strings.Contains(string(got), "chpst -u web lockshim") {
		t.Errorf("got\n%s", got)
	}
}
