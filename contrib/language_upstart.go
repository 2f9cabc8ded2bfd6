package contrib

import (
	"strings"

	"github.com/lockshim/lockshim/internal/shell"
)

// upstartLanguage is a shell's, as Upstart executes what has a shell's characters in it
// by way of sh -c (init(5), "exec"), but Upstart has to find the line's end before. Both
// read double quotes alike: within single ones a backslash is one to Upstart too, and
// would hide the quote behind it.
func upstartLanguage() language {
	return language{words: upstartWords, path: upstartPath, time: same, gap: " "}
}

func upstartWords(words []string) string {
	var quoted []string
	for _, word := range words {
		if shell.Quote(word) != word {
			word = `"` + doubleQuoted(word) + `"`
		}
		quoted = append(quoted, word)
	}
	return strings.Join(quoted, " ")
}

// upstartPath is one that no shell reads: Upstart takes quotes away, and of
// backslashes those before another one.
func upstartPath(s string) string {
	if shell.Quote(s) == s {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `"'"'"`).Replace(s) + `"`
}
