//go:build linux

package test

import (
	"bytes"
	"os"
	"slices"
	"strings"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/shell"
)

// nastyWords are what some language in which an init system's file is written would
// act on.
var nastyWords = []string{
	"", " ", "  a  b  ", "a b", "a;b", ";", "#", " #a", "a #b", " ;a", "a ;b", "a'b", `a"b`, "''", `""`, `'"'"`, `"'"'"`,
	"$HOME", "${HOME}", "$$", "$(id)", "`id`", "$", "a$", "%", "%%", "%i", "%n", "%(here)s", "%(ENV_HOME)s", "%H%", "100%",
	`\`, `\\`, `\n`, `\x41`, `a\`, `\ `, `\$HOME`, `\"`, `\'`, "*", "?", "[a]", "/*", "{a,b}", "~", "~root", "!", "!!", "^a",
	"&", "&&", "|", "||", ">", "<", ">>f", "2>&1", "(", ")", "()", "a(b)", "@a", "-", "--", "-a", "--a=b", "+a", "=", "a=b",
	"a:b", ":", "::", "a,b", ",", "$(VAR)", "$$(VAR)", "{{ a }}", "{% a %}", "ü", "日本", "'a b'", `"a b"`,
	"end script", "exec", "@{a}", "a\\ b", "'", `"`,
}

// nasty makes a tenant's command one that writes its words into the FIFO "words", each
// with a NUL behind it, and then lives on; and returns the settings that fill it in.
func (x *tenant) nasty() []contrib.Setting {
	x.t.Helper()
	x.words = x.fifo("words")
	x.put("show", "#!/bin/sh\nprintf '%s\\0' \"$@\" 'the end' >"+x.file("words")+"\nexec cat "+x.file("hang")+"\n")
	must(x.t, os.Chmod(x.file("show"), 0o755))
	return []contrib.Setting{
		{Key: "command", Value: shell.Quote(append([]string{x.file("show")}, nastyWords...)...)},
		{Key: "flags", Value: ""},
	}
}

// arrive blocks until the command of nasty has written its words, and fails the test
// unless each is there as it was given.
func (x *tenant) arrive() {
	x.t.Helper()
	var text []byte
	for !bytes.HasSuffix(text, []byte("the end\x00")) {
		part := make([]byte, 1<<16)
		n, err := x.words.Read(part)
		must(x.t, err)
		text = append(text, part[:n]...)
	}
	got := strings.Split(strings.TrimSuffix(string(text), "\x00the end\x00"), "\x00")
	if !slices.Equal(got, nastyWords) {
		x.t.Errorf("the words arrive as\n%q, not as\n%q", got, nastyWords)
	}
}
