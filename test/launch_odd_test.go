//go:build linux

package test

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/lockshim/lockshim/shim/event"
)

// oddArgument has what could break a line of a log, a terminal or JSON: newlines,
// control bytes, quotes, and bytes that are not UTF-8.
const oddArgument = "two\nlines\r\t\x1b[31m \"quoted\" 'so' \\ \u2028 \xff\xfe\xc3 end"

// A command line of any bytes reaches the server as it is, and what is told of
// it stays one line of valid text.
func TestOddCommandLine(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, setup{})
			script := `test "$1" = "$(cat want)" && echo "same $$" >events; read -r line <quit`
			s.put("want", oddArgument)
			s.fifo("quit")
			args := []string{lockshim, "run", "--lock", s.lock, "--log-format", format, "--", "sh", "-c", script, "sh", oddArgument}
			r := s.runArgs(args, spec{})
			pid := number(t, s.line("same")[1])
			s.oneLineEach(s.answers(0, "status", s.lock).out, 8)
			if st := s.shows(r.pid, gen{pid, nil}); !strings.Contains(st.Generations[0].Master.Command, "two\\nlines") {
				t.Errorf("status shows the command %q", st.Generations[0].Master.Command)
			}
			second := s.runArgs(args, spec{})
			if code := second.finish(); code != 75 {
				t.Errorf("the second shim exits with %d, want 75", code)
			}
			r.send(syscall.SIGTERM)
			if code := r.finish(); code != 128+int(syscall.SIGTERM) {
				t.Errorf("the shim exits with %d", code)
			}
			for _, one := range []*shimRun{r, second} {
				s.oneLineEach(strings.Join(one.lines, "\n")+"\n", 0)
				s.eachTells(one, format)
			}
			if format == "json" {
				r.order(event.Launched, event.Signalled, event.Ended, event.Exiting)
				second.order(failure)
			}
			s.over()
		})
	}
}

// oneLineEach fails the test unless the text is of printable lines, of the
// number that is given, 0 for any.
func (s *service) oneLineEach(text string, lines int) {
	s.t.Helper()
	if n := strings.Count(text, "\n"); lines > 0 && n != lines {
		s.t.Errorf("%d lines, want %d:\n%s", n, lines, text)
	}
	if !utf8.ValidString(text) || strings.ContainsAny(text, "\r\t\x1b\u2028") {
		s.t.Errorf("the text is not printable: %q", text)
	}
}

// eachTells fails the test unless each line of the shim is an event or an error.
func (s *service) eachTells(r *shimRun, format string) {
	s.t.Helper()
	for _, line := range r.lines {
		var e toldEvent
		if format == "json" && (json.Unmarshal([]byte(line), &e) != nil || e.Event == "") {
			s.t.Errorf("the line %q is no event", line)
		}
		if format == "text" && !strings.HasPrefix(line, "lockshim: ") {
			s.t.Errorf("the line %q is not lockshim's", line)
		}
	}
}
