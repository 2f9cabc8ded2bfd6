package contrib

import (
	"strings"

	"github.com/lockshim/lockshim/internal/shell"
)

// supervisorLanguage follows supervisor's options.py: a percent sign begins a
// variable, a blank and a semicolon or hash a comment, and Python's shlex cuts
// command into words as a shell does.
func supervisorLanguage() language {
	return language{
		words: func(w []string) string { return supervisorText(shell.Quote(w...)) },
		path:  func(s string) string { return strings.ReplaceAll(s, "%", "%%") },
		time:  same,
		gap:   " ",
	}
}

// supervisorText puts two quotes, which are nothing to shlex, between a blank and
// what would begin a comment there: both are inside of quotes.
func supervisorText(s string) string {
	return strings.NewReplacer("%", "%%", " ;", " '';", " #", " ''#").Replace(s)
}
