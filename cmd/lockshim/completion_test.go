package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/hooks"
	"github.com/lockshim/lockshim/shim/profile"
)

// A question is a command line, and what a shell must offer at its end.
type question struct {
	line string
	want []string
}

// questions are what all shells agree on.
func questions() []question {
	var names []string
	all := []question{
		{"lockshim status ", []string{"db@1", "web"}},
		{"lockshim check ", []string{"db@1", "web"}},
		{"lockshim check --lock ", []string{"db@1", "web"}},
		{"lockshim check web -- mkfif", []string{"mkfifo"}},
		{"lockshim check --strays ", []string{"kill", "leave", "wait"}},
		{"lockshim wait w", []string{"web"}},
		{"lockshim signal ", []string{"db@1", "web"}},
		{"lockshim stop d", []string{"db@1"}},
		{"lockshim stop web ", nil},
		{"lockshim stop --stop TERM/5/KILL ", []string{"db@1", "web"}},
		{"lockshim wait --timeout 5 ", []string{"db@1", "web"}},
		{"lockshim run --lock ", []string{"db@1", "web"}},
		{"lockshim hold --lock w", []string{"web"}},
		{"lockshim run --profile ", append(profileNames(), "help")},
		{"lockshim run --profile gun", []string{"gunicorn"}},
		{"lockshim run --if-running ", []string{"adopt", "refuse", "replace"}},
		{"lockshim run --strays ", []string{"kill", "leave", "wait"}},
		{"lockshim run --log-format ", []string{"json", "text"}},
		{"lockshim signal web USR", []string{"USR1", "USR2"}},
		{"lockshim hook ", hooks.Names()},
		{"lockshim contrib ", contrib.Names()},
		{"lockshim contrib --set name=web mon", []string{"monit/web"}},
		{"lockshim completion ", []string{"bash", "fish", "zsh"}},
		{"lockshim help st", []string{"status", "stop"}},
		{"lockshim run --lock web -- mkfif", []string{"mkfifo"}},
		{"lockshim hold --lock web -- mkfif", []string{"mkfifo"}},
		{"lockshim --v", []string{"--version"}},
	}
	for _, build := range verbs() {
		v := findVerb(build().name)
		names = append(names, v.name)
		var flags []string
		for _, o := range v.options {
			flags = append(flags, "--"+o.name)
		}
		all = append(all, question{"lockshim " + v.name + " --", flags})
	}
	return append(all, question{"lockshim ", append(names, "help")})
}

func profileNames() (names []string) {
	for _, p := range profile.All() {
		names = append(names, p.Name)
	}
	return names
}

// completionFiles puts the completions where their shells look for them, and
// lockfiles into a runtime directory.
func completionFiles(t *testing.T) (dir string) {
	dir = emptyEnvironment(t)
	mkdir(t, dir+"/run/db@1")
	for name, text := range map[string]string{
		"/run/web.lock": "", "/run/db@1/db@1.lock": "", "/run/db@1/other.lock": "", "/run/other": "",
		"/_lockshim": zshCompletion, "/fish": fishCompletion, "/bash": bashCompletion,
	} {
		if err := os.WriteFile(dir+name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HOME", dir)
	t.Setenv("TERM", "dumb")
	t.Setenv("LOCKSHIM_COMPLETION", dir)
	return dir
}

func TestCompletionInBash(t *testing.T) { ask(t, completionFiles(t), questions(), "bash", "--norc") }
func TestCompletionInFish(t *testing.T) {
	ask(t, completionFiles(t), questions(), "fish", "--no-config")
}
func TestCompletionInZsh(t *testing.T) { ask(t, completionFiles(t), questions(), "zsh", "-f") }

// A path is offered for SERVICE only once it has a slash; bash splits at =.
func TestBashCompletesPathsAndAssignments(t *testing.T) {
	dir := completionFiles(t)
	locks := []string{dir + "/run/db@1/db@1.lock", dir + "/run/web.lock"}
	ask(t, dir, []question{
		{"lockshim run --lock = w", []string{"web"}},
		{"lockshim run --lock =", []string{"db@1", "web"}},
		{"lockshim run --strays = k", []string{"kill"}},
		{"lockshim status " + dir + "/run/w", locks[1:]},
		{"lockshim run --lock web -- cat " + dir + "/run/db@1/d", locks[:1]},
		{"lockshim run --pidfile " + dir + "/run/w", locks[1:]},
	}, "bash", "--norc")
}

// ask puts all questions to one shell, whose script answers each with words and
// a dot.
func ask(t *testing.T, dir string, all []question, shell, flag string) {
	t.Helper()
	path := needs(t, shell, shell)
	script, err := filepath.Abs("testdata/completion/ask." + shell)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{flag, script}
	for _, q := range all {
		args = append(args, q.line)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%v\n%s%s", err, out, stderr.String())
	}
	words := strings.Fields(string(out))
	for _, q := range all {
		dot := slices.Index(words, ".")
		if dot < 0 {
			t.Fatalf("no answer to %q", q.line)
		}
		q.check(t, words[:dot])
		words = words[dot+1:]
	}
}

// check compares what was offered with what must be. Some shells offer flags
// before a dash is typed, or a word twice.
func (q question) check(t *testing.T, got []string) {
	t.Helper()
	got = slices.Clone(got)
	if strings.HasSuffix(q.line, " ") {
		got = slices.DeleteFunc(got, func(word string) bool { return word[0] == '-' })
	}
	if slices.Contains(q.want, "web") || slices.Contains(q.want, "db@1") {
		got = slices.DeleteFunc(got, hostService)
	}
	slices.Sort(got)
	slices.Sort(q.want)
	if got = slices.Compact(got); !slices.Equal(got, q.want) {
		t.Errorf("%q offers\n%q, not\n%q", q.line, got, q.want)
	}
}

// hostService reports whether a name is none of this test's: a service of the host,
// which a shell of root's rightly offers too, and which may be gone by now.
func hostService(name string) bool { return !slices.Contains([]string{"web", "db@1", "other"}, name) }
