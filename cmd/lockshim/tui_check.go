package main

import (
	"strings"

	"github.com/lockshim/lockshim/shim/check"
)

// findingLines are the findings as people and scripts read them, one a line: its
// level, its topic, what is so, and behind a semicolon what mends it.
func findingLines(findings []check.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		line := f.Level.String() + ": " + f.Topic + ": " + f.Text
		if f.Mend != "" {
			line += "; mend: " + f.Mend
		}
		b.WriteString(oneLine(line) + "\n")
	}
	return b.String()
}

// errCheckWord is a command line where SERVICE is followed by what should stand
// behind two dashes.
func errCheckWord(v *verb, service string, rest []string) error {
	return wrong("lockshim "+v.name+" "+quoteWord(service)+" -- "+shellQuote(rest),
		"cannot use %s: COMMAND comes after two dashes", quoteWord(rest[0]))
}
