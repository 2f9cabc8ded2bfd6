package contrib

import (
	"strings"

	"github.com/lockshim/lockshim/internal/shell"
)

// openrcLanguage is a shell's line within the double quotes of a shell's variable:
// supervise-daemon.sh hands command_args and directory to eval.
func openrcLanguage() language {
	return language{
		words: func(w []string) string { return doubleQuoted(shell.Quote(w...)) },
		path:  func(s string) string { return doubleQuoted(shell.Quote(s)) },
		time:  same,
		gap:   " ",
	}
}

// doubleQuoted is a text as it stands between a shell's double quotes.
func doubleQuoted(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(s)
}
