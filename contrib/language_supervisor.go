package contrib

import (
	"strings"

	"github.com/lockshim/lockshim/internal/shell"
)

// supervisorLanguage follows supervisor's options.py: a percent sign begins a
// variable, a blank and a semicolon or hash a comment, and Python's shlex cuts
// command into words as a shell does. The directory is one of these.
func supervisorLanguage() language {
	return language{
		words: func(w []string) string { return supervisorText(shell.Quote(w...)) },
		path:  func(s string) string { return supervisorText(shell.Quote(s)) },
		time:  same,
		gap:   " ",
	}
}

// supervisorText puts two quotes, which are nothing to shlex, between a blank and
// what would begin a comment there, and into what is replaced before percent signs
// are read: all of it is inside of quotes.
func supervisorText(s string) string {
	return strings.NewReplacer("%(here)s", "%%''(here)s", "%", "%%", " ;", " '';", " #", " ''#").Replace(s)
}
