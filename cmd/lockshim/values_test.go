package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30": 30 * time.Second, "30s": 30 * time.Second, "1m30s": 90 * time.Second,
		"0.5": 500 * time.Millisecond, "500ms": 500 * time.Millisecond, "1h": time.Hour,
	} {
		if got, err := parseDuration(setting{text, "--timeout"}); err != nil || got != want {
			t.Errorf("%s gives %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "0s", "-1", "-1s", "soon", "1 s", "inf", "NaN", "1e3", "99999999999999", "30 "} {
		if got, err := parseDuration(setting{text, "--timeout"}); !errors.Is(err, errUsage) {
			t.Errorf("%q gives %v, %v", text, got, err)
		}
	}
	if got, err := parseDuration(setting{}); got != 0 || err != nil {
		t.Errorf("nothing gives %v, %v", got, err)
	}
}

func TestParseMode(t *testing.T) {
	for text, want := range map[string]os.FileMode{"": 0, "640": 0o640, "0640": 0o640, "0664": 0o664, "600": 0o600, "0644": 0o644} {
		if got, err := parseMode(setting{text, "--lock-mode"}); err != nil || got != want {
			t.Errorf("%s gives %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "0666", "0642", "1777", "rw", "-1", "0o640", "8"} {
		if got, err := parseMode(setting{text, "--lock-mode"}); !errors.Is(err, errUsage) {
			t.Errorf("%q gives %v, %v", text, got, err)
		}
	}
}

func TestParseOwner(t *testing.T) {
	for text, want := range map[string][2]int{
		"": {-1, -1}, "root": {0, -1}, "root:root": {0, 0}, "1234": {1234, -1}, "0:5678": {0, 5678}, "12:root": {12, 0},
	} {
		uid, gid, err := parseOwner(setting{text, "--lock-owner"})
		if err != nil || uid != want[0] || gid != want[1] {
			t.Errorf("%q gives %d, %d, %v", text, uid, gid, err)
		}
	}
	for _, text := range []string{":", ":root", "root:", "no-such-user", "root:no-such-group", "-1", "4294967295", "root:0:0"} {
		if uid, gid, err := parseOwner(setting{text, "--lock-owner"}); !errors.Is(err, errUsage) {
			t.Errorf("%q gives %d, %d, %v", text, uid, gid, err)
		}
	}
}

// Lines that passwd(5) does not describe are passed over.
func TestOddLinesInPasswd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passwd")
	text := "\n# a comment\nshort:x\n+::::::\nweb:x:33:33::/srv:/bin/sh\nlast:x:7:7::/:"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"web": 33, "last": 7} {
		if id, err := idOf(name, file); err != nil || id != want {
			t.Errorf("%s gives %d, %v", name, id, err)
		}
	}
	for _, name := range []string{"", "short", "#"} {
		if id, err := idOf(name, file); err == nil {
			t.Errorf("%q gives %d", name, id)
		}
	}
}

// The command line comes before the environment, and an empty value on it takes
// the environment's back.
func TestWhereAValueComesFrom(t *testing.T) {
	t.Setenv("LOCKSHIM_PIDFILE", "/run/env.pid")
	t.Setenv("LOCKSHIM_CLEAR_PIDFILE", ":/run/a.pid::/run/b.pid:")
	c := callOf("run")
	if got := c.text("pidfile"); got != (setting{"/run/env.pid", "LOCKSHIM_PIDFILE"}) {
		t.Errorf("%+v", got)
	}
	want := []setting{{"/run/a.pid", "LOCKSHIM_CLEAR_PIDFILE"}, {"/run/b.pid", "LOCKSHIM_CLEAR_PIDFILE"}}
	if got := c.list("clear-pidfile"); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	c.given = map[string][]string{"pidfile": {""}, "clear-pidfile": {"/run/c:d.pid"}}
	if got := c.text("pidfile"); got != (setting{"", "--pidfile"}) {
		t.Errorf("%+v", got)
	}
	if got := c.list("clear-pidfile"); !slices.Equal(got, []setting{{"/run/c:d.pid", "--clear-pidfile"}}) {
		t.Errorf("%+v", got)
	}
}

func TestFlagsFirst(t *testing.T) {
	v := findVerb("wait")
	for _, c := range []struct{ words, want []string }{
		{[]string{"web", "--timeout", "5"}, []string{"--timeout", "5", "--", "web"}},
		{[]string{"--timeout=5", "web"}, []string{"--timeout=5", "--", "web"}},
		{[]string{"web", "-timeout", "5", "-h"}, []string{"-timeout", "5", "-h", "--", "web"}},
		{[]string{"--", "--timeout", "5"}, []string{"--", "--timeout", "5"}},
		{[]string{"a", "--", "--b"}, []string{"--", "a", "--b"}},
		{[]string{"-"}, []string{"--", "-"}},
		{[]string{"web", "--timeout"}, []string{"--timeout"}},
	} {
		if got := flagsFirst(v, c.words); !slices.Equal(got, c.want) {
			t.Errorf("%q gives %q", c.words, got)
		}
	}
}
