package main

import (
	"os/exec"
	"strings"
	"testing"
)

// Every verb and flag is in the manual page and in each completion.
func TestVerbsAndFlagsAreDocumented(t *testing.T) {
	for _, build := range verbs() {
		v := findVerb(build().name)
		if !strings.Contains(manPage, "\n.It Cm "+v.name+"\n") {
			t.Errorf("the man page does not describe the verb %s", v.name)
		}
		if !strings.Contains(manPage, "\n.Nm lockshim\n.Cm "+v.name+"\n") {
			t.Errorf("the man page's synopsis has no verb %s", v.name)
		}
		for _, o := range v.options {
			if !manHasFlag(o.name) {
				t.Errorf("the man page does not describe --%s of %s", o.name, v.name)
			}
			if o.env && !strings.Contains(manPage, ".Ev "+twin(o.name)) {
				t.Errorf("the man page does not name %s", twin(o.name))
			}
			inCompletions(t, v.name, o.name)
		}
	}
	for _, o := range rootOptions() {
		if !manHasFlag(o.name) {
			t.Errorf("the man page does not describe --%s", o.name)
		}
	}
}

// manHasFlag reports an item of a list about the flag.
func manHasFlag(name string) bool {
	for line := range strings.Lines(manPage) {
		words := strings.Fields(line)
		for i, word := range words {
			if words[0] == ".It" && word == "Fl" && i+1 < len(words) && words[i+1] == "-"+name {
				return true
			}
		}
	}
	return false
}

// inCompletions looks for the words alone; that the shells offer them is tested
// with the shells.
func inCompletions(t *testing.T, verb, flag string) {
	t.Helper()
	for shell, c := range map[string]struct{ text, flag string }{
		"bash": {bashCompletion, "--" + flag},
		"zsh":  {zshCompletion, "--" + flag},
		"fish": {fishCompletion, " -l " + flag},
	} {
		if !strings.Contains(c.text, c.flag) {
			t.Errorf("the completion for %s does not have --%s", shell, flag)
		}
		if !strings.Contains(c.text, verb) {
			t.Errorf("the completion for %s does not have the verb %s", shell, verb)
		}
	}
}

// Both readers of manual pages take it without a warning.
func TestManPageHasNoWarnings(t *testing.T) {
	for _, tool := range []struct {
		pkg  string
		argv []string
	}{
		{"mandoc", []string{"mandoc", "-T", "lint", "-W", "warning", "lockshim.1"}},
		{"man-db", []string{"man", "--warnings", "-l", "lockshim.1"}},
		{"groff", []string{"groff", "-ww", "-mandoc", "-Tutf8", "-z", "lockshim.1"}},
	} {
		t.Run(tool.pkg, func(t *testing.T) {
			cmd := exec.Command(needs(t, tool.argv[0], tool.pkg), tool.argv[1:]...)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil || stderr.Len() > 0 {
				t.Errorf("%v: %v\n%s%s", tool.argv, err, out, stderr.String())
			}
		})
	}
}

// Help fits a terminal.
func TestHelpIsNarrow(t *testing.T) {
	texts := []string{rootHelp()}
	for _, build := range verbs() {
		texts = append(texts, verbHelp(findVerb(build().name)))
	}
	for _, text := range texts {
		for line := range strings.Lines(text) {
			if len(line) > 81 {
				t.Errorf("%d columns: %s", len(line)-1, line)
			}
		}
	}
}
