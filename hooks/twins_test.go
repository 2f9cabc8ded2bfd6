package hooks_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Each hook is installed alone, so what two of them do alike stands in both: a change
// of one is one of the other.
func TestTwins(t *testing.T) {
	for _, twins := range []struct{ one, other, methods string }{
		{"unicorn.rb", "puma.rb", "at_path? inherited inode kept? lift locked_by_name? open_anew share"},
		{"gunicorn.py", "asgi.py", "at_path inherited locked_by_name notify"},
	} {
		for _, name := range strings.Fields(twins.methods) {
			one, other := method(t, twins.one, name), method(t, twins.other, name)
			if one != other {
				t.Errorf("%s of %s is\n%s\nand of %s\n%s", name, twins.one, one, twins.other, other)
			}
		}
	}
}

var docstring = regexp.MustCompile(`(?s)""".*?"""`)

// method is the code of one, without what is said about it.
func method(t *testing.T, file, name string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	head := regexp.MustCompile(`(?m)^( *)def ` + regexp.QuoteMeta(name) + `(\(.*|:|)$`)
	found := head.FindStringSubmatchIndex(string(text))
	if found == nil {
		t.Fatalf("%s has no %s", file, name)
	}
	deeper := strings.Repeat(" ", found[3]-found[2]+1)
	var code []string
	for i, line := range strings.Split(docstring.ReplaceAllString(string(text[found[0]:]), ""), "\n") {
		word := strings.TrimSpace(line)
		if i > 0 && word != "" && !strings.HasPrefix(line, deeper) {
			break
		}
		if word != "" && !strings.HasPrefix(word, "#") {
			code = append(code, word)
		}
	}
	if len(code) < 2 {
		t.Fatalf("%s of %s has no code", name, file)
	}
	return strings.Join(code, "\n")
}
