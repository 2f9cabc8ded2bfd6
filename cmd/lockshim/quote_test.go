package main

import (
	"os/exec"
	"strings"
	"testing"
)

var nastyWords = []string{
	"plain", "", "two words", "it's", `back\slash`, `"`, "$HOME", "`id`", "a;b", "a\nb", "tab\there",
	"\x1b[31mred", "bell\a", "\xff\xfe", "half \xc3", "é ü 漢字", "bidi \u202e evil", "nul-like \x01", "#no", "~", "*?[", "=x", "-n", "!h", "\x7f", "a'\n'b\\",
}

// A real shell reads back the words that were quoted.
func TestShellQuoteIsReadBackByBash(t *testing.T) {
	bash := needs(t, "bash", "bash")
	out, err := exec.Command(bash, "-c", `printf '%s\0' `+shellQuote(nastyWords)).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if len(got) != len(nastyWords) {
		t.Fatalf("%d words became %d: %q", len(nastyWords), len(got), got)
	}
	for i, word := range nastyWords {
		if got[i] != word {
			t.Errorf("%q was quoted as %s, which bash reads as %q", word, quoteWord(word), got[i])
		}
	}
}

func TestQuotedTextIsOneHarmlessLine(t *testing.T) {
	for _, text := range append(nastyWords, strings.Join(nastyWords, " ")) {
		for _, safe := range []string{oneLine(text), quoteWord(text)} {
			if !printable(safe) {
				t.Errorf("%q became %q", text, safe)
			}
		}
	}
	if got := oneLine("a\nb\x1b\xff é"); got != `a\012b\033\377 é` {
		t.Errorf("oneLine gives %s", got)
	}
}
