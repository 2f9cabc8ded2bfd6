package hooks_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/hooks"
	"github.com/lockshim/lockshim/internal/testkit"
)

// must fails the test at once for an error.
var must = testkit.Must

func TestNames(t *testing.T) {
	if got, want := hooks.Names(), []string{"gunicorn", "hypercorn", "puma", "unicorn", "uvicorn", "uwsgi"}; !slices.Equal(got, want) {
		t.Errorf("Names() = %q, want %q", got, want)
	}
	hooks.Names()[0] = "changed"
	if got := hooks.Names()[0]; got != "gunicorn" {
		t.Errorf("a caller changed the first name to %q", got)
	}
}

func TestGet(t *testing.T) {
	for _, name := range hooks.Names() {
		file := hookFile(name)
		want, err := os.ReadFile(file)
		must(t, err)
		for _, asked := range []string{name, file} {
			got, err := hooks.Get(asked)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("Get(%q) = %d bytes, %v; want the %d bytes of %s", asked, len(got), err, len(want), file)
			}
		}
	}
}

func TestGetUnknown(t *testing.T) {
	for _, name := range []string{"", "apache", "unicorn.py", "Unicorn", "../hooks/unicorn.rb"} {
		text, err := hooks.Get(name)
		if !errors.Is(err, hooks.ErrUnknown) || text != nil {
			t.Errorf("Get(%q) = %q, %v; want ErrUnknown", name, text, err)
		}
		if err != nil && !strings.Contains(err.Error(), strings.Join(hooks.Names(), ", ")) {
			t.Errorf("Get(%q): %v; does not list the names", name, err)
		}
	}
}

// A person who prints a hook finds at its head what it does and the lines to add.
func TestHeads(t *testing.T) {
	lines := map[string]string{
		"gunicorn":  `#   exec(open("/etc/lockshim/gunicorn.py").read())`,
		"hypercorn": "#   exec(open(\"/etc/lockshim/asgi.py\").read())\n#   app = Lockshim(app)",
		"uvicorn":   "#   exec(open(\"/etc/lockshim/asgi.py\").read())\n#   app = Lockshim(app)",
		"puma":      "#   require \"/etc/lockshim/puma.rb\"\n#   Lockshim.hook(self)",
		"uwsgi":     ";   ini = /etc/lockshim/uwsgi.ini",
		"unicorn":   "#   require \"/etc/lockshim/unicorn.rb\"\n#   Lockshim.hook(self)",
	}
	for _, name := range hooks.Names() {
		text, err := hooks.Get(name)
		must(t, err)
		head, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# frozen_string_literal: true\n\n"), "\n\n")
		if n := strings.Count(head, "\n") + 1; n > 25 {
			t.Errorf("the head of %s has %d lines, want at most 25", hookFile(name), n)
		}
		if !strings.Contains(head, lines[name]) {
			t.Errorf("the head of %s does not show the lines\n%s", hookFile(name), lines[name])
		}
	}
}

// The oldest Python that the hook promises to run on is 3.7. ast.parse refuses
// syntax that is newer than the version it is told.
func TestPythonSyntax(t *testing.T) {
	const check = `import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 7))`
	parse(t, "/usr/bin/python3", "gunicorn", "-W", "error", "-c", check)
	parse(t, "/usr/bin/python3", "uvicorn", "-W", "error", "-c", check)
}

func TestRubySyntax(t *testing.T) {
	parse(t, "/usr/bin/ruby", "unicorn", "-wc")
	parse(t, "/usr/bin/ruby", "puma", "-wc")
}

// parse gives a hook to a parser, which may not even warn.
func parse(t *testing.T, program, name string, args ...string) {
	t.Helper()
	if _, err := os.Stat(program); err != nil {
		t.Skipf("needs %s", program)
	}
	text, err := hooks.Get(name)
	must(t, err)
	command := exec.Command(program, args...)
	command.Stdin = bytes.NewReader(text)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	if err := command.Run(); err != nil || complaints.Len() > 0 {
		t.Errorf("%s %q: %v\n%s", program, args, err, complaints.Bytes())
	}
}

// hookFile is the name of the file that belongs to a hook.
func hookFile(name string) string {
	return map[string]string{"unicorn": "unicorn.rb", "gunicorn": "gunicorn.py", "puma": "puma.rb", "uwsgi": "uwsgi.ini", "uvicorn": "asgi.py", "hypercorn": "asgi.py"}[name]
}
