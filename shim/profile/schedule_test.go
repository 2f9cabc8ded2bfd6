package profile

import (
	"errors"
	"math"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	sigHup  = syscall.SIGHUP
	sigKill = syscall.SIGKILL
	sigQuit = syscall.SIGQUIT
	sigTerm = syscall.SIGTERM
)

func TestParseSchedule(t *testing.T) {
	for _, row := range []struct {
		text string
		want Schedule
		back string // what String makes of it; "" is text
	}{
		{"QUIT/60/TERM/10/KILL", Schedule{{sigQuit, 60 * time.Second}, {sigTerm, 10 * time.Second}, {sigKill, Forever}}, ""},
		{"TERM", Schedule{{sigTerm, Forever}}, ""},
		{"TERM/forever", Schedule{{sigTerm, Forever}}, "TERM"},
		{"TERM/30/KILL/5", Schedule{{sigTerm, 30 * time.Second}, {sigKill, 5 * time.Second}}, ""},
		{"-TERM/5/-9/1", Schedule{{sigTerm, 5 * time.Second}, {sigKill, time.Second}}, "TERM/5/KILL/1"},
		{"sigterm/5/-SIGKILL", Schedule{{sigTerm, 5 * time.Second}, {sigKill, Forever}}, "TERM/5/KILL"},
		{"TERM/15/KILL", Schedule{{sigTerm, 15 * time.Second}, {sigKill, Forever}}, ""},
		{"TERM/0", Schedule{{sigTerm, 0}}, ""},
		{"TERM/0/KILL", Schedule{{sigTerm, 0}, {sigKill, Forever}}, "TERM/KILL"},
		{"TERM/KILL", Schedule{{sigTerm, 0}, {sigKill, Forever}}, ""},
		{"HUP/TERM/5", Schedule{{sigHup, 0}, {sigTerm, 5 * time.Second}}, ""},
		{"TERM/0.5/KILL", Schedule{{sigTerm, time.Second / 2}, {sigKill, Forever}}, ""},
		{"TERM/1.000000001", Schedule{{sigTerm, time.Second + 1}}, ""},
		{"TERM/007.50", Schedule{{sigTerm, 7500 * time.Millisecond}}, "TERM/7.5"},
		{"TERM/1m30s/KILL", Schedule{{sigTerm, 90 * time.Second}, {sigKill, Forever}}, "TERM/90/KILL"},
		{"TERM/250ms", Schedule{{sigTerm, 250 * time.Millisecond}}, "TERM/0.25"},
		{"TERM/9223372036.854775807", Schedule{{sigTerm, math.MaxInt64}}, ""},
	} {
		got, err := ParseSchedule(row.text)
		if err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%q: %v, %v; want %v", row.text, got, err, row.want)
		}
		if row.back == "" {
			row.back = row.text
		}
		if got.String() != row.back {
			t.Errorf("%q is written back as %q, want %q", row.text, got, row.back)
		}
	}
}

func TestParseScheduleErrors(t *testing.T) {
	for text, why := range map[string]string{
		"":                          `item 1, "": neither a signal nor a timeout`,
		"60":                        `item 1, "60": a schedule starts with a signal`,
		"forever":                   `item 1, "forever": a schedule starts with a signal`,
		"9/5/KILL":                  `item 1, "9": a schedule starts with a signal`,
		"TERM/":                     `item 2, "": neither`,
		"/TERM":                     `item 1, "": neither`,
		"TERM//KILL":                `item 2, "": neither`,
		"TERM/5/5":                  `item 3, "5": a timeout follows a timeout`,
		"TERM/5/forever":            `item 3, "forever": a timeout follows a timeout`,
		"TERM/forever/KILL":         `item 3, "KILL": nothing can follow forever`,
		"TERM/forever/5":            `item 3, "5": nothing can follow forever`,
		"TERM/5/FOO":                `item 3, "FOO": neither`,
		"TERM/-5s":                  `item 2, "-5s": neither`,
		"TERM/-0s":                  `item 2, "-0s": neither`,
		"TERM/+5s":                  `item 2, "+5s": neither`,
		"TERM/+5":                   `item 2, "+5": neither`,
		"TERM/5.":                   `item 2, "5.": neither`,
		"TERM/.5":                   `item 2, ".5": neither`,
		"TERM/1e3":                  `item 2, "1e3": neither`,
		"TERM/1.0000000001":         `item 2, "1.0000000001": neither`,
		"TERM/9223372036.854775808": `item 2, "9223372036.854775808": neither`,
		"TERM/99999999999999999999": `item 2, "99999999999999999999": neither`,
		"TERM/9999999h":             `item 2, "9999999h": neither`,
		"TERM/Forever":              `item 2, "Forever": neither`,
		"TERM /5":                   `item 1, "TERM ": neither`,
		"--TERM":                    `item 1, "--TERM": neither`,
		"-0/5":                      `item 1, "-0": neither`,
		"-99/5":                     `item 1, "-99": neither`,
	} {
		got, err := ParseSchedule(text)
		var syntax *SyntaxError
		if got != nil || !errors.As(err, &syntax) || syntax.Text != text || !strings.HasPrefix(syntax.Why, why) ||
			!strings.Contains(err.Error(), "QUIT/60/TERM/10/KILL") {
			t.Errorf("%q: %v, %v; want %s", text, got, err, why)
		}
	}
}

func FuzzParseSchedule(f *testing.F) {
	for _, s := range []string{"QUIT/60/TERM/10/KILL", "TERM/0.5/-9/1m", "TERM/forever", "TERM/KILL/0", "1/2", "RTMIN+1/3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSchedule(text)
		if (err == nil) != (len(s) > 0) {
			t.Fatalf("%q: %v, %v", text, s, err)
		}
		for i, step := range s {
			if step.Signal == 0 || step.Wait < 0 && (step.Wait != Forever || i != len(s)-1) {
				t.Fatalf("%q: bad step %v", text, step)
			}
		}
		if again, err := ParseSchedule(s.String()); len(s) > 0 && (err != nil || !slices.Equal(again, s)) {
			t.Fatalf("%q is %q, which is %v, %v", text, s, again, err)
		}
	})
}
