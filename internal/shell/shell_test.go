package shell

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

var nastyWords = []string{
	"plain", "", "two words", "it's", `back\slash`, `"`, "$HOME", "`id`", "a;b", "a\nb", "tab\there",
	"\x1b[31mred", "bell\a", "\xff\xfe", "half \xc3", "é ü 漢字", "bidi \u202e evil", "nul-like \x01", "#no", "~", "*?[", "=x", "-n", "!h", "\x7f", "a'\n'b\\",
}

// A real shell reads back the words that were quoted.
func TestQuoteIsReadBackByBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs the package bash")
	}
	out, err := exec.Command(bash, "-c", `printf '%s\0' `+Quote(nastyWords...)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); !slices.Equal(got, nastyWords) {
		t.Errorf("bash reads %q from %s", got, Quote(nastyWords...))
	}
}

func TestQuotedTextIsOneHarmlessLine(t *testing.T) {
	for _, text := range append(nastyWords, strings.Join(nastyWords, " ")) {
		for _, safe := range []string{OneLine(text), Quote(text)} {
			if !Printable(safe) {
				t.Errorf("%q became %q", text, safe)
			}
		}
	}
	if got := OneLine("a\nb\x1b\xff é"); got != `a\012b\033\377 é` {
		t.Errorf("OneLine gives %s", got)
	}
}

// Whatever the words are, Split reads back what Quote wrote.
func FuzzSplitReadsBackWhatQuoteWrote(f *testing.F) {
	for _, word := range nastyWords {
		f.Add(word, word+"x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		words := []string{a, "", b, a + b}
		if got := Split(Quote(words...)); !slices.Equal(got, words) {
			t.Errorf("%q became %q by way of %s", words, got, Quote(words...))
		}
	})
}

// Split makes something of every text, and what it made is read back.
func FuzzSplitTakesAnyText(f *testing.F) {
	for _, line := range []string{"", " ", "  a  b ", "'", "'open", "$'", `$'\`, `$'\4`, `$'\777'`, `\`, `a\ b`, "a''b", "$'a'b 'c'$'d'"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words := Split(line)
		if again := Split(Quote(words...)); !slices.Equal(again, words) {
			t.Errorf("%q became %q, then %q", line, words, again)
		}
	})
}
