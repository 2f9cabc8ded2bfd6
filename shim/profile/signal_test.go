package profile

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestParseSignal(t *testing.T) {
	for s, want := range map[string]syscall.Signal{
		"TERM": 15, "SIGTERM": 15, "term": 15, "sigTerm": 15, "15": 15, "015": 15, "1": 1, "KILL": 9, "9": 9,
		"HUP": 1, "usr1": syscall.SIGUSR1, "SIGUSR2": syscall.SIGUSR2, "WINCH": syscall.SIGWINCH,
		"CHLD": syscall.SIGCHLD, "CLD": syscall.SIGCHLD, "IOT": syscall.SIGABRT, "POLL": syscall.SIGIO,
	} {
		if got, err := ParseSignal(s); got != want || err != nil {
			t.Errorf("%q: %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "0", "-1", "+1", "-9", "SIG", "SIGSIG", "SIGSIGTERM", "TERM ", " TERM", "TERMINATE", "SIG15", "65", "99", "1000000000000",
		"RTMIN+", "RTMIN-1", "RTMAX+1", "RTMAX-", "RTMIN+-1", "RTMIN+99", "RTMAX-99", "RTMIN3", "RT", "１５", "T\x00ERM", "1.5", "0x1",
	} {
		got, err := ParseSignal(s)
		var syntax *SyntaxError
		if got != 0 || !errors.As(err, &syntax) || syntax.Text != s || !strings.Contains(err.Error(), "RTMIN+3") {
			t.Errorf("%q: %d, %v; want an error that shows how", s, got, err)
		}
	}
}

// Every signal that has a name is read back from it, however it is written.
func TestSignalNames(t *testing.T) {
	named := 0
	for n := syscall.Signal(1); n <= maxSignal; n++ {
		name := SignalName(n)
		if _, isNumber := digits(name); isNumber {
			continue
		}
		named++
		for _, s := range []string{name, "SIG" + name, strings.ToLower(name)} {
			if got, err := ParseSignal(s); got != n || err != nil {
				t.Errorf("%d is %q, which reads as %d, %v", n, s, got, err)
			}
		}
	}
	if named < 29 {
		t.Errorf("only %d signals have names", named)
	}
	if got := SignalName(syscall.SIGTERM) + " " + SignalName(0) + " " + SignalName(200); got != "TERM 0 200" {
		t.Error(got)
	}
}

func TestSignals(t *testing.T) {
	s := Signals()
	if !slices.IsSorted(s) || len(slices.Compact(slices.Clone(s))) != len(s) {
		t.Errorf("not sorted, or twice the same: %v", s)
	}
	for _, sig := range []syscall.Signal{
		syscall.SIGCHLD, syscall.SIGURG, syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGSEGV, syscall.SIGBUS,
		syscall.SIGFPE, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGPROF, syscall.SIGSYS,
	} {
		if slices.Contains(s, sig) {
			t.Errorf("%s is among them", SignalName(sig))
		}
	}
	for _, sig := range []syscall.Signal{
		syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2,
		syscall.SIGWINCH, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGPIPE, syscall.SIGABRT,
	} {
		if !slices.Contains(s, sig) {
			t.Errorf("%s is missing", SignalName(sig))
		}
	}
}

func FuzzParseSignal(f *testing.F) {
	for _, s := range []string{"TERM", "sigrtmin+3", "RTMAX-1", "0", "64", "RTMIN+", "ſigterm"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sig, err := ParseSignal(s)
		if (sig == 0) != (err != nil) {
			t.Fatalf("%q: %d, %v", s, sig, err)
		}
		if err != nil {
			return
		}
		if again, err := ParseSignal(SignalName(sig)); again != sig || err != nil {
			t.Fatalf("%q is %d, %s, which is %d, %v", s, sig, SignalName(sig), again, err)
		}
	})
}
