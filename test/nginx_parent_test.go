//go:build linux

package test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/shim/event"
)

// asLaunched tells all that a program is given by who launches it.
const asLaunched = `
exec 9>%s
ls -l /proc/self/fd | sed 's/.* \([0-9]* -> \)/\1/; s/\[[0-9]*\]//; /proc/d' >&9
env | sort >&9
pwd >&9
umask >&9
cut -d' ' -f 5-8 /proc/self/stat >&9
cat /proc/self/limits >&9
grep 'Sig[PBIC]' /proc/self/status >&9
`

// The parent is not to be noticed by the server: descriptors, environment, limits and
// signals are those of a launch without it.
func TestParentLeavesNoTrace(t *testing.T) {
	t.Parallel()
	for name, shell := range map[string]string{
		"usual": `exec "$@"`, "low limit": `ulimit -n 100; exec "$@"`, "ignored": `trap "" HUP PIPE; exec "$@"`, "closed": `exec "$@" <&- >&-`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told []string
			for _, profile := range []string{"generic", "nginx"} {
				s := prepare(t, setup{})
				args := []string{"/bin/sh", "-c", shell, "sh", lockshim, "run", "--lock", s.lock, "--log-format", "json", "--profile", profile, "--"}
				extra, _ := pipe(t)
				r := s.runArgs(append(args, "sh", "-c", fmt.Sprintf(asLaunched, s.file("told"))), spec{extra: []*os.File{extra, nil, extra}})
				if code := r.finish(); code != 0 {
					t.Errorf("the shim exits with %d, want 0", code)
				}
				r.never(event.Trouble, event.StrayLeft)
				s.over()
				told = append(told, s.plain(s.text("told")))
			}
			if told[0] != told[1] || !strings.Contains(told[0], "LOCKSHIM_LOCK") {
				t.Errorf("launched by the shim:\n%s\nby a parent:\n%s", told[0], told[1])
			}
		})
	}
}

// plain takes out what differs from launch to launch: the directory, and the number
// of the descriptor where it is low.
func (s *service) plain(text string) string {
	text = strings.ReplaceAll(text, s.dir, "DIR")
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "LOCKSHIM_FD=9") && !strings.HasSuffix(line, "-> DIR/web.lock\n") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// A launch that fails does so as without the parent.
func TestParentLaunchFailure(t *testing.T) {
	t.Parallel()
	for _, f := range failures {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := prepareFailure(t)
			r := s.runFailure(f.command, "--profile", "nginx")
			if code := r.finish(); code != f.want {
				t.Errorf("the shim exits with %d, want %d", code, f.want)
			}
			if f.runs {
				r.never(failure, event.Trouble, event.StrayLeft, event.Masterless)
			} else {
				s.saysWhy(r, strings.TrimPrefix(f.command[0], "./"))
			}
			s.leftNothing(r)
		})
	}
}

// nginx that cannot start: its own status and its own words.
func TestNginxLaunchFailure(t *testing.T) {
	eachNginx(t, func(t *testing.T, c setup) {
		c.more = "no_such_directive;"
		s := prepare(t, c)
		r := s.run()
		r.says(`unknown directive "no_such_directive"`)
		if code := r.finish(); code != 1 {
			t.Errorf("the shim exits with %d, want 1", code)
		}
		r.never(event.Trouble, event.StrayLeft, event.Masterless)
		s.over()
	})
}

// Ctrl-C ends nginx on a terminal as if there was no shim.
func TestNginxTerminalInterrupt(t *testing.T) {
	t.Parallel()
	s := prepare(t, setup{server: nginx})
	user, program := terminal(t)
	r := s.onTerminal(program, s.command()...)
	s.generation()
	s.settled(r)
	s.upgrade(r, false)
	s.shows(r.pid, s.current())
	_, err := user.WriteString("\x03")
	must(t, err)
	if code := r.finish(); code != 0 {
		t.Errorf("the shim exits with %d, want the master's 0", code)
	}
	r.never(event.Stopping, event.Trouble)
	s.over()
}
