package proc

import (
	"slices"
	"strings"
	"testing"
)

// A stat is read by its last parenthesis, so that no name can forge a field.
func FuzzParseStat(f *testing.F) {
	for _, name := range []string{"ruby", ") S 1 (", "a b\nc", "\xff", ")"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		var p, want Process
		if err := parseStat(statLine("x"), &want); err != nil {
			t.Fatal(err)
		}
		if err := parseStat(statLine(name), &p); err != nil || p.PPID != want.PPID || p.ID != want.ID || p.Image != want.Image || p.State != want.State {
			t.Errorf("%q: %+v, %v", name, p, err)
		}
		parent, state, _, ok := parseParent(statLine(name))
		if !ok || parent != want.PPID || state != want.State {
			t.Errorf("%q: parent %d, state %q, %v", name, parent, state, ok)
		}
	})
}

// Whatever the text is, a stat is read whole or refused.
func FuzzParseStatText(f *testing.F) {
	f.Add([]byte("1 (a) S 0 1 1 0 -1"))
	f.Add(statLine("x"))
	f.Add([]byte("1 (a) S -1 99999999999999999999"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p := Process{ID: ID{PID: 1}}
		if err := parseStat(text, &p); err == nil && len(strings.FieldsFunc(string(text), func(r rune) bool { return r == ' ' || r == '\n' })) < statFields {
			t.Errorf("%q: %+v", text, p)
		}
		if p.Image != (Image{}) && !p.Image.Known() {
			t.Errorf("%q has half an image: %+v", text, p.Image)
		}
	})
}

// Arguments that a process was given come back, but for empty ones and blanks at
// the end, which nobody can tell from what a title leaves behind.
func FuzzParseArgs(f *testing.F) {
	f.Add("unicorn", "-c", "u.rb")
	f.Add("", "\n", "\xff ")
	f.Add("title   ", "", "")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		args := []string{a, b, c}
		text := []byte(a + "\x00" + b + "\x00" + c + "\x00")
		got := parseArgs(text)
		if strings.ContainsRune(a+b+c, 0) {
			return
		}
		for len(args) > 0 && args[len(args)-1] == "" {
			args = args[:len(args)-1]
		}
		if len(args) > 0 {
			args[len(args)-1] = strings.TrimRight(args[len(args)-1], " ")
		}
		if !slices.Equal(got, args) {
			t.Errorf("%q: %q, want %q", text, got, args)
		}
	})
}

// A variable is found wherever it stands, and nothing is found that starts with
// its name only.
func FuzzEnvironValue(f *testing.F) {
	f.Add("A=1", "/run/web.lock", "B=2")
	f.Add("LOCKSHIM_LOCKED=1", "", "")
	f.Add("\x00\x00", "\xff\n", "=")
	f.Fuzz(func(t *testing.T, before, value, after string) {
		if strings.ContainsRune(value, 0) || strings.Contains(before, "LOCKSHIM_LOCK=") {
			return
		}
		text := before + "\x00LOCKSHIM_LOCK=" + value + "\x00" + after
		if got, found := environ(text).value("LOCKSHIM_LOCK"); !found || got != value {
			t.Errorf("%q: %q, %v", text, got, found)
		}
		if got, found := environ(before).value("LOCKSHIM_LOCK"); found {
			t.Errorf("%q: %q", before, got)
		}
	})
}

// No text of fdinfo makes a lock that has no line of its own.
func FuzzParseLocks(f *testing.F) {
	f.Add([]byte("lock:\t1: FLOCK  ADVISORY  READ 813 00:1b:1234 0 EOF\n"))
	f.Add([]byte("lock:\t1: -> OFDLCK ADVISORY  WRITE -1 00:1b:1 0 0\n"))
	f.Add([]byte("lock:"))
	f.Fuzz(func(t *testing.T, text []byte) {
		g := parseLocks(text)
		s := string(text)
		switch {
		case !g.open:
			t.Errorf("%q is not open", text)
		case (g.shared || g.exclusive || g.guard) && !strings.Contains(s, "lock:"):
			t.Errorf("%q: %+v without a line", text, g)
		case (g.shared || g.exclusive) && !strings.Contains(s, "FLOCK"), g.guard && !strings.Contains(s, "OFDLCK"):
			t.Errorf("%q: %+v of another kind", text, g)
		}
	})
}

// A line is printed on one line, and says all that was in it.
func FuzzPrintable(f *testing.F) {
	f.Add("plain")
	f.Add("a\nb\x1b[0m\xff\"\\")
	f.Fuzz(func(t *testing.T, s string) {
		got := Printable(s)
		for _, r := range got {
			if r < ' ' || r == 0x7f || r == '\uFFFD' && !strings.ContainsRune(s, r) {
				t.Errorf("%q prints as %q", s, got)
			}
		}
	})
}
