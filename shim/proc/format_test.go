package proc

import (
	"reflect"
	"strings"
	"testing"
)

// statLine is a /proc/PID/stat with a name and the fields that are read.
func statLine(name string) []byte {
	fields := make([]string, 50)
	for i := range fields {
		fields[i] = "0"
	}
	fields[0] = "S"
	for field, value := range map[int]string{4: "7", 5: "8", 6: "9", 9: "4194368", 22: "6471", 24: "3", 28: "140720", 48: "140730", 50: "140740"} {
		fields[field-3] = value
	}
	return []byte("42 (" + name + ") " + strings.Join(fields, " ") + "\n")
}

// A process may call itself anything: prctl(PR_SET_NAME) asks nobody.
func TestParseStatWhateverTheName(t *testing.T) {
	for _, name := range []string{"ruby", "a b", ") S 1 (", "x\ny", "", "\xff\xfe", "((()))"} {
		p := Process{ID: ID{PID: 42}}
		if err := parseStat(statLine(name), &p); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		want := Process{ID: ID{PID: 42, Start: 6471}, PPID: 7, Group: 8, Session: 9, State: "S", Forked: true,
			Image: Image{Stack: 140720, Args: 140730, Env: 140740}, Memory: 3 * pageSize}
		if !reflect.DeepEqual(p, want) {
			t.Errorf("%q: %+v", name, p)
		}
	}
}

func TestParseStatThatIsNone(t *testing.T) {
	for _, text := range []string{"", "42", "42 (ruby", "42 (ruby)", "42 (ruby) S 1 2 3"} {
		if err := parseStat([]byte(text), &Process{}); err == nil {
			t.Errorf("%q is a stat", text)
		}
	}
}

func TestParseArgs(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                   nil,
		"\x00\x00":                           nil,
		"unicorn\x00-c\x00u.rb\x00":          {"unicorn", "-c", "u.rb"},
		"a\x00\x00b\x00":                     {"a", "", "b"},
		"unicorn master -c u.rb\x00\x00\x00": {"unicorn master -c u.rb"},
		"nginx: worker process    \x00\x00":  {"nginx: worker process"},
		"sh\x00-c\x00echo one\necho two\x00": {"sh", "-c", "echo one\necho two"},
		"cat\x00\xff\xfe\x00":                {"cat", "\xff\xfe"},
	} {
		if got := parseArgs([]byte(text)); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}

func TestEnvironValue(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "none",
		"A=1\x00LOCKSHIM_LOCK=/run/web.lock\x00": "/run/web.lock",
		"LOCKSHIM_LOCK=/run/web.lock":            "/run/web.lock",
		"XLOCKSHIM_LOCK=/x\x00":                  "none",
		"LOCKSHIM_LOCKS=/x\x00":                  "none",
		"LOCKSHIM_LOCK=\x00B=2\x00":              "",
		"\x00\x00\x00LOCKSHIM_LOCK=/y\x00":       "/y",
	} {
		got, found := environ(text).value("LOCKSHIM_LOCK")
		if !found {
			got = "none"
		}
		if got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}

// The texts are /proc/PID/fdinfo/N as Linux 6.18 writes it.
func TestParseLocks(t *testing.T) {
	head := "pos:\t0\nflags:\t02100002\nmnt_id:\t29\nino:\t1234\n"
	for text, want := range map[string]grip{
		head: {open: true},
		head + "lock:\t1: FLOCK  ADVISORY  READ 813 00:1b:1234 0 EOF\n":                                              {open: true, shared: true},
		head + "lock:\t1: FLOCK  ADVISORY  WRITE 813 00:1b:1234 0 EOF\n":                                             {open: true, exclusive: true},
		head + "lock:\t1: OFDLCK ADVISORY  WRITE -1 00:1b:1234 0 0\n":                                                {open: true, guard: true},
		head + "lock:\t1: POSIX  ADVISORY  WRITE 813 00:1b:1234 0 0\n":                                               {open: true},
		head + "lock:\t1: LEASE  ACTIVE    READ 813 00:1b:1234 0 EOF\n":                                              {open: true},
		head + "lock:\t1: -> FLOCK  ADVISORY  WRITE 813 00:1b:1234 0 EOF\n":                                          {open: true},
		head + "lock:\t1: OFDLCK ADVISORY  WRITE -1 00:1b:1 0 0\nlock:\t2: FLOCK  ADVISORY  WRITE 8 00:1b:1 0 EOF\n": {open: true, guard: true, exclusive: true},
		head + "lock:\n": {open: true},
	} {
		if got := parseLocks([]byte(text)); got != want {
			t.Errorf("%q: %+v, not %+v", text, got, want)
		}
	}
}

func TestPrintableIsOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"plain":       "plain",
		`a "b" \c`:    `a "b" \c`,
		"two\nlines":  `two\nlines`,
		"\x1b[31mred": `\x1b[31mred`,
		"caf\u00e9":   "caf\u00e9",
		"\xff":        `\xff`,
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}

func TestDescendants(t *testing.T) {
	all := []Process{{ID: ID{PID: 1}, PPID: 0}, {ID: ID{PID: 2}, PPID: 1}, {ID: ID{PID: 3}, PPID: 2}, {ID: ID{PID: 4}, PPID: 1}, {ID: ID{PID: 5}, PPID: 9}}
	tree := Descendants(all, []int{2, 0})
	for pid, want := range map[int]bool{1: false, 2: true, 3: true, 4: false, 5: false} {
		if tree[pid] != want {
			t.Errorf("pid %d: %v", pid, tree[pid])
		}
	}
}
