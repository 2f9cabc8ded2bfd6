package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/flock"
)

// codesInCode is the table of exit codes, one row a line: label and meaning.
func codesInCode() (rows []string) {
	for _, o := range outcomes() {
		rows = append(rows, o.label()+" | "+o.means)
	}
	return rows
}

func TestManPageHasTheTableOfExitCodes(t *testing.T) {
	section := between(t, manPage, ".Sh EXIT STATUS\n", "\n.El")
	var rows []string
	for _, item := range strings.Split(section, ".It ")[1:] {
		label, means, _ := strings.Cut(strings.TrimSpace(item), "\n")
		rows = append(rows, label+" | "+means)
	}
	sameTable(t, "lockshim.1", rows)
}

// The README has it as a Markdown table: | code | meaning |.
func TestReadmeHasTheTableOfExitCodes(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]bool{}
	for _, o := range outcomes() {
		labels[o.label()] = true
	}
	var rows []string
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if strings.HasPrefix(line, "|") && len(cells) == 2 {
			label := strings.Trim(strings.TrimSpace(cells[0]), "`")
			if labels[label] {
				rows = append(rows, label+" | "+strings.TrimSpace(cells[1]))
			}
		}
	}
	sameTable(t, "README.md", rows)
}

// sameTable compares a document's rows with the code's, in order.
func sameTable(t *testing.T, document string, rows []string) {
	t.Helper()
	want := codesInCode()
	if got := strings.Join(rows, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("%s has the exit codes\n%s\nand the code has\n| %s |", document, got, strings.Join(want, " |\n| "))
	}
}

func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, from)
	section, _, closed := strings.Cut(rest, to)
	if !ok || !closed {
		t.Fatalf("no section between %q and %q", from, to)
	}
	return section
}

func TestCodeOf(t *testing.T) {
	verbNamed := func(name string) *verb { return &verb{name: name} }
	wrap := func(err error) error { return fmt.Errorf("cannot do it: %w", err) }
	for _, c := range []struct {
		verb string
		err  error
		code int
	}{
		{"run", nil, 0},
		{"run", exitStatus(137), 137},
		{"run", exitStatus(0), 0},
		{"run", wrong("", "cannot"), 64},
		{"status", wrong("", "cannot"), 64},
		{"stop", wrong("", "cannot"), 64},
		{"run", wrap(errors.ErrUnsupported), 69},
		{"run", wrap(flock.ErrFilesystem), 69},
		{"run", wrap(syscall.ENOSYS), 69},
		{"reload", wrap(shim.ErrBusy), 75},
		{"run", errors.New("nobody has a word for it"), 70},
		{"run", wrap(syscall.EAGAIN), 71},
		{"run", wrap(syscall.ENAMETOOLONG), 73},
		{"run", wrap(syscall.ENOSPC), 71},
		{"run", wrap(flock.ErrCreate), 73},
		{"run", fmt.Errorf("%w: %w", flock.ErrCreate, syscall.EACCES), 73},
		{"run", errNoRuntimeDir("web", nil), 73},
		{"run", wrap(&shim.LockedError{}), 75},
		{"run", wrap(&flock.HeldError{}), 75},
		{"wait", wrap(shim.ErrTimeout), 75},
		{"signal", wrap(shim.ErrNotRunning), 75},
		{"run", wrap(syscall.EACCES), 77},
		{"signal", wrap(syscall.EPERM), 77},
		{"run", wrap(flock.ErrNotRegular), 78},
		{"run", wrap(flock.ErrUnsafe), 78},
		{"run", fmt.Errorf("%w: %w", shim.ErrPidfile, syscall.EACCES), 78},
		{"run", errUnsafeDir("/run/lockshim", "others may write to it"), 78},
		{"run", fmt.Errorf("%w: %w", shim.ErrCannotExecute, syscall.EACCES), 126},
		{"hold", fmt.Errorf("%w: %w", shim.ErrNotFound, syscall.ENOENT), 127},
		{"stop", wrap(shim.ErrNotRunning), 1},
		{"stop", wrap(shim.ErrStillThere), 2},
		{"stop", wrap(syscall.EPERM), 77},
		{"status", exitStatus(exitNotRunning), 3},
		{"status", wrap(syscall.EACCES), 4},
		{"status", wrap(flock.ErrUnsafe), 4},
		{"status", errors.New("nobody has a word for it"), 4},
	} {
		if got := codeOf(verbNamed(c.verb), c.err); got != c.code {
			t.Errorf("%s: %v gives %d, not %d", c.verb, c.err, got, c.code)
		}
	}
	if got := codeOf(nil, errNoVerb()); got != 64 {
		t.Errorf("no verb gives %d", got)
	}
}
