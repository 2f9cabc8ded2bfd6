//go:build linux

package test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A finding is a line of `lockshim check`.
type finding struct{ level, topic, text string }

// findings takes the lines apart, which must all be such.
func findings(t *testing.T, out string) (all []finding) {
	t.Helper()
	for line := range strings.Lines(out) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ": ", 3)
		if len(parts) != 3 || !slices.Contains([]string{"ok", "warning", "error"}, parts[0]) {
			t.Errorf("check prints %q", line)
			continue
		}
		all = append(all, finding{parts[0], parts[1], parts[2]})
	}
	return all
}

// check runs `lockshim check LOCK ARGS`, which must exit with a code, start
// nothing, and leave the service's directory as it was.
func (s *service) check(code int, args ...string) []finding {
	s.t.Helper()
	return s.checkLine(code, append([]string{lockshim, "check", "--lock", s.lock}, args...)...)
}

// checkLine is check of a whole command line.
func (s *service) checkLine(code int, args ...string) []finding {
	s.t.Helper()
	before := s.listing()
	got := s.begin(args...).result()
	if after := s.listing(); after != before {
		s.t.Errorf("check changed the directory from\n%sto\n%s", before, after)
	}
	if got.code != code || got.err != "" {
		s.t.Errorf("%q answers %+v, want code %d", args, got, code)
	}
	found := findings(s.t, got.out)
	if refused := slices.ContainsFunc(found, func(f finding) bool { return f.level == "error" }); refused != (code != 0) {
		s.t.Errorf("%q exits with %d and finds %q", args, code, found)
	}
	return found
}

// listing lists the files of the service, with their modes, sizes and times, but for
// those that a server writes while it is looked at.
func (s *service) listing() string {
	var b strings.Builder
	_ = filepath.Walk(s.dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && path != s.file("log") && path != s.file("events") {
			b.WriteString(path + " " + info.Mode().String() + " " + info.ModTime().String() + "\n")
		}
		return nil
	})
	return b.String()
}

// finds fails the test unless exactly one finding of that level and topic has
// these words.
func finds(t *testing.T, found []finding, level, topic, words string) {
	t.Helper()
	n := 0
	for _, f := range found {
		if f.level == level && f.topic == topic && strings.Contains(f.text, words) {
			n++
		}
	}
	if n != 1 {
		t.Errorf("check finds %q, want %s: %s: with %q once", found, level, topic, words)
	}
}

// mend is what a finding of that topic says to do.
func mend(t *testing.T, found []finding, topic string) string {
	t.Helper()
	for _, f := range found {
		if _, what, is := strings.Cut(f.text, "; mend: "); f.topic == topic && is {
			return what
		}
	}
	t.Fatalf("check finds %q, and does not say how to mend %s", found, topic)
	return ""
}
