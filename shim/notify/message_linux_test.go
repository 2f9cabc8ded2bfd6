package notify

import (
	"strings"
	"testing"
	"time"
)

// say is a message of lines, as it arrives.
func say(lines ...string) Message { return Message{Lines: lines} }

func TestStates(t *testing.T) {
	for _, c := range []struct {
		m                                   Message
		ready, reloading, stopping, barrier bool
	}{
		{m: say("READY=1"), ready: true},
		{m: say("STATUS=x", "READY=1", "X_OWN=2"), ready: true},
		{m: say("RELOADING=1", "MONOTONIC_USEC=1"), reloading: true},
		{m: say("STOPPING=1"), stopping: true},
		{m: say("READY=1", "STOPPING=1"), ready: true, stopping: true},
		{m: say("BARRIER=1"), barrier: true},
		{m: say("READY=1", "BARRIER=1"), barrier: true}, // all else is ignored
		{m: say("READY=0", "RELOADING=yes", "STOPPING=", "BARRIER=0")},
		{m: say("READY=10", " READY=1", "READY = 1", "ready=1", "XREADY=1")},
		{m: say("STATUS=READY=1")},
	} {
		if c.m.Ready() != c.ready || c.m.Reloading() != c.reloading || c.m.Stopping() != c.stopping || c.m.Barrier() != c.barrier {
			t.Errorf("%q: ready %v, reloading %v, stopping %v, barrier %v", c.m.Lines, c.m.Ready(), c.m.Reloading(), c.m.Stopping(), c.m.Barrier())
		}
	}
}

func TestStatusAndValues(t *testing.T) {
	m := say("STATUS=", "X_OWN=a=b", "X_OWN=second", "nonsense", "=empty")
	if text, found := m.Status(); text != "" || !found {
		t.Errorf("an empty status: %q, %v", text, found)
	}
	if value, found := m.Value("X_OWN"); value != "a=b" || !found {
		t.Errorf("X_OWN: %q, %v; want the first", value, found)
	}
	for _, name := range []string{"nonsense", "READY", "X_OW", "x_own"} {
		if value, found := m.Value(name); found {
			t.Errorf("%s: %q, want nothing", name, value)
		}
	}
	if _, found := say("STATUS=x", "BARRIER=1").Status(); found {
		t.Error("a barrier has a status")
	}
}

func TestMainPID(t *testing.T) {
	for value, want := range map[string]int{
		"1": 1, "4711": 4711, "2147483647": 1<<31 - 1, "0": 0, "-1": 0, "": 0, "x": 0, "1 ": 0, "0x10": 0, "2147483648": 0, "99999999999999999999": 0,
	} {
		pid, found := say("MAINPID=" + value).MainPID()
		if found != (want > 0) || found && pid != want {
			t.Errorf("MAINPID=%s: %d, %v", value, pid, found)
		}
	}
}

func TestErrno(t *testing.T) {
	for value, want := range map[string]int{"0": 0, "2": 2, "-2": -1, "": -1, "ENOENT": -1} {
		errno, found := say("ERRNO=" + value).Errno()
		if found != (want >= 0) || found && errno != want {
			t.Errorf("ERRNO=%s: %d, %v", value, errno, found)
		}
	}
}

func TestWatchdog(t *testing.T) {
	for value, want := range map[string]string{"1": "1", "trigger": "trigger", "0": "", "": "", "yes": ""} {
		if got := say("WATCHDOG=" + value).Watchdog(); got != want {
			t.Errorf("WATCHDOG=%s: %q, want %q", value, got, want)
		}
	}
	if got := say("READY=1").Watchdog(); got != "" {
		t.Errorf("no watchdog: %q", got)
	}
}

func TestDurations(t *testing.T) {
	for name, get := range map[string]func(Message) (time.Duration, bool){
		"WATCHDOG_USEC": Message.WatchdogUSec, "EXTEND_TIMEOUT_USEC": Message.ExtendTimeoutUSec, "MONOTONIC_USEC": Message.MonotonicUSec,
	} {
		for value, want := range map[string]time.Duration{
			"0": 0, "20000000": 20 * time.Second, "9223372036854775": 9223372036854775 * time.Microsecond,
			"9223372036854776": 1<<63 - 1, "18446744073709551615": 1<<63 - 1,
			"18446744073709551616": -1, "-1": -1, "1s": -1, "": -1, "1.5": -1,
		} {
			d, found := get(say(name + "=" + value))
			if found != (want >= 0) || found && d != want {
				t.Errorf("%s=%s: %v, %v", name, value, d, found)
			}
		}
	}
}

// What systemd's receiver drops is dropped, and the next message is heard.
func TestDatagramsThatAreNoMessages(t *testing.T) {
	s := listen(t, lockIn(t))
	for name, data := range map[string]string{
		"empty": "", "a NUL": "\x00", "newlines": "\n\n\n", "a NUL inside": "READY=1\x00\nSTATUS=x", "two NULs at the end": "READY=1\x00\x00",
		"NULs": strings.Repeat("\x00", 100), "4097 bytes": "STATUS=" + strings.Repeat("x", 4090), "64 KiB": strings.Repeat("READY=1\n", 8192),
	} {
		sendRaw(t, s.Address(), []byte(data), nil)
		if m, err := s.Receive(); err == nil {
			t.Errorf("%s: received %q", name, m.Lines)
		} else {
			is(t, name, err, ErrDropped)
		}
		sendRaw(t, s.Address(), []byte("READY=1"), nil)
		receives(t, s, "READY=1")
	}
}

func TestDatagramsThatAreMessages(t *testing.T) {
	s := listen(t, lockIn(t))
	long := "STATUS=" + strings.Repeat("x", 4089)
	for data, want := range map[string][]string{
		"READY=1\x00":                     {"READY=1"},
		"READY=1\n":                       {"READY=1"},
		"\n\nREADY=1\n\nSTATUS=two  \n\n": {"READY=1", "STATUS=two  "},
		"no assignment":                   {"no assignment"},
		"STATUS=\xff\xfe\r\n=\n":          {"STATUS=\xff\xfe\r", "="},
		long:                              {long},
	} {
		sendRaw(t, s.Address(), []byte(data), nil)
		receives(t, s, want...)
	}
}
